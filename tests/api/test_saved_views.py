"""Saved views of the log over REST, as the page has them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from audit.saved import changes
from audit.saved.models import SavedView
from audit.sentences import with_sentences

VIEWS = "/api/v1/audit/views/"
DENIED = {"name": "Denied", "filter": {"project": "payments", "outcome": "denied"}}


@pytest.fixture
def audrey(world):
    assert world.project and world.other_project
    return world.as_("audrey")


@pytest.fixture
def olga(world):
    """Audits the other project only."""
    from tests import factories  # noqa: PLC0415 -- only here

    factories.member("olga", world.other_project, "auditor")
    return world.as_("olga")


def test_a_view_lives_its_life_over_rest(audrey, client):
    made = audrey.post(VIEWS, DENIED)
    assert made.status_code == 201, made.content
    one = f"{VIEWS}{made.json()['id']}/"
    assert made.json() | {"created_at": "", "id": 0} == {
        "id": 0, "name": "Denied", "filter": {"project": "payments", "outcome": "denied"},
        "shared_with": None, "owner": "audrey", "created_at": "",
    }  # fmt: skip
    assert audrey.get(one).json() == made.json()
    assert audrey.patch(one, {"name": "Refused"}).json()["name"] == "Refused"
    other = {"name": "CR-12", "filter": {"stream": "CR-12", "project": "payments"}, "share": True}
    replaced = audrey.put(one, other).json()
    assert (replaced["name"], replaced["filter"], replaced["shared_with"]) == (
        "CR-12", {"project": "payments", "stream": "CR-12"}, "payments",
    )  # fmt: skip
    assert [view["name"] for view in audrey.get(VIEWS).json()["results"]] == ["CR-12"]
    # What is kept over REST is a link on the page of the log.
    client.force_login(SavedView.objects.get().owner, "django.contrib.auth.backends.ModelBackend")
    assert ">CR-12</a>" in client.get("/audit/").content.decode()
    assert audrey.delete(one).status_code == 204
    assert audrey.get(one).status_code == 404
    told = with_sentences(Event.objects.filter(stream__startswith="saved-view/").order_by("pk"))
    assert [event.type.partition("_")[2] for event in told] == [
        "saved", "renamed", "replaced", "deleted",
    ]  # fmt: skip
    assert told[2].sentence.endswith("of the audit log, “CR-12”.")
    assert not any(b"CR-12" in bytes(event.entry) for event in told)


def test_replacing_leaves_the_sharing_as_it_is_unless_it_is_named(audrey):
    made = audrey.post(VIEWS, DENIED | {"share": True}).json()
    one = f"{VIEWS}{made['id']}/"
    other = {"name": "Other", "filter": {"project": "payments"}}
    assert audrey.put(one, other).json()["shared_with"] == "payments"
    refused = audrey.put(one, other | {"filter": {"outcome": "denied"}})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["share"])
    assert "the new filter does not name that project" in str(refused.json())
    assert audrey.put(one, other | {"share": False}).json()["shared_with"] is None
    assert audrey.put(one, other).json()["shared_with"] is None


def test_own_ones_are_nobody_elses_and_shared_ones_their_owners_to_change(world, audrey, olga):
    own = audrey.post(VIEWS, DENIED).json()["id"]
    shared = audrey.post(VIEWS, DENIED | {"name": "Ours", "share": True}).json()["id"]
    sofia = world.as_("sofia")  # reads the log of payments too
    assert [view["name"] for view in sofia.get(VIEWS).json()["results"]] == ["Ours"]
    assert olga.get(VIEWS).json()["results"] == []
    before = Event.objects.count()
    body = {"name": "Mine", "filter": {}}
    for caller, view, status in ((sofia, own, 404), (sofia, shared, 403), (olga, shared, 404)):
        one = f"{VIEWS}{view}/"
        assert caller.patch(one, {"name": "Mine"}).status_code == status
        assert caller.put(one, body).status_code == status
        assert caller.delete(one).status_code == status
    assert Event.objects.count() == before
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["Denied", "Ours"]


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({"name": " "}, "name", "blank"),
        ({"name": "x" * 61}, "name", "60"),
        ({"name": "Taken"}, "name", "that name already"),
        ({"filter": {"outcome": "maybe"}}, "filter", "outcome: Select a valid choice"),
        ({"filter": {"project": "lending"}}, "filter", "project: Select a valid choice"),
        ({"filter": {"after": "7"}}, "filter", "There is no filter after"),
        ({"filter": "outcome=denied"}, "filter", "dictionary"),
        ({"filter": {"outcome": "denied"}, "share": True}, "share", "name the project"),
        ({"sharing": True}, "sharing", "no such field"),
    ],
    ids=range(9),
)
def test_what_makes_no_sense_is_refused_with_its_field(audrey, body, field, sentence):
    taken = audrey.post(VIEWS, DENIED | {"name": "Taken"}).json()["id"]
    other = audrey.post(VIEWS, DENIED | {"name": "Other"}).json()["id"]
    before = Event.objects.count()
    for answer in (
        audrey.post(VIEWS, DENIED | body, format="json"),
        audrey.put(f"{VIEWS}{other}/", DENIED | body, format="json"),
    ):
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
        assert sentence in str(answer.json()["errors"][field])
    assert Event.objects.count() == before
    assert taken != other


def test_there_is_an_end_to_views(audrey, monkeypatch):
    monkeypatch.setattr(changes, "MOST", 1)
    assert audrey.post(VIEWS, DENIED).status_code == 201
    refused = audrey.post(VIEWS, DENIED | {"name": "Another"})
    assert (refused.status_code, "Delete one first" in str(refused.json())) == (400, True)


def test_who_reads_no_log_has_no_views(world, audrey):
    vera = world.as_("vera")
    for answer in (vera.get(VIEWS), vera.post(VIEWS, DENIED), vera.get(f"{VIEWS}1/")):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_a_list_of_views_costs_the_same_at_any_length(audrey):
    counts = []
    for number in range(2):
        audrey.post(VIEWS, DENIED | {"name": f"{number}", "share": bool(number)})
        audrey.get(VIEWS)
        with CaptureQueriesContext(connection) as queries:
            audrey.get(VIEWS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
