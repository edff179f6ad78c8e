import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from tests.support.log import connected, sequence

EVENTS = "/api/v1/audit/events/"


def types(answer):
    assert answer.status_code == 200, answer.content
    return [event["type"] for event in answer.json()["results"]]


def test_events_come_in_order_each_with_its_sentence(world):
    asked = world.request()
    client = world.as_("audrey")
    events = client.get(f"{EVENTS}?stream=change-request/{asked['number']}").json()["results"]
    assert events[0]["type"] == "releases.submitted"
    assert events[0]["sentence"].startswith("payments-ci asked to put ")
    assert [event["stream_seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["actor"]["id"].startswith("usr_")
    assert events[0]["recorded_at"].endswith("Z")
    assert "gh_" not in str(events)


def test_the_leaf_hash_is_that_of_the_entry(world):
    world.request()
    event = world.as_("audrey").get(EVENTS + "?page_size=1").json()["results"][0]
    whole = world.as_("audrey").get(f"{EVENTS}{event['id']}/").json()
    entry = whole.pop("entry").encode()
    assert whole == event
    assert hashlib.sha256(b"\x00" + entry).hexdigest() == event["leaf_hash"]


@pytest.mark.django_db(transaction=True)
def test_one_goes_on_after_the_last_index_one_has(world):
    world.request()
    sequence()
    client, seen, url = world.as_("audrey"), [], f"{EVENTS}?page_size=5"
    while url:
        page = client.get(url).json()
        seen += [event["index"] for event in page["results"]]
        url = page["next"]
    assert seen == sorted(seen)
    assert len(seen) == Event.objects.filter(project="payments").count()
    assert client.get(f"{EVENTS}?after={seen[-1]}").json()["results"] == []
    world.version()
    sequence()
    later = client.get(f"{EVENTS}?after={seen[-1]}")
    assert types(later) == ["catalog.artifact_version_registered"]


@pytest.mark.django_db(transaction=True)
def test_what_has_no_place_yet_comes_last_without_an_index(world):
    client = world.as_("audrey")
    assert world.ci
    sequence()
    last = client.get(f"{EVENTS}?page_size=500").json()["results"][-1]["index"]
    world.version()
    world.version()
    page = client.get(f"{EVENTS}?after={last}").json()
    assert [event["index"] for event in page["results"]] == [None, None]
    assert page["next"] is None
    assert page["results"][0]["id"] < page["results"][1]["id"]
    assert len(client.get(f"{EVENTS}?page_size=500").json()["results"]) > 2
    sequence()
    page = client.get(f"{EVENTS}?after={last}").json()
    assert all(event["index"] > last for event in page["results"])
    one = page["results"][0]
    assert client.get(f"{EVENTS}{one['id']}/").json()["index"] == one["index"]


def test_events_are_found_by_project_type_and_actor(world):
    world.request()
    client = world.as_("audrey")
    assert set(types(client.get(f"{EVENTS}?type=releases.sealed"))) == {"releases.sealed"}
    assert "releases.submitted" in types(client.get(f"{EVENTS}?project=payments&page_size=500"))
    actor = world.machine.user.pseudonym
    assert "catalog.project_created" not in types(client.get(f"{EVENTS}?actor={actor}"))


def test_one_reads_the_projects_whose_log_one_may_read(world):
    assert world.project and world.other_project
    own = world.as_("audrey").get(EVENTS).json()["results"]
    assert {event["project"] for event in own} == {"payments"}
    assert "catalog.person_created" in types(world.as_("admin").get(f"{EVENTS}?page_size=500"))
    refused = world.as_("vera").get(EVENTS)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert world.as_("vera").get(f"{EVENTS}?project=payments").status_code == 403
    assert world.as_("audrey").get(f"{EVENTS}?project=lending").status_code == 404
    assert world.as_("audrey").get(f"{EVENTS}?project=no-such").status_code == 404
    foreign = Event.objects.filter(project="lending").first()
    assert world.as_("audrey").get(f"{EVENTS}{foreign.pk}/").status_code == 404
    assert world.as_("admin").get(f"{EVENTS}{foreign.pk}/").status_code == 200


def test_the_portal_permission_opens_the_whole_log(world):
    path = "/api/v1/people/vera/portal-permissions/"
    assert world.project
    world.as_("admin").put(path, {"permissions": ["view_whole_audit"]})
    assert "catalog.person_created" in types(world.as_("vera").get(f"{EVENTS}?page_size=500"))


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "page_size=0x", "after=" + "9" * 30, "type=%00"]
)
def test_a_question_that_makes_no_sense_is_400(world, query):
    assert world.as_("admin").get(f"{EVENTS}?{query}").status_code == 400


def test_a_page_takes_the_same_few_queries_at_any_size(world):
    counts = []
    for _ in range(2):
        world.request()
        world.as_("audrey").get(EVENTS)
        with CaptureQueriesContext(connection) as queries:
            world.as_("audrey").get(EVENTS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] == 5


@pytest.mark.django_db(transaction=True)
def test_an_event_that_becomes_visible_late_is_not_missed_by_who_goes_on(world):
    client = world.as_("audrey")
    assert world.ci
    sequence()
    last = client.get(f"{EVENTS}?page_size=500").json()["results"][-1]["index"]
    with connected("app") as late, late.transaction():
        late.execute("INSERT INTO audit_event (stream, body) VALUES ('x/1', %s)", [LATE])
        world.version()
        sequence()
        seen = client.get(f"{EVENTS}?after={last}").json()["results"]
        assert len(seen) == 1
    sequence()
    [event] = client.get(f"{EVENTS}?after={seen[0]['index']}").json()["results"]
    assert event["type"] == "tests.late"
    assert event["id"] < seen[0]["id"]


LATE = (
    '{"actor":{"id":"usr_1"},"data":{},"object":{},"outcome":"success",'
    '"project":"payments","type":"tests.late"}'
)
