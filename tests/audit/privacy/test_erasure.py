"""An erasure takes two, leaves nothing to read, and breaks no proof."""

import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.completeness.reconciliation import reconcile
from audit.completeness.verification import verify_log
from audit.models import Disclosure, Event, SubjectKey
from audit.packs import build as building
from audit.packs.build import build
from audit.packs.download import download
from audit.packs.errors import PackNotReady
from audit.packs.models import Pack
from audit.packs.signing_key import key_in
from audit.privacy import receipts
from audit.privacy.disclosures import disclosed
from audit.privacy.models import Erasure
from audit.privacy.receipts import prove
from audit.sentences import with_sentences
from audit.streaming.actions.create import create_destination
from audit.streaming.actions.pause import pause_destination
from audit.streaming.models import Destination
from audit.streaming.wanted import Wanted
from catalog.actions.add_identity import add_identity
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.erase_person import erase_person, erase_what_came_back
from catalog.actions.issue_token import issue_token
from catalog.actions.place_hold import place_hold
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.record_sign_in import record_failed_sign_in
from catalog.actions.request_erasure import request_erasure
from catalog.errors import WrongMoment
from catalog.models import ApiToken, ArtifactVersion, Identity, User
from releases.models import Approval, ChangeRequest
from tests import factories
from tests.audit.packs.ledger import looked_at, signed_again, unpacked, zip_of

pytestmark = pytest.mark.django_db(transaction=True)


def soon():
    return timezone.now() + timedelta(days=30)


def told():
    return [event.sentence for event in with_sentences(Event.objects.order_by("pk"))]


def everything():
    """Every text of the database but the entries, which hold no names by themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 -- names of tables
            rows += [(table, row) for (row,) in cursor.fetchall()]
    return rows


class TestWhatIsErased:
    def test_nothing_in_the_database_says_the_name_any_more(self, world, erased):
        tom = world.tom
        User.objects.filter(pk=tom.pk).update(
            full_name="Tomasz Beckerle", email="tomasz@example.org"
        )
        tom.refresh_from_db()
        add_identity(tom, kind="scm_login", value="tbeckerle", by=factories.admin())
        world.version("model", authors=[{"name": "Tomasz Beckerle", "email": "tomasz@example.org"}])
        world.request()
        world.deployed()
        issue_token(tom, name="laptop of Tomasz", scopes=["read"], expires_at=soon(), by=tom)
        erased(tom)
        found = [
            (table, row)
            for table, row in everything()
            if any(word in row for word in ("Beckerle", "tbeckerle", "tomasz@", "Tomasz"))
        ]
        assert found == []

    def test_the_account_is_a_pseudonym_that_nobody_can_use(self, world, erased):
        pseudonym = world.tom.pseudonym
        issue_token(world.tom, name="x", scopes=["read"], expires_at=soon(), by=world.tom)
        erased(world.tom)
        tom = User.objects.get(pseudonym=pseudonym)
        assert (tom.username, tom.display_name, tom.email) == (pseudonym, pseudonym, "")
        assert not tom.is_active
        assert not tom.has_usable_password()
        assert not ApiToken.objects.filter(user=tom, revoked_at=None).exists()
        with pytest.raises(WrongMoment, match="was erased"):
            reactivate_person(tom, by=factories.admin())

    def test_a_session_ends(self, world, client, erased):
        client.force_login(world.tom)
        assert client.get("/").status_code == 200
        erased(world.tom)
        assert client.get("/").status_code == 302

    def test_what_was_decided_stays_and_what_was_typed_goes(self, world, erased):
        deployed = world.deployed()
        rejected = world.rejected(world.request(world.release()))
        erased(world.sofia)
        signatures = Approval.objects.filter(person__erased_at__isnull=False)
        assert {each.change_request_id for each in signatures} == {deployed.pk, rejected.pk}
        assert {each.person_name for each in signatures} == {"(erased)"}
        assert {each.comment for each in signatures} <= {"", "(erased)"}
        assert signatures.get(change_request=rejected).decision == "rejected"
        priya = ChangeRequest.objects.get(pk=deployed.pk)
        assert priya.reason == "The spring release."
        erased(world.priya)
        assert ChangeRequest.objects.get(pk=deployed.pk).reason == "(erased)"

    def test_sentences_say_erased_and_the_key_is_gone(self, world, erased):
        world.deployed()
        sofia = world.sofia.pseudonym
        before = Disclosure.objects.count()
        erasure = erased(world.sofia)
        assert any(sentence.startswith("(erased) approved") for sentence in told())
        assert not any("Sofia" in sentence for sentence in told())
        assert SubjectKey.objects.get(pk=sofia).wrapped is None
        assert Disclosure.objects.count() >= before
        assert not any(sofia in str(row.sealed) for row in Disclosure.objects.all())
        assert any(f"The personal data of {sofia} was erased" in sentence for sentence in told())
        assert erasure.counts["names under signatures"] == 1

    def test_who_wrote_what_stays_known_by_the_pseudonym(self, world, erased):
        tom = world.tom
        User.objects.filter(pk=tom.pk).update(email="tom@example.com")
        version = world.version("model", authors=[{"name": "Tom", "email": "Tom@Example.com"}])
        erased(User.objects.get(pk=tom.pk))
        version = ArtifactVersion.objects.get(pk=version.pk)
        assert version.authors == [{"login": tom.pseudonym}]
        assert Identity.objects.get(user=tom).value == tom.pseudonym
        event = Event.objects.get(
            stream=version.audit_stream, type="catalog.artifact_version_registered"
        )
        assert "authors" not in disclosed([event.pk])[event.pk]
        assert "authors" in event.facts["private"]

    def test_the_log_and_the_tables_verify_afterwards(self, world, erased):
        world.deployed()
        erased(world.sofia)
        erased(world.priya)
        assert verify_log().findings == []
        assert [each.sentence for each in reconcile() if not each.ok] == []

    def test_why_somebody_paused_a_destination_goes_and_the_words_of_others_stay(
        self, world, erased
    ):
        admin = factories.admin()
        mine, theirs = (
            create_destination(Wanted(name=name, kind="file", file_name=f"{name}.jsonl"), by=admin)
            for name in ("mine", "theirs")
        )
        User.objects.filter(pk=world.tom.pk).update(is_superuser=True)
        tom = User.objects.get(pk=world.tom.pk)
        pause_destination(mine.pk, why="Tomasz moves house.", by=tom)
        pause_destination(theirs.pk, why="A new cable.", by=admin)
        User.objects.filter(pk=tom.pk).update(is_superuser=False)
        erased(User.objects.get(pk=tom.pk))
        said = Destination.objects.order_by("name").values_list("paused_because", flat=True)
        assert list(said) == ["(erased)", "A new cable."]
        assert Destination.objects.filter(is_paused=True).count() == 2

    def test_new_events_about_an_erased_person_disclose_nothing_of_them(self, world, erased):
        erased(world.tom)
        tom = User.objects.get(erased_at__isnull=False)
        record_failed_sign_in(tom.username)
        event = Event.objects.latest("pk")
        assert "tried" not in disclosed([event.pk])[event.pk]


class TestReceipts:
    def test_a_receipt_lists_what_opens_nothing_any_more_and_verifies(
        self, world, erased, tmp_path, ledger
    ):
        world.deployed()
        sofia = world.sofia.pseudonym
        erasure = erased(world.sofia)
        path = tmp_path / erasure.file_name
        path.write_bytes(bytes(erasure.receipt))
        status, said = looked_at(path, "--log-key", ledger.vkey)
        assert status == 0, said
        assert "open nothing any more" in said
        with zipfile.ZipFile(path) as archive:
            receipt = json.loads(archive.read("receipt.json"))
            lines = [json.loads(line) for line in archive.read("commitments.jsonl").splitlines()]
        assert receipt["subject"] == sofia
        assert receipt["commitments"] == len(lines) > 3
        for line in lines:
            event = Event.objects.get(uid=line["event"])
            assert event.facts["private"][line["field"]] == line["commitment"]
            assert line["field"] not in disclosed([event.pk]).get(event.pk, {})
        assert {line["field"] for line in lines} >= {"actor", "comment", "person"}

    def test_its_manifest_verifies_with_openssh(self, world, erased, tmp_path):
        erasure = erased(world.tom)
        with zipfile.ZipFile(io.BytesIO(bytes(erasure.receipt))) as archive:
            archive.extractall(tmp_path)
        verify = (
            "ssh-keygen -Y verify -f allowed_signers -I log.example/gatehouse -n gatehouse-pack"
        )
        for command, given in (
            ("sha256sum --check --quiet MANIFEST.sha256", b""),
            (f"{verify} -s MANIFEST.sha256.sig", (tmp_path / "MANIFEST.sha256").read_bytes()),
        ):
            done = subprocess.run(
                command.split(), check=False, cwd=tmp_path, capture_output=True, input=given
            )
            assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        ("member", "old", "new"),
        [
            ("receipt.json", b'"basis": "withdrawn"', b'"basis": "objected"'),
            ("commitments.jsonl", b'"field":"person"', b'"field":"nobody"'),
            ("entry.json", b'"basis":"withdrawn"', b'"basis":"objection"'),
        ],
        ids=["the story", "the list", "the entry"],
    )
    def test_an_edited_receipt_does_not_verify(
        self, world, erased, tmp_path, ledger, member, old, new, settings
    ):

        erasure = erased(world.tom)
        folder = unpacked(bytes(erasure.receipt), tmp_path / "receipt")
        content = (folder / member).read_bytes()
        assert old in content
        (folder / member).write_bytes(content.replace(old, new))
        status, said = looked_at(folder, "--log-key", ledger.vkey)
        assert status == 1, said
        # Not even by whoever has the key that signs receipts.
        signed_again(folder, key_in(Path(django_settings.PACK_KEY_FILE)))
        status, said = looked_at(folder, "--log-key", ledger.vkey)
        assert status == 1, said


class TestPacks:
    def test_packs_taken_away_before_and_built_afterwards_verify(
        self, world, ledger, erased, tmp_path
    ):
        world.deployed()
        world.rejected(world.request(world.release()))
        before = tmp_path / "before.zip"
        before.write_bytes(zip_of(ledger.pack(world.audrey, project="payments", samples=5)))
        assert b"Sofia" in b"".join(members(before))
        erased(world.sofia)
        erased(world.priya)
        after = tmp_path / "after.zip"
        after.write_bytes(zip_of(ledger.pack(world.audrey, project="payments", samples=5)))
        for pack in (before, after):
            status, said = looked_at(pack, "--log-key", ledger.vkey)
            assert status == 0, said
        assert "names and texts were erased or withheld" in said
        assert not any(name in b"".join(members(after)) for name in (b"Sofia", b"Priya Raman"))

    def test_kept_packs_that_name_the_person_are_removed_and_the_receipt_says_so(
        self, world, ledger, erased
    ):
        world.deployed()
        pack = ledger.pack(world.audrey, project="payments", samples=5)
        download(pack, by=world.audrey).close()
        erasure = erased(world.sofia)
        assert erasure.packs == [pack.pk]
        assert not storages["packs"].exists(pack.stored_name)
        with pytest.raises(PackNotReady, match="was removed"):
            download(Pack.objects.get(pk=pack.pk), by=world.audrey)
        with zipfile.ZipFile(io.BytesIO(bytes(erasure.receipt))) as archive:
            receipt = json.loads(archive.read("receipt.json"))
        assert receipt["packs_removed"] == [pack.pk]
        assert [each["by"] for each in receipt["packs_taken_away_before"]] == [
            world.audrey.pseudonym
        ]

    def test_a_pack_built_while_somebody_was_erased_is_built_again(
        self, world, ledger, officers, monkeypatch
    ):
        world.deployed()
        vera, dora = officers
        erasure = request_erasure(world.sofia, basis="withdrawn", by=vera)
        confirm_erasure(erasure.pk, by=dora)
        pack = ledger.asked(world.audrey, project="payments", samples=5)

        def keep_late(out, name, keep=building._keep):
            keep(out, name)
            if Erasure.objects.get().state == "confirmed":
                erase_person(erasure.pk)

        monkeypatch.setattr(building, "_keep", keep_late)
        waiting = build(pack.pk, worker="one")
        assert waiting.state == "waiting"
        assert "built again" in waiting.reason
        done = build(pack.pk, worker="one")
        assert done.state == "ready"
        with storages["packs"].open(done.stored_name) as stream, zipfile.ZipFile(stream) as archive:
            assert not any(b"Sofia" in archive.read(name) for name in archive.namelist())


def members(path):
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


class TestFaults:
    def test_neither_a_hold_nor_an_erasure_changes_without_an_event(self, world, officers):
        vera, _ = officers
        hold = place_hold(kind="project", about="payments", reason="Matter 12/26.", by=vera)
        erasure = request_erasure(factories.person("zoe"), basis="withdrawn", by=vera)
        for deed in (
            hold.delete,
            lambda: Erasure.objects.filter(pk=erasure.pk).update(state="withdrawn"),
        ):
            with pytest.raises(IntegrityError, match="left no audit event"), transaction.atomic():
                deed()

    def test_a_worker_that_dies_while_erasing_leaves_everything_as_it_was(
        self, world, officers, monkeypatch
    ):
        vera, dora = officers
        erasure = request_erasure(world.tom, basis="withdrawn", by=vera)
        confirm_erasure(erasure.pk, by=dora)

        def killed(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as broken:
            broken.setattr("catalog.actions.erase_person.record", killed)
            with pytest.raises(KeyboardInterrupt):
                erase_person(erasure.pk)
        assert User.objects.get(username="tom").is_active
        assert SubjectKey.objects.get(pk=world.tom.pseudonym).wrapped is not None
        assert erase_person(erasure.pk).state == "erased"

    def test_a_worker_that_dies_before_the_receipt_leaves_it_to_the_next_and_one_is_issued(
        self, world, officers, ledger, monkeypatch
    ):
        vera, dora = officers
        world.deployed()
        pack = ledger.pack(world.audrey, project="payments", samples=5)
        erasure = request_erasure(world.sofia, basis="withdrawn", by=vera)
        confirm_erasure(erasure.pk, by=dora)
        erase_person(erasure.pk)
        assert not prove(erasure.pk)  # nothing is sealed that far
        ledger.seal()

        def killed(*_, **__):
            raise KeyboardInterrupt

        for step in ("remove_files_of_removed_packs", "_issue", "_zip_of", "record"):
            with monkeypatch.context() as broken:
                broken.setattr(receipts, step, killed)
                with pytest.raises(KeyboardInterrupt):
                    prove(erasure.pk)
        assert receipts.waiting_for_proof() == [erasure.pk]
        assert prove(erasure.pk)
        assert prove(erasure.pk)
        erase_person(erasure.pk)
        assert Event.objects.filter(type="audit.erased").count() == 1
        assert Event.objects.filter(type="audit.erasure_proven").count() == 1
        assert Erasure.objects.get().packs == [pack.pk]

    def test_what_a_restore_brings_back_is_erased_again_by_itself(
        self, world, erased, ledger, superuser_brings_back
    ):
        tom = world.tom
        kept = superuser_brings_back.remember(tom)
        erased(tom)
        superuser_brings_back.restore(kept)
        assert User.objects.get(pk=tom.pk).display_name == tom.display_name
        assert erase_what_came_back() == 1
        assert erase_what_came_back() == 0
        assert User.objects.get(pk=tom.pk).display_name == tom.pseudonym
        renewed = Erasure.objects.get(renewed=True)
        ledger.seal()
        assert prove(renewed.pk)
        assert any("A restore brought back" in sentence for sentence in told())
        assert [each.sentence for each in reconcile() if not each.ok] == []
