import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories

LIST = "/api/v1/change-requests/"


def one(number, rest=""):
    return f"{LIST}{number}/{rest}"


def decide(client, change_request, verb="approve", **body):
    body = {"statement_digest": change_request["statement_digest"], "comment": "fine"} | body
    return client.post(one(change_request["number"], f"{verb}/"), body)


@pytest.fixture
def ready(world):
    """A change request that awaits approval."""
    world.policy()
    return world.request()


def test_a_change_request_says_everything_that_decides_it(world, ready):
    assert ready["state"] == "awaiting_approval"
    assert ready["label"] == f"CR-{ready['number']}"
    assert ready["environment"] == "staging"
    assert ready["release"]["content_digest"].startswith("sha256:")
    assert ("tests", "pass") in [(gate["name"], gate["outcome"]) for gate in ready["gates"]]
    assert [rule["missing"] for rule in ready["rules"]] == [1, 1]
    assert ready["rules"][1]["eligible"] == [{"username": "sofia", "name": "Sofia Marino"}]
    assert ready["approvals"] == []
    assert ready["blocking"] == []
    assert ready["deployment"] is None
    assert ready["requested_at"].endswith("Z")
    assert ready["policy"]["name"] == "standard"


@pytest.mark.parametrize("form", ["{}", "CR-{}", "cr-{}"])
def test_a_number_may_be_written_as_people_write_it(world, ready, form):
    answer = world.as_("vera").get(one(form.format(ready["number"])))
    assert answer.status_code == 200
    assert answer.json() == ready


def test_a_release_may_be_named_by_its_version(world):
    release = world.release()
    asked = world.request(release | {"id": release["version"]})
    assert asked["release"]["id"] == release["id"]


def test_two_signatures_of_two_functions_let_it_through(world, ready):
    first = decide(world.as_("priya"), ready)
    assert first.status_code == 200
    assert first.json()["state"] == "awaiting_approval"
    second = decide(world.as_("sofia"), ready)
    assert second.status_code == 200
    answer = second.json()
    assert answer["state"] == "queued"
    assert [approval["person"]["username"] for approval in answer["approvals"]] == [
        "priya",
        "sofia",
    ]
    assert answer["approvals"][0]["statement_digest"] == ready["statement_digest"]


def test_missing_evidence_blocks_with_a_sentence_and_the_evidence_unblocks(world):
    world.policy()
    version = world.version()
    blocked = world.request(world.release(version, tested=False))
    assert blocked["state"] == "blocked"
    assert blocked["gates"][0]["outcome"] == "inconclusive"
    assert blocked["blocking"]


def test_the_requester_may_not_approve(world):
    world.policy()
    client = world.as_("priya")
    release = world.release()
    answer = client.post(
        world.at("change-requests/"),
        {"release": release["id"], "environment": "staging", "reason": "mine"},
    )
    refused = decide(client, answer.json())
    assert refused.status_code == 403
    assert refused.json()["code"] == "own_change"


def test_a_stale_statement_is_409_with_what_changed(world, ready):
    answer = decide(world.as_("priya"), ready, statement_digest=factories.digest("another"))
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "stale_statement"
    assert problem["statement_digest"] == ready["statement_digest"]
    assert problem["changed"] == []


def test_signing_twice_is_409(world, ready):
    decide(world.as_("priya"), ready)
    answer = decide(world.as_("priya"), ready)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_decided")


def test_a_viewer_may_read_and_not_sign(world, ready):
    answer = decide(world.as_("vera"), ready)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_a_rejection_is_final_and_needs_a_comment(world, ready):
    empty = decide(world.as_("sofia"), ready, "reject", comment="")
    assert empty.status_code == 400
    assert "comment" in empty.json()["errors"]
    answer = decide(world.as_("sofia"), ready, "reject", comment="The scan is from last year.")
    assert answer.json()["state"] == "rejected"
    late = decide(world.as_("priya"), ready)
    assert late.status_code == 409
    assert late.json()["code"] in {"wrong_state", "stale_statement"}


def test_whoever_asked_may_withdraw(world, ready):
    answer = world.ci.post(one(ready["number"], "withdraw/"), {"comment": "a better one comes"})
    assert answer.status_code == 200
    assert answer.json()["state"] == "withdrawn"
    again = world.ci.post(one(ready["number"], "withdraw/"))
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_what_one_may_not_see_is_404_whatever_one_wants_with_it(world, ready):
    olga = world.as_("olga")
    assert olga.get(one(ready["number"])).status_code == 404
    assert olga.get(one(ready["number"], "verdict/")).status_code == 404
    for verb in ("approve", "reject", "withdraw"):
        assert decide(olga, ready, verb).status_code == 404
    assert olga.get(LIST).json()["results"] == []


@pytest.mark.parametrize(
    "number", [0, 999_999, 2**63 - 1, 2**63, "9" * 19, "9" * 25, "CR-", "x", "-1"]
)
def test_a_number_that_is_none_is_404(world, number):
    assert world.as_("vera").get(one(number)).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("release", None),
        ("release", True),
        ("release", 1.5),
        ("release", []),
        ("release", ""),
        ("release", "no-such-release"),
        ("release", 2**64),
        ("release", 999_999),
        ("environment", "nowhere"),
        ("environment", 3),
        ("kind", "holiday"),
        ("kind", 1),
        ("reason", ""),
        ("reason", "x" * 4001),
        ("reason", {"why": "not"}),
        ("not_before", "tomorrow"),
        ("not_before", 5),
        ("not_before", "2020-01-01T00:00:00Z"),
        ("not_before", "9999-12-31T23:59:59-10:00"),
        ("surprise", 1),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, field, value):
    body = {"release": world.release()["id"], "environment": "staging", "reason": "why not"}
    answer = world.ci.post(world.at("change-requests/"), body | {field: value})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [field]


def test_a_release_of_another_project_cannot_be_asked_for(world):
    from releases.actions.seal_release import seal_release  # noqa: PLC0415 -- only here

    foreign = factories.version(world.other_project, "lending-api")
    release = seal_release(
        world.other_project, version="1", artifact_versions=[foreign.pk], by=factories.admin()
    )
    body = {"release": release.pk, "environment": "staging", "reason": "mischief"}
    answer = world.ci.post(world.at("change-requests/"), body)
    assert answer.status_code == 400
    assert "release" in answer.json()["errors"]


def test_the_list_is_filtered_and_newest_first(world):
    world.policy()
    first, second = world.request(), world.request()
    numbers = lambda query: [  # noqa: E731 -- said once, used four times
        row["number"] for row in world.as_("vera").get(f"{LIST}?{query}").json()["results"]
    ]
    assert numbers("") == [second["number"], first["number"]]
    world.ci.post(one(first["number"], "withdraw/"))
    assert numbers("state=withdrawn") == [first["number"]]
    assert numbers("state=withdrawn&state=awaiting_approval") == [second["number"], first["number"]]
    assert numbers("project=lending") == []
    assert numbers("environment=production") == []
    mine = world.as_("sofia").get(f"{LIST}?waiting_for_me=true").json()["results"]
    assert [row["number"] for row in mine] == [second["number"]]
    assert numbers("waiting_for_me=true") == []
    assert world.as_("vera").get(f"{LIST}?state=asleep").status_code == 400


def test_a_page_leads_to_its_neighbours(world):
    made = [world.request()["number"] for _ in range(3)]
    client = world.as_("vera")
    first = client.get(f"{LIST}?page_size=2").json()
    assert [row["number"] for row in first["results"]] == [made[2], made[1]]
    assert first["previous"] is None
    second = client.get(first["next"]).json()
    assert [row["number"] for row in second["results"]] == [made[0]]
    assert second["next"] is None
    back = client.get(second["previous"]).json()
    assert back["results"] == first["results"]


@pytest.mark.parametrize(
    "query", ["cursor=%21%21", "cursor=YQ", "cursor=eA", "page_size=0", "page_size=abc"]
)
def test_a_cursor_or_size_that_is_none_is_400(world, query):
    assert world.as_("vera").get(f"{LIST}?{query}").status_code == 400


def queries_of(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in queries]


def test_reading_takes_two_queries_the_token_and_the_document(world, ready):
    assert len(queries_of(world.as_("vera"), one(ready["number"]))) == 2
    assert len(queries_of(world.as_("vera"), one(ready["number"], "verdict/"))) == 2


def test_a_list_takes_two_queries_at_any_size(world, ready):
    client = world.as_("vera")
    assert len(queries_of(client, LIST)) == 2
    for _ in range(3):
        world.request()
    assert len(queries_of(client, LIST)) == 2
    assert len(queries_of(client, world.at("change-requests/"))) == 3
