"""Policies on pages: read, written, published, compared, put in force."""

import json
import re

import pytest
from django.urls import reverse

from releases.forms.policies import STARTING_DOCUMENT
from releases.models import Policy, PolicyActivation, PolicyVersion
from tests import factories
from tests.releases.scene import policy_document


def text_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def save(client, document):
    raw = document if isinstance(document, str) else json.dumps(document)
    return client.post(reverse("releases:edit-policy", args=["standard"]), {"document": raw})


def test_a_policy_begins_with_a_document_that_can_be_saved(payments, browse):
    client = browse("admin")
    answer = client.post(reverse("releases:new-policy"), {"name": "standard", "title": "Standard"})
    assert answer.url == reverse("releases:edit-policy", args=["standard"])
    assert "All tests passed" in client.get(answer.url).content.decode()
    assert save(client, STARTING_DOCUMENT.read_text("utf-8")).status_code == 302
    assert PolicyVersion.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "standard", "title": "Again"}, 409),
        ({"name": "No Slug", "title": "Mine"}, 422),
        ({"name": "mine", "title": ""}, 422),
    ],
)
def test_a_name_that_a_policy_cannot_have_is_refused(policy, browse, fields, status):
    assert browse("admin").post(reverse("releases:new-policy"), fields).status_code == status


def test_problems_are_shown_with_their_place_and_nothing_is_saved(policy, browse):
    wrong = policy_document(
        gates=[{"name": "x", "evidence": "junit", "expression": "evidence.tests >"}],
        approvals=[{"name": "a", "required": 1, "roles": ["wizard"]}],
    )
    before = policy.versions.count()
    answer = save(browse("admin"), wrong)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "<code>$.gates[0].expression</code>" in shown
    assert "<code>$.approvals[0].roles[0]</code>" in shown
    assert "evidence.tests &gt;" in shown  # what was typed is still there
    assert policy.versions.count() == before


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("{", "line 1, column 2"),
        ('{"gates": NaN}', "NaN"),
        ('{"gates": [], "gates": []}', "twice"),
        ("[]", "A policy is a JSON object"),
        ('{"schema": "other/v9"}', "gatehouse.policy/v1"),
        ("", "required"),
        ("[" * 5000, "nested"),
        ('"' + "a" * 200_001 + '"', "at most"),
    ],
)
def test_what_is_no_document_is_said_where(policy, browse, raw, said):
    answer = save(browse("admin"), raw)
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_a_draft_is_published_and_then_a_new_one_is_written(policy, browse):
    client = browse("admin")
    client.post(reverse("releases:publish-policy", args=["standard", 2]))
    assert policy.versions.get(number=2).state == "published"
    save(client, policy_document())
    assert policy.versions.get(number=3).state == "draft"


def test_a_policy_is_put_in_force_by_whoever_chooses_it_there(policy, payments, browse):
    production = payments.environments.get(name="production")
    answer = browse("rashid").post(
        reverse("releases:activate-policy", args=["standard", 1]),
        {"environment": production.pk},
        follow=True,
    )
    assert "standard v1 is in force in Payments production" in text_of(answer)
    assert PolicyActivation.objects.filter(environment=production, ended_at=None).exists()


def test_a_draft_is_not_put_in_force(policy, payments, browse):
    answer = browse("admin").post(
        reverse("releases:activate-policy", args=["standard", 2]),
        {"environment": payments.environments.get(name="production").pk},
    )
    assert answer.status_code == 422
    assert "Publish it first" in text_of(answer)


def test_an_environment_that_one_may_not_see_is_no_choice(policy, payments, browse):
    hidden = factories.project("credit").environments.first()
    answer = browse("rashid").post(
        reverse("releases:activate-policy", args=["standard", 1]), {"environment": hidden.pk}
    )
    assert answer.status_code == 422
    assert not PolicyActivation.objects.filter(environment=hidden).exists()


def test_only_environments_where_one_may_choose_are_offered(policy, payments, browse):
    factories.member("rashid", factories.project("credit"), "viewer")
    page = browse("rashid").get(reverse("releases:policy-version", args=["standard", 1]))
    assert 'label="Payments"' in page.content.decode()
    assert 'label="Credit"' not in page.content.decode()
    assert "Put v1 in force" not in text_of(
        browse("vera").get(reverse("releases:policy-version", args=["standard", 1]))
    )


def test_where_a_policy_is_in_force_is_told_to_those_who_see_the_project(policy, browse):
    listed = reverse("releases:policies")
    assert "Payments staging" in text_of(browse("vera").get(listed))
    assert "nowhere that you see" in text_of(browse("olga").get(listed))


def test_a_document_is_read_in_words(policy, browse):
    said = text_of(browse("vera").get(reverse("releases:policy-version", args=["standard", 2])))
    assert "1 person with the role developer or release-manager." in said
    assert "evidence.coverage &gt;= 80" in said
    assert "Nobody approves their own change" in said


def test_two_versions_are_compared_in_words_and_line_by_line(policy, browse):
    address = reverse("releases:compare-policy", args=["standard"])
    client = browse("vera")
    said = text_of(client.get(address, {"old": "1", "new": "2"}))
    assert "coverage Gate Added" in said
    assert "+++ standard v2" in said
    assert "Both say the same" in text_of(client.get(address, {"old": "1", "new": "1"}))
    for wrong in ({"old": "1"}, {"old": "1", "new": "9"}, {"old": "x", "new": "1"}):
        assert client.get(address, wrong).status_code == 404


def test_the_policies_go_on_over_pages(payments, browse):
    admin = factories.admin()
    Policy.objects.bulk_create(
        Policy(name=f"p{number:03}", title=f"P{number}", created_by=admin) for number in range(60)
    )
    client = browse("vera")
    first = client.get(reverse("releases:policies")).content.decode()
    assert "p049" in first
    assert "p050" not in first
    further = client.get(reverse("releases:policies"), {"after": "p049"}).content.decode()
    assert "p050" in further
    assert "p049" not in further.partition("<tbody>")[2].partition("</tbody>")[0]
    back = client.get(reverse("releases:policies"), {"before": "p050"}).content.decode()
    assert "p000" in back
