"""Who sees how controls stand, on the pages and over REST, and what leads where."""

import pytest
from django.test import Client
from django.urls import reverse

from releases.models import GateResult
from tests import factories
from tests.support.callers import client_of

pytestmark = pytest.mark.django_db

URL = "/api/v1/audit/controls/"


@pytest.fixture
def world(transactional_db):
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    return World.make()


def as_(username):
    client = Client()
    client.force_login(factories.admin() if username == "admin" else factories.person(username))
    return client


PAGES = [reverse("audit:compliance"), reverse("audit:control", args=["soc2", "CC8.1"])]


@pytest.mark.parametrize("page", PAGES, ids=["all", "one"])
@pytest.mark.parametrize("username", ["tom", "olga"])
def test_who_may_audit_nothing_finds_no_page(world, page, username):
    assert as_(username).get(page).status_code == 404


@pytest.mark.parametrize("page", PAGES, ids=["all", "one"])
def test_nobody_sees_it_without_signing_in(world, page):
    assert Client().get(page).status_code == 302


@pytest.mark.parametrize("username", ["audrey", "admin"])
def test_an_auditor_sees_the_controls_of_each_framework(world, username):
    world.deployed()
    shown = (
        as_(username).get(reverse("audit:compliance"), {"framework": "iso27001"}).content.decode()
    )
    assert "A.8.32" in shown
    assert "Changes are managed" in shown
    assert "Not covered" in as_(username).get(reverse("audit:compliance")).content.decode()


def test_an_exception_leads_to_its_record(world):
    change = world.deployed()
    GateResult.objects.filter(change_request=change).update(outcome="fail")
    shown = as_("audrey").get(PAGES[1]).content.decode()
    assert reverse("portal:change-request", args=[change.number]) in shown
    assert "A gate did not let it through: " in shown


def test_the_page_of_a_control_leads_to_a_pack_of_it(world):
    asked = {"project": "payments", "since": "2026-01-01"}
    shown = as_("audrey").get(PAGES[1], asked).content.decode()
    link = (
        f"{reverse('audit:packs')}?control=soc2%2FCC8.1&amp;project=payments&amp;since=2026-01-01"
    )
    assert link in shown
    form = as_("audrey").get(link.replace("&amp;", "&")).content.decode()
    assert 'value="soc2/CC8.1" selected' in form


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"project": "lending"}, "Select a valid choice"),
        ({"environment": "staging"}, "Say which project"),
        ({"project": "payments", "since": "2026-02-02", "until": "2026-01-01"}, "ends before"),
        ({"since": "tomorrow"}, "Enter a valid date"),
        ({"until": "9999-12-31"}, "another day"),
    ],
    ids=["foreign", "bare", "backwards", "words", "last"],
)
@pytest.mark.parametrize("page", PAGES, ids=["all", "one"])
def test_a_question_without_sense_is_answered_with_a_sentence(world, page, asked, said):
    answer = as_("audrey").get(page, asked)
    assert answer.status_code == 422
    assert said in answer.content.decode()


@pytest.mark.parametrize("name", ["soc2/CC99", "nowhere/CC8.1"])
def test_there_is_no_page_for_a_control_that_is_not(world, name):
    assert as_("audrey").get(f"{reverse('audit:compliance')}{name}/").status_code == 404
    assert client_of(world.audrey).get(f"{URL}{name}/").status_code == 404


def test_the_number_of_queries_does_not_grow(world, django_assert_max_num_queries):
    client = as_("audrey")
    client.get(PAGES[0])
    for _ in range(2):
        world.deployed()
        with django_assert_max_num_queries(12):
            client.get(PAGES[0])


# ── REST ─────────────────────────────────────────────────────────────────────────────────────────


def test_machines_read_the_same(world):
    world.deployed()
    answer = client_of(world.audrey).get(URL, {"project": "payments"})
    assert answer.status_code == 200
    by_name = {each["name"]: each for of in answer.json() for each in of["controls"]}
    assert by_name["soc2/CC6.4"]["standing"] == "not_covered"
    checks = {each["name"]: each for each in by_name["soc2/CC8.1"]["checks"]}
    assert checks["approved-before-deployment"]["cases"] == 1
    one = client_of(world.audrey).get(f"{URL}soc2/CC8.1/", {"project": "payments"}).json()
    assert [each["name"] for each in one["checks"]] == list(checks)


def test_who_may_audit_nothing_is_refused_over_rest(world):
    for url in (URL, f"{URL}soc2/CC8.1/"):
        answer = client_of(world.tom).get(url)
        assert answer.status_code == 403
        assert "'view_audit'" in answer.json()["detail"]


@pytest.mark.parametrize(
    "asked",
    [{"project": "lending"}, {"environment": "staging"}, {"since": "x"}],
    ids=["foreign", "bare", "words"],
)
def test_a_question_without_sense_is_refused_over_rest(world, asked):
    assert client_of(world.audrey).get(URL, asked).status_code == 400
