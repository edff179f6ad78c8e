"""How the log is: a page, a banner on every page, numbers for machines."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind, VerificationRun, WitnessStanding
from audit.completeness.progress import forget, told
from audit.models import Event, Halt
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_(client):
    def signed_in(somebody):
        client.force_login(somebody, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def project():
    return make.staffed_project()


def test_who_reads_the_whole_log_sees_how_it_is(as_, project):
    VerificationRun.objects.create(
        origin="o.example/log",
        started_at=timezone.now(),
        ok=False,
        size=7,
        root="ab",
        checkpoints=2,
        findings=["The entry of leaf 3 was changed."],
    )
    WitnessStanding.objects.create(
        label="w1", url="https://w.example", size=5, trouble="It sleeps."
    )
    page = as_(make.admin()).get("/audit/health/").content.decode()
    for words in ("The entry of leaf 3 was changed.", "w1", "It sleeps.", "Failed", "No alarm"):
        assert words in page


def test_tables_and_log_are_compared_when_asked(as_, project):
    page = as_(make.admin()).get("/audit/health/?compare").content.decode()
    assert "Memberships" in page
    assert "The same" in page
    assert "Differs" not in page


def test_others_find_nothing_there(as_, project):
    assert as_(make.person("tom")).get("/audit/health/").status_code == 404


def test_an_alarm_stands_on_every_page_until_it_is_lifted(as_, project):
    client = as_(make.admin())
    pages = ("/", "/projects/", "/audit/", "/policies/", "/projects/payments/", "/people/")
    for address in pages:
        assert "needs attention" not in client.get(address).content.decode(), address
    cache.clear()
    raise_alarm(AlarmKind.VERIFICATION, "The audit log does not verify: it was <cut>.")
    for address in pages:
        page = client.get(address).content.decode()
        assert 'role="alert"' in page, address
        assert "it was &lt;cut&gt;." in page, address
    cache.clear()
    lift_alarm(AlarmKind.VERIFICATION, "All is well.")
    for address in pages:
        assert "needs attention" not in client.get(address).content.decode(), address


def test_who_does_not_read_the_whole_log_is_not_told_the_particulars(as_, project):
    raise_alarm(AlarmKind.WITNESS, "The witness of Basel holds 9 entries.", about="w1")
    page = as_(make.person("tom")).get("/").content.decode()
    assert "The audit log needs attention" in page
    assert "Basel" not in page


def test_who_is_not_signed_in_sees_no_alarm(client):
    raise_alarm(AlarmKind.WITNESS, "The witness of Basel holds 9 entries.", about="w1")
    assert "needs attention" not in client.get("/accounts/login/").content.decode()


def metrics(client, **headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_the_numbers_are_in_the_format_of_prometheus(client, project):
    VerificationRun.objects.create(
        origin="o.example/log", started_at=timezone.now(), ok=True, size=7, root="", checkpoints=2
    )
    WitnessStanding.objects.create(label='w"1', url="https://w.example", size=5)
    raise_alarm(AlarmKind.WITNESS, "It holds 9.", about="w1")
    Halt.objects.all()
    found = metrics(client)
    assert found["audit_tree_size"] == "0"
    assert int(found["audit_pending"]) > 0
    assert 0 <= float(found["audit_seal_lag_seconds"]) < 600
    assert found["audit_last_verification_ok"] == "1"
    assert found['audit_alarms{kind="witness"}'] == "1"
    assert found['audit_alarms{kind="silence"}'] == "0"
    assert found['audit_witness_size{witness="w\\"1"}'] == "5"
    assert found["audit_halted"] == "0"


def test_each_number_is_declared_once(client, project):
    text = client.get("/metrics").content.decode()
    declared = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(declared) == len(set(declared))
    named = {line.split("{")[0].split()[0] for line in text.splitlines() if line[0] != "#"}
    assert named == set(declared)


@pytest.mark.parametrize(
    ("address", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.1.2.3", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "10.1.2.3"}, False),
        ("127.0.0.1", {"Forwarded": "for=10.1.2.3"}, False),
        ("10.1.2.3", {"Authorization": "Bearer right-token"}, True),
        ("127.0.0.1", {"X-Forwarded-For": "1.2.3.4", "Authorization": "Bearer right-token"}, True),
        ("10.1.2.3", {"Authorization": "Bearer wrong-token"}, False),
        ("10.1.2.3", {"Authorization": "Bearer "}, False),
        ("10.1.2.3", {"Authorization": "Basic right-token"}, False),
    ],
)
def test_the_numbers_are_for_the_token_and_for_callers_on_this_machine(
    client, settings, address, headers, may
):
    settings.METRICS_TOKEN = "right-token"
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == (200 if may else 404)


def test_without_a_token_in_the_settings_none_is_right(client, settings):
    settings.METRICS_TOKEN = ""
    headers = {"Authorization": "Bearer "}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR="10.1.2.3").status_code == 404


# ── verify the whole log now ─────────────────────────────────────────────────────────────────────


def test_who_reads_the_whole_log_asks_for_its_verification_and_watches_it(as_, project):
    client = as_(make.admin())
    assert client.get("/audit/health/verifying/").status_code == 286
    client.post("/audit/health/verify/")
    asked = Event.objects.filter(type="audit.verification_requested")
    assert asked.count() == 1
    assert "A worker begins with it" in client.get("/audit/health/verifying/").content.decode()
    client.post("/audit/health/verify/")
    assert asked.count() == 1  # it is asked for already
    assert list(told(iter([1, 2]), 2)) == [1, 2]
    answer = client.get("/audit/health/verifying/")
    assert (answer.status_code, "2 of 2 entries" in answer.content.decode()) == (200, True)
    forget()
    VerificationRun.objects.create(
        origin="o", started_at=timezone.now(), finished_at=timezone.now() + timedelta(seconds=1),
        ok=True, size=2, root="ab", checkpoints=1,
    )  # fmt: skip
    answer = client.get("/audit/health/verifying/")
    assert (answer.status_code, "all 2 entries" in answer.content.decode()) == (286, True)


def test_others_do_not_ask_for_it(as_, project):
    client = as_(make.person("audrey"))
    before = Event.objects.count()
    assert client.post("/audit/health/verify/").status_code == 404
    assert client.get("/audit/health/verifying/").status_code == 404
    assert as_(make.admin()).get("/audit/health/verify/").status_code == 405
    assert Event.objects.count() == before
