"""Who may ask for a pack and take it away, on the pages, over REST and at the command line."""

import json
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.management.commands import build_pack
from audit.models import Event
from audit.packs.build import build
from audit.packs.errors import PackNotAllowed, PackRefused
from audit.packs.models import Pack
from audit.packs.request import MOST_WAITING, request_pack
from audit.packs.scope import Mode, Scope
from audit.tasks.packs import build as build_task
from audit.verify import gatehouse_verify as verifier
from catalog.actions.end_membership import end_membership
from tests import factories
from tests.audit.packs.ledger import looked_at, zip_of
from tests.support.callers import client_of

URL = "/api/v1/audit/packs/"


@pytest.fixture
def as_(world):
    def signed_in(username):
        client = Client()
        client.force_login(factories.admin() if username == "admin" else factories.person(username))
        return client

    return signed_in


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("username", ["tom", "vera", "olga"])
def test_without_view_audit_there_is_no_pack(world, username):
    with pytest.raises(PackNotAllowed, match="'view_audit'"):
        request_pack(Scope(project="payments"), by=factories.person(username))
    assert not Pack.objects.exists()


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ({}, "over all projects"),
        ({"project": "lending"}, "may not read the audit log of the project lending"),
        ({"project": "payments", "mode": Mode.FULL}, "'view_whole_audit'"),
    ],
)
def test_a_projects_auditor_gets_that_project_only(world, scope, why):
    factories.project("lending")
    with pytest.raises(PackNotAllowed, match=why):
        request_pack(Scope(**scope), by=world.audrey)


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ({"environment": "staging"}, "Say which project"),
        ({"project": "nowhere"}, "no such project"),
        ({"project": "payments", "environment": "moon"}, "no such environment"),
        ({"project": "payments", "samples": 501}, "0 to 500"),
        ({"project": "payments", "change_requests": ()}, "Name 1 to"),
        ({"project": "payments", "change_requests": (0,)}, "no change request of such a number"),
        ({"project": "payments", "sampled": (2**63,)}, "no change request of such a number"),
        ({"project": "payments", "purpose": "x" * 501}, "At most 500"),
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(world, scope, why):
    with pytest.raises(PackRefused, match=why):
        request_pack(Scope(**scope), by=factories.admin())


def test_nobody_waits_for_more_packs_than_a_few(world):
    for _ in range(MOST_WAITING):
        request_pack(Scope(project="payments"), by=world.audrey)
    with pytest.raises(PackRefused, match="You wait for 5 packs already"):
        request_pack(Scope(project="payments"), by=world.audrey)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def test_an_auditor_asks_on_the_page_and_takes_the_pack_away(world, ledger, as_, tmp_path):
    world.deployed()
    client = as_("audrey")
    answer = client.post(
        reverse("audit:packs"), {"project": "payments", "samples": "5", "purpose": "the audit"}
    )
    pack = Pack.objects.get()
    assert answer["Location"] == reverse("audit:pack", args=[pack.pk])
    shown = client.get(answer["Location"]).content.decode()
    assert "A worker will begin with it in a moment." in shown
    assert "hx-get" in shown
    ledger.seal()
    build_task.run(pack.pk)
    live = client.get(reverse("audit:pack-live", args=[pack.pk]))
    assert live.status_code == 286
    assert "Download gatehouse-pack-" in live.content.decode()
    file = client.get(reverse("audit:pack-file", args=[pack.pk]))
    assert file["Content-Disposition"] == f'attachment; filename="gatehouse-pack-{pack.pk}.zip"'
    data = b"".join(file.streaming_content)
    (tmp_path / "pack.zip").write_bytes(data)
    status, said = looked_at(tmp_path / "pack.zip", "--log-key", ledger.vkey)
    assert status == verifier.VERIFIED, said
    taken = Event.objects.get(type="audit.pack_downloaded")
    assert taken.actor == world.audrey.pseudonym
    assert f"Pack {pack.pk}" in client.get(reverse("audit:packs")).content.decode()


@pytest.mark.parametrize("username", ["tom", "vera", "olga"])
def test_the_pages_are_not_there_for_whoever_may_not_read_the_log(world, ledger, as_, username):
    pack = ledger.pack(world.audrey, project="payments")
    client = as_(username)
    for address in (
        reverse("audit:packs"), reverse("audit:pack", args=[pack.pk]),
        reverse("audit:pack-live", args=[pack.pk]), reverse("audit:pack-file", args=[pack.pk]),
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert (
        client.post(reverse("audit:packs"), {"project": "payments", "samples": 1}).status_code
        == 404
    )
    assert not Event.objects.filter(type="audit.pack_downloaded").exists()


def test_a_full_pack_of_the_project_is_not_given_to_the_projects_auditor(world, ledger, as_):
    pack = ledger.pack(factories.admin(), project="payments", mode=Mode.FULL)
    client = as_("audrey")
    for route in ("audit:pack", "audit:pack-live", "audit:pack-file"):
        assert client.get(reverse(route, args=[pack.pk])).status_code == 403
    file = as_("admin").get(reverse("audit:pack-file", args=[pack.pk]))
    assert file.status_code == 200
    file.close()


def test_whoever_lost_the_right_cannot_take_the_pack_any_more(world, ledger, as_):
    pack = ledger.pack(world.audrey, project="payments")
    end_membership(world.audrey.memberships.get(project=world.project), by=factories.admin())
    assert as_("audrey").get(reverse("audit:pack-file", args=[pack.pk])).status_code == 404


def test_what_is_not_built_is_not_downloaded(world, as_):
    pack = request_pack(Scope(project="payments"), by=world.audrey)
    client = as_("audrey")
    answer = client.get(reverse("audit:pack-file", args=[pack.pk]), follow=True)
    assert "there is no file yet" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"samples": "999"}, "less than or equal to 500"),
        ({"samples": "5", "change_requests": "twelve"}, "List change requests with commas"),
        ({"samples": "5", "since": "2026-02-01", "until": "2026-01-01"}, "ends before it begins"),
        ({"samples": "5", "until": "9999-12-31"}, "Choose another day"),
        ({"samples": "5", "environment": "moon"}, "no such environment"),
    ],
)
def test_what_the_page_refuses_stands_at_its_field(world, as_, fields, why):
    answer = as_("audrey").post(reverse("audit:packs"), {"project": "payments", **fields})
    assert answer.status_code == 422
    assert why in answer.content.decode()


# ── REST ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_client_asks_waits_and_fetches(world, ledger):
    client = client_of(world.audrey, ["read"])
    answer = client.post(
        URL, {"project": "payments", "since": "2026-01-01T00:00:00Z", "samples": 3}
    )
    assert answer.status_code == 201, answer.content
    number = answer.json()["id"]
    assert client.get(f"{URL}{number}/file/").status_code == 409
    ledger.seal()
    build(number, worker="one")
    seen = client.get(f"{URL}{number}/").json()
    assert (seen["state"], seen["scope"]["project"]) == ("ready", "payments")
    file = client.get(f"{URL}{number}/file/")
    assert b"".join(file.streaming_content) == zip_of(Pack.objects.get())
    assert [each["id"] for each in client.get(URL).json()["results"]] == [number]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"project": "payments", "mode": "full"}, 403),
        ({}, 403),
        ({"project": "lending"}, 403),
        ({"project": "payments", "samples": 501}, 400),
        ({"project": "payments", "nonsense": 1}, 400),
        ({"project": "payments", "since": "yesterday"}, 400),
        ({"project": "payments", "change_requests": []}, 400),
        ({"project": "payments", "environment": "moon"}, 400),
    ],
)
def test_what_rest_refuses(world, body, status):
    answer = client_of(world.audrey).post(URL, body)
    assert answer.status_code == status, answer.content
    assert not Pack.objects.exists()


def test_a_pack_one_may_not_see_is_404_over_rest(world, ledger):
    pack = ledger.pack(world.audrey, project="payments")
    client = client_of(world.tom)
    for address in (f"{URL}{pack.pk}/", f"{URL}{pack.pk}/file/", f"{URL}{2**70}/"):
        assert client.get(address).status_code == 404
    assert client.get(URL).json()["results"] == []


# ── the command line ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sealing(ledger, monkeypatch):
    """The sequencer and the signer run while the command waits."""
    monkeypatch.setattr(build_pack.time, "sleep", lambda _seconds: ledger.seal())
    return ledger


def test_the_command_writes_a_pack(world, sealing, tmp_path, capsys):
    world.deployed()
    target = tmp_path / "pack.zip"
    call_command(
        "build_pack", "--output", str(target), "--project", "payments", "--sample", "CR-1", "--full",
        "--control", "soc2/CC8.1",
    )  # fmt: skip
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("control.json"))["control"] == "soc2/CC8.1"
    assert capsys.readouterr().out.endswith(f"  {target}\n")
    status, said = looked_at(target, "--log-key", sealing.vkey)
    assert status == verifier.VERIFIED, said
    assert Event.objects.filter(type="audit.pack_downloaded").exists()


def test_the_command_says_that_it_could_not_write(world, sealing, tmp_path):
    with pytest.raises(CommandError, match="is built, and was not written here"):
        call_command(
            "build_pack", "--output", str(tmp_path / "no" / "x.zip"), "--project", "payments"
        )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--as", "nobody"], "There is no account"),
        (["--as", "tom", "--project", "payments"], "view_audit"),
        (["--project", "nowhere"], "no such project"),
        (["--project", "payments", "--control", "soc2/CC99"], "no such control"),
        (["--project", "payments", "--sample", "CR-99"], "not in the scope"),
    ],
)
def test_the_command_says_why_there_is_no_pack(world, sealing, tmp_path, options, why):
    factories.person("tom")
    with pytest.raises(CommandError, match=why):
        call_command("build_pack", "--output", str(tmp_path / "x.zip"), *options)
    assert not (tmp_path / "x.zip").exists()
