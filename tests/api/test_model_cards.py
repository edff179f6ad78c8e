"""Model cards over REST, as machines and people call them."""

import json

import pytest

from tests import factories
from tests.releases.cards_scene import CONTENT
from tests.releases.cyclonedx import complaints
from tests.support.api_world import upload


@pytest.fixture
def version(world):
    factories.member("mei", world.project, "data-scientist")
    factories.member("viktor", world.project, "validator")
    return factories.version(world.project, "credit-model", kind="model")


@pytest.fixture
def card(version):
    return f"/api/v1/artifact-versions/{version.pk}/card"


WHOLE = {"content": CONTENT, "owner": "ines", "risk_tier": "high"}


def test_a_card_is_saved_read_reviewed_and_taken_away(world, card):
    assert world.as_("mei").get(f"{card}/").status_code == 404
    saved = world.as_("mei").put(f"{card}/", {**WHOLE, "expected": 0})
    assert saved.status_code == 200, saved.content
    body = saved.json()
    assert (body["model"], body["revision"], body["is_complete"]) == ("credit-model", 1, True)
    assert body["standing"]["content"] == CONTENT
    assert (body["missing"], body["is_reviewed"], body["is_overdue"]) == ([], False, False)
    assert world.as_("vera").get(f"{card}/").json() == body

    review = world.as_("viktor").post(f"{card}/reviews/", {"revision": 1, "comment": "fine"})
    assert review.status_code == 201, review.content
    assert world.as_("vera").get(f"{card}/").json()["is_reviewed"]

    export = world.as_("vera").get(f"{card}.cdx.json")
    assert export["Content-Type"] == "application/vnd.cyclonedx+json; version=1.7"
    assert (
        export["Content-Disposition"] == 'attachment; filename="credit-model-1.0.0-card.cdx.json"'
    )
    assert complaints(export.json()) == []
    assert world.as_("vera").get(f"{card}.md").content.startswith(b"---\nlicense: apache-2.0\n")


def test_a_pipeline_imports_a_readme_and_hears_what_became_of_it(world, card):
    readme = b"---\nlicense: mit\nlanguage: en\n---\n## Direct Use\n\nLoans.\n"
    answer = world.ci.post(
        f"{card}/import/", {"file": upload(readme, "README.md")}, format="multipart"
    )
    assert answer.status_code == 201, answer.content
    standing = answer.json()["standing"]
    assert standing["imported"] == {
        "taken": ["Licence", "Intended use"],
        "replaced": [],
        "kept": [],
    }
    assert [each["path"] for each in standing["left_out"]] == ["language"]
    raw = world.ci.get(f"/api/v1/evidence/{standing['evidence']}/raw/")
    assert b"".join(raw.streaming_content) == readme


def test_a_document_may_come_as_json_and_replace(world, card):
    world.as_("mei").put(f"{card}/", {"content": {"overview": "old"}})
    body = {"document": {"model_details": {"overview": "new"}}}
    refused = world.as_("mei").post(f"{card}/import/", body)
    assert refused.status_code == 400
    assert "own words for What it is" in refused.json()["errors"]["document"][0]
    taken = world.as_("mei").post(f"{card}/import/", {**body, "replace": True})
    assert taken.json()["standing"]["imported"]["replaced"] == ["What it is"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": {"wisdom": "x"}}, "wisdom"),
        ({"content": {"users": "x"}}, "users"),
        ({"content": "x"}, "content"),
        ({"content": {}, "owner": "nobody"}, "owner"),
        ({"content": {}, "owner": "olga"}, "owner"),
        ({"content": {}, "risk_tier": "huge"}, "risk_tier"),
        ({"content": {}, "note": "x" * 501}, "note"),
        ({"content": {}, "expected": -1}, "expected"),
        ({}, "content"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(world, card, body, field):
    factories.person("olga")
    answer = world.as_("mei").put(f"{card}/", body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert world.as_("mei").get(f"{card}/").status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"document": {"hello": 1}}, "JSON, but no model card"),
        ({"document": "---"}, "no model card"),
        ({"file": "text"}, ""),
        ({}, "Send either"),
    ],
)
def test_what_is_no_card_is_refused(world, card, body, said):
    answer = world.as_("mei").post(f"{card}/import/", body)
    assert answer.status_code == 400
    assert said in json.dumps(answer.json()["errors"])


def test_conflicts_are_told_apart_from_permissions(world, card):
    world.as_("mei").put(f"{card}/", WHOLE)
    stale = world.as_("mei").put(f"{card}/", {"content": {}, "expected": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "card_changed")
    own = world.as_("mei").post(f"{card}/reviews/", {"revision": 1})
    assert (own.status_code, own.json()["code"]) == (403, "own_card")
    machine = world.ci.post(f"{card}/reviews/", {"revision": 1})
    assert (machine.status_code, machine.json()["code"]) == (403, "not_permitted")
    wrong_role = world.as_("tom").put(f"{card}/", WHOLE)
    assert (wrong_role.status_code, wrong_role.json()["code"]) == (403, "not_permitted")


def test_cards_are_listed_over_all_projects_one_may_see(world, card):
    from django.utils import timezone  # noqa: PLC0415 -- only here

    from releases.models import ModelCard  # noqa: PLC0415 -- only here

    world.as_("mei").put(f"{card}/", WHOLE)
    listed = world.as_("vera").get("/api/v1/model-cards/").json()["results"]
    assert [each["model"] for each in listed] == ["credit-model"]
    factories.person("olga")
    assert world.as_("olga").get("/api/v1/model-cards/").json()["results"] == []
    overdue = "/api/v1/model-cards/?overdue=true"
    assert world.as_("vera").get(overdue).json()["results"] == []
    ModelCard.objects.update(next_review_at=timezone.now())
    assert len(world.as_("vera").get(overdue).json()["results"]) == 1
    assert world.as_("vera").get("/api/v1/model-cards/?overdue=false").json()["results"] == []


def test_the_revisions_are_listed_newest_first(world, card):
    world.as_("mei").put(f"{card}/", WHOLE)
    world.as_("viktor").put(f"{card}/", {"content": {"task": "x"}, "note": "cut down"})
    rows = world.as_("vera").get(f"{card}/revisions/").json()["results"]
    assert [(row["number"], row["saved_by"]) for row in rows] == [(2, "viktor"), (1, "mei")]
