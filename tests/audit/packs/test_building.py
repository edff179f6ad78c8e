"""Building a pack: what is in it, that it verifies, that it is the same again, and when there is none."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Event
from audit.packs import build as building
from audit.packs.build import build, claim
from audit.packs.contents import Assembly
from audit.packs.errors import LeaseLost, PackRefused
from audit.packs.models import Pack
from audit.packs.progress import Progress
from audit.packs.request import request_pack
from audit.packs.scope import Scope
from audit.packs.snapshot import snapshot
from audit.record import record
from audit.tlog.keys import SignatureType, SigningKey
from audit.verify import gatehouse_verify as verifier
from catalog.actions.end_membership import end_membership
from catalog.models import the_portal
from deployments.audit_events import DeploymentEvent
from releases.actions.withdraw import withdraw
from releases.audit_events import ReleaseEvent
from tests import factories
from tests.audit.packs.ledger import looked_at, stamped, unpacked, zip_of
from tests.support.log import connected
from tests.support.unguarded import unguarded


def rows_of(folder, name):
    return list(verifier.rows_of(verifier.Folder(str(folder)), name))


def test_a_pack_verifies_as_a_file_and_unpacked(kept, folder, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(kept.data)
    for where in (path, folder):
        status, said = looked_at(where, "--log-key", kept.vkey)
        assert status == verifier.VERIFIED, said
    assert "3 rows say what the entries say" in said
    assert "The 1 deployments in the entries are those listed" in said


def test_a_pack_in_full_mode_lets_anybody_draw_the_list_anew(kept_full, tmp_path):
    status, said = looked_at(
        unpacked(kept_full.data, tmp_path / "pack"), "--log-key", kept_full.vkey
    )
    assert status == verifier.VERIFIED, said
    assert "the population is the same 3" in said
    assert "limit whole log" not in said


def test_the_files_are_in_order_and_without_a_time(kept):
    with zipfile.ZipFile(io.BytesIO(kept.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == sorted(names)
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_pack_holds_its_parts(folder):
    for name in (
        "README.txt", "report.pdf", "index.html", "MANIFEST.sha256", "MANIFEST.sha256.sig",
        "allowed_signers", "log.vkey", "log.pem", "policy.tlog", "scope.json", "ipe_statement.json",
        "population/change_requests.csv", "population/approvals.csv", "population/deployments.csv",
        "population/releases.csv", "population/evidence.csv", "population/memberships.csv",
        "population/access_reviews.csv", "population/failed_or_denied.csv",
        "population/deployments_without_approval.csv", "population/approvals_without_deployment.csv",
        "population/model_findings.csv", "population/columns.csv", "population/reconciliation.csv",
        "samples/CR-1/timeline.csv",
        "samples/CR-1/events.jsonl", "samples/CR-1/disclosures.json", "samples/CR-1/summary.txt",
        "log/checkpoint", "log/checkpoint.body", "log/checkpoint.sig", "formats/events.jsonl",
        "formats/events.csv", "formats/ocsf.jsonl", "formats/oscal-assessment-results.json",
        "formats/cyclonedx-attestations.json", "formats/approvals.intoto.jsonl",
    ):  # fmt: skip
        assert (folder / name).is_file(), name
    assert list((folder / "samples/CR-1/attachments").iterdir())


def test_every_column_of_every_table_is_explained(folder):
    explained = {}
    for row in rows_of(folder, "population/columns.csv"):
        explained.setdefault(row["file"], []).append(row["column"])
        assert row["meaning"], row
    for path in folder.rglob("*.csv"):
        name = path.relative_to(folder).as_posix()
        header = path.read_text().splitlines()[0].split(",")
        if name.startswith("samples/"):
            name = "samples/*/timeline.csv"
        assert explained.get(name) == header, name


def test_approvals_without_deployment_are_listed_with_what_became_of_them(world, ledger, tmp_path):
    world.deployed()
    waiting, withdrawn = world.signed(world.request()), world.signed(world.request())
    withdraw(withdrawn.number, comment="Not now.", by=world.priya)
    folder = unpacked(zip_of(ledger.pack(world.audrey, project="payments")), tmp_path / "pack")
    listed = rows_of(folder, "population/approvals_without_deployment.csv")
    assert [
        (row["change_request"], row["state"], row["may_still_be_deployed"]) for row in listed
    ] == [(waiting.label, "queued", "Y"), (withdrawn.label, "withdrawn", "N")]
    assert all(row["rules_met_at"] for row in listed)
    assert rows_of(folder, "population/deployments_without_approval.csv") == []
    compared = {row["check"]: row for row in rows_of(folder, "population/reconciliation.csv")}
    [row] = [row for check, row in compared.items() if check.startswith("Approved changes without")]
    assert (row["expected"], row["result"]) == ("2", "equal")


def test_a_deployment_without_approval_is_listed_and_counted(world, ledger, tmp_path):
    change = world.deployed()
    with transaction.atomic():
        record(ReleaseEvent.CHECKING, subject=change, by=the_portal(), why="a trial")
        again = change.deployments.get()
        again.pk, again.started_at = None, timezone.now()
        again.save(force_insert=True)
        record(DeploymentEvent.STARTED, subject=again, by=the_portal(), worker="celery@two")
    folder = unpacked(zip_of(ledger.pack(world.audrey, project="payments")), tmp_path / "pack")
    [row] = rows_of(folder, "population/deployments_without_approval.csv")
    assert (row["deployment"], row["change_request"]) == (str(again.pk), change.label)
    compared = {row["check"]: row for row in rows_of(folder, "population/reconciliation.csv")}
    row = compared["Deployments before every approval rule was met, emergencies aside: none"]
    assert (row["actual"], row["result"]) == ("1", "different")
    status, said = looked_at(folder)
    assert status == verifier.WRONG, said


def test_the_same_is_the_same_bytes(world, ledger, authority, settings, tmp_path):
    settings.PACK_SCRATCH = str(tmp_path)
    world.deployed()
    stamped(ledger.seal(), authority)
    pack = claim(ledger.asked(world.audrey, project="payments").pk, worker="one")
    key = building.key_in(building.Path(building.settings.PACK_KEY_FILE))
    made = []
    for _ in range(2):
        out = io.BytesIO()
        with snapshot() as seen:
            Assembly(pack, seen, key, Progress(pack, pack.lease_holder)).write(out)
        made.append(out.getvalue())
        # A stamp that comes meanwhile changes nothing.
        stamped(ledger.seal(), authority)
    assert made[0] == made[1]


def test_it_waits_for_the_witnesses_that_the_policy_asks_for(world, ledger, settings, tmp_path):
    witness = SigningKey.generate("witness.example", SignatureType.ED25519_COSIGNATURE)
    policy = tmp_path / "policy"
    policy.write_text(
        f"log {ledger.vkey}\nwitness w {witness.verifier} http://127.0.0.1:9\nquorum w\n"
    )
    settings.WITNESS_POLICY_FILE = str(policy)
    pack = ledger.asked(world.audrey, project="payments")
    waiting = building.build(pack.pk, worker="celery@one")
    assert (waiting.state, "have not cosigned it" in waiting.reason) == ("waiting", True)
    world.request()  # the log grows on, and the next checkpoint is cosigned
    ledger.seal(witness, at=1_790_000_000)
    with connected("signer") as signer:
        signer.execute("INSERT INTO audit_quorum SELECT max(id) FROM audit_checkpoint")
    built = building.build(pack.pk, worker="celery@one")
    assert built.state == "ready", built.reason
    status, said = looked_at(unpacked(zip_of(built), tmp_path / "pack"), "--policy", policy)
    assert status == verifier.VERIFIED, said


def test_who_asked_built_and_signs_is_in_the_log(world, ledger):
    pack = ledger.pack(world.audrey, project="payments")
    told = {
        event.type: event.facts["data"] for event in Event.objects.filter(type__startswith="audit.")
    }
    assert told["audit.pack_requested"]["asked"]["project"] == "payments"
    assert told["audit.pack_built"]["sha256"] == pack.sha256
    assert told["audit.pack_built"]["manifest_sha256"] == pack.manifest_sha256
    assert told["audit.pack_key_announced"]["public_key"].startswith("ssh-ed25519 ")
    ledger.pack(world.audrey, project="payments")
    assert Event.objects.filter(type="audit.pack_key_announced").count() == 1


def test_a_scope_of_an_environment_holds_its_changes_only(world, ledger, tmp_path):
    done = world.deployed()
    world.request(done.release, world.production)
    pack = ledger.pack(world.audrey, project="payments", environment="staging")
    folder = unpacked(zip_of(pack), tmp_path / "pack")
    listed = rows_of(folder, "population/change_requests.csv")
    assert [row["change_request"] for row in listed] == [f"CR-{done.number}"]
    status, said = looked_at(folder)
    assert status == verifier.VERIFIED, said


def test_a_scope_of_change_requests_holds_these(world, ledger, tmp_path):
    first, second, _ = world.request(), world.request(), world.request()
    pack = ledger.pack(
        world.audrey,
        project="payments",
        change_requests=(second.number, first.number),
        sampled=(first.number,),
    )
    folder = unpacked(zip_of(pack), tmp_path / "pack")
    listed = [row["change_request"] for row in rows_of(folder, "population/change_requests.csv")]
    assert listed == [f"CR-{first.number}", f"CR-{second.number}"]
    assert [path.name for path in (folder / "samples").iterdir()] == [f"CR-{first.number}"]
    status, said = looked_at(folder)
    assert status == verifier.VERIFIED, said


def test_a_change_is_in_the_period_in_which_something_happened_to_it(world, ledger, tmp_path):
    early = world.request()
    between = timezone.now()
    world.signed(early, "tom")
    later = timezone.now()
    world.request()
    for since, until, wanted in (
        (None, between, {"CR-1"}),
        (between, later, {"CR-1"}),
        (later, None, {"CR-2"}),
        (None, None, {"CR-1", "CR-2"}),
    ):
        pack = ledger.pack(world.audrey, project="payments", since=since, until=until)
        folder = unpacked(zip_of(pack), tmp_path / f"pack-{pack.pk}")
        listed = {
            row["change_request"] for row in rows_of(folder, "population/change_requests.csv")
        }
        assert listed == wanted
        status, said = looked_at(folder)
        assert status == verifier.VERIFIED, said


def test_a_pack_of_nothing_verifies(world, ledger, tmp_path):
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    pack = ledger.pack(
        world.audrey, project="payments", since=long_ago, until=long_ago + timedelta(1)
    )
    status, said = looked_at(unpacked(zip_of(pack), tmp_path / "pack"))
    assert status == verifier.VERIFIED, said
    assert "0 rows say what the entries say" in said


def test_a_project_auditors_pack_holds_nothing_of_other_projects(world, ledger, tmp_path):
    factories.staffed_project("lending")
    world.request()
    pack = ledger.pack(world.audrey, project="payments")
    folder = unpacked(zip_of(pack), tmp_path / "pack")
    for path in folder.rglob("*"):
        assert not path.is_file() or b"lending" not in path.read_bytes(), path


def test_a_pack_over_everything_verifies(world, ledger, tmp_path):
    world.deployed()
    pack = ledger.pack(factories.admin())
    status, said = looked_at(unpacked(zip_of(pack), tmp_path / "pack"))
    assert status == verifier.VERIFIED, said


def test_what_happens_after_the_checkpoint_is_said_to_be_the_portals_word(world, ledger, tmp_path):
    change = world.request()
    pack = ledger.asked(world.audrey, project="payments")
    world.signed(change, "tom")
    build(pack.pk, worker="one")
    pack.refresh_from_db()
    folder = unpacked(zip_of(pack), tmp_path / "pack")
    [row] = rows_of(folder, "population/change_requests.csv")
    assert int(row["unsealed_events"]) == 1
    status, said = looked_at(folder)
    assert status == verifier.VERIFIED, said
    assert "limit change requests: 1 changed after the checkpoint" in said


def test_names_stand_beside_their_commitments_and_addresses_stay_here(folder):
    disclosed = json.loads((folder / "samples/CR-1/disclosures.json").read_bytes())
    fields = {field for of_event in disclosed.values() for field in of_event}
    assert {"actor", "reason", "comment"} <= fields
    assert "address" not in fields
    assert b"Priya Raman" in (folder / "samples/CR-1/timeline.csv").read_bytes()
    assert b"Priya Raman" not in (folder / "formats/events.jsonl").read_bytes()


# ── when there is no pack ────────────────────────────────────────────────────────────────────────


def test_a_pack_waits_for_the_log_to_be_signed_as_far_as_its_request(world, ledger):
    pack = request_pack(Scope(project="payments"), by=world.audrey)
    waiting = build(pack.pk, worker="one")
    assert waiting.state == "waiting"
    assert "do the sequencer and the signer run?" in waiting.reason
    ledger.seal()
    assert build(pack.pk, worker="one").state == "ready"


def test_a_pack_does_not_wait_for_ever(world, ledger):
    pack = request_pack(Scope(project="payments"), by=world.audrey)
    Pack.objects.filter(pk=pack.pk).update(created_at=timezone.now() - timedelta(minutes=11))
    assert build(pack.pk, worker="one").state == "failed"
    assert Event.objects.get(type="audit.pack_failed").facts["outcome"] == "failure"


def change_past(table, statement, *values):
    """Do what a superuser can."""
    with connected("postgres") as connection, unguarded(connection, table):
        connection.execute(statement, values)


def test_no_pack_is_built_from_an_entry_that_was_changed(world, ledger):
    change = world.request()
    pack = ledger.asked(world.audrey, project="payments")
    change_past(
        "audit_event",
        "UPDATE audit_event SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
        " 'person', 'nobody'), 'UTF8') WHERE stream = %s AND stream_seq = 1",
        f"change-request/{change.number}",
    )
    failed = build(pack.pk, worker="one")
    assert failed.state == "failed"
    assert "its bytes were changed" in failed.reason


def test_no_pack_is_built_from_leaves_that_were_changed(world, ledger):
    pack = ledger.asked(world.audrey, project="payments")
    change_past("audit_leaf", "UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE idx = 3")
    failed = build(pack.pk, worker="one")
    assert failed.state == "failed"
    assert "do not lead to the root that was signed" in failed.reason


def test_no_pack_is_built_for_whoever_lost_the_right_meanwhile(world, ledger):
    pack = ledger.asked(world.audrey, project="payments")

    membership = world.audrey.memberships.get(project=world.project)
    end_membership(membership, by=factories.admin())
    failed = build(pack.pk, worker="one")
    assert failed.state == "failed"
    assert "'view_audit'" in failed.reason


def test_a_sample_outside_the_scope_is_refused(world, ledger):
    pack = ledger.asked(world.audrey, project="payments", sampled=(99,))
    assert "CR-99 is to be sampled, and is not in the scope." in build(pack.pk, worker="one").reason


def test_two_workers_do_not_build_the_same_pack(world, ledger):
    pack = ledger.asked(world.audrey, project="payments")
    assert claim(pack.pk, worker="one") is not None
    assert claim(pack.pk, worker="two") is None
    assert build(pack.pk, worker="two") is None


def test_a_silent_workers_pack_is_taken_over_and_the_silent_one_stops(world, ledger):
    pack = ledger.asked(world.audrey, project="payments")
    silent = claim(pack.pk, worker="one")
    Pack.objects.filter(pk=pack.pk).update(lease_until=timezone.now())
    assert build(pack.pk, worker="two").state == "ready"
    with pytest.raises(LeaseLost):
        Progress(silent, silent.lease_holder).step("Go on", 1)


def test_how_far_it_is_can_be_seen_while_it_is_built(world, ledger):
    pack = ledger.pack(world.audrey, project="payments")
    titles = [step["title"] for step in pack.steps] or [
        step["title"] for step in Pack.objects.get(pk=pack.pk).steps
    ]
    assert titles[0] == "Find the entries"
    assert titles[-1] == "Sign and put together"
    assert all(step["done"] == step["total"] for step in Pack.objects.get(pk=pack.pk).steps)


# ── by control ───────────────────────────────────────────────────────────────────────────────────


def test_a_pack_for_a_control_holds_each_case_of_its_checks(world, ledger):
    change = world.deployed()
    pack = ledger.pack(world.audrey, project="payments", control="soc2/CC8.1")
    with zipfile.ZipFile(io.BytesIO(zip_of(pack))) as archive:
        names = set(archive.namelist())
        control = json.loads(archive.read("control.json"))
        listed = archive.read("population/check-approved-before-deployment.csv").decode()
        statement = json.loads(archive.read("ipe_statement.json"))
    assert (control["control"], control["framework"]) == ("soc2/CC8.1", "SOC 2")
    assert control["checks"][1]["cases"] == 1
    assert f"CR-{change.number}" in listed
    # What is about the whole portal is for those who may read all of it.
    assert "population/check-log-verified.csv" not in names
    assert "log-verified" in {each["name"] for each in control["checks"]}
    assert any("CHECK" in each["path"].upper() and each["sql"] for each in statement["files"])


def test_a_pack_for_a_control_that_is_not_is_refused(world):
    with pytest.raises(PackRefused, match="no such control"):
        request_pack(Scope(project="payments", control="soc2/CC99"), by=world.audrey)
