"""The pages and the REST calls of access reviews: who sees them, who is refused, what they do."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import Membership
from releases.access.access import reviewed
from releases.actions.decide_access import Wish, decide_access
from releases.actions.open_access_review import open_access_review
from releases.models import AccessReview
from tests import factories
from tests.support.callers import client_of


@pytest.fixture
def project(transactional_db):
    factories.project("lending")
    return factories.staffed_project()


@pytest.fixture
def review(project):
    return open_access_review(project, owner=factories.person("oskar"), by=factories.admin())


def account(username):
    return factories.admin() if username == "admin" else factories.person(username)


def as_(username):
    client = Client()
    client.force_login(account(username))
    return client


def pages_of(review):
    slug = review.project.slug
    return [
        reverse("releases:access", args=[slug]),
        reverse("releases:export-access", args=[slug, "csv"]),
        reverse("releases:export-access", args=[slug, "json"]),
        reverse("releases:access-review", args=[review.pk]),
        reverse("releases:export-review", args=[review.pk, "csv"]),
        reverse("releases:export-review", args=[review.pk, "json"]),
    ]


def api_of(review):
    base = "/api/v1"
    return [
        f"{base}/projects/payments/access/",
        f"{base}/projects/payments/access-reviews/",
        f"{base}/access-reviews/{review.pk}/",
        f"{base}/access-reviews/{review.pk}/csv/",
    ]


def keys_of(review, *, but=()):
    rights = reviewed(review).access.rights
    return [right.key for right in rights if right.account.username not in but]


def complete(review):
    oskar, admin = account("oskar"), account("admin")
    mine = [r.key for r in reviewed(review).access.rights if r.account == oskar]
    decide_access(review, {k: Wish("keep") for k in keys_of(review, but=("oskar",))}, by=oskar)
    decide_access(review, {key: Wish("keep") for key in mine}, by=admin)


# ── seeing ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("username", ["audrey", "oskar", "admin"])
def test_who_audits_or_gives_roles_sees_access(review, username):
    for page in [*pages_of(review), reverse("releases:access-reviews")]:
        assert as_(username).get(page).status_code == 200
    for url in api_of(review):
        assert client_of(account(username)).get(url).status_code == 200


@pytest.mark.parametrize("username", ["tom", "vera"])
def test_a_member_who_does_neither_is_refused(review, username):
    statuses = [as_(username).get(page).status_code for page in pages_of(review)]
    assert statuses == [403, 403, 403, 404, 404, 404]
    assert as_(username).get(reverse("releases:access-reviews")).status_code == 404
    for url in api_of(review):
        answer = client_of(account(username)).get(url)
        assert answer.status_code == 403
        assert "'view_audit' or 'manage_members'" in answer.json()["detail"]


def test_who_reads_the_whole_log_sees_access_without_a_role_in_the_project(review):
    olga = account("olga")
    set_portal_permissions(olga, permissions=["view_whole_audit"], by=account("admin"))
    for page in [*pages_of(review), reverse("releases:access-reviews")]:
        assert as_("olga").get(page).status_code == 200
    for url in api_of(review):
        assert client_of(olga).get(url).status_code == 200
    opening = reverse("releases:open-access-review", args=["payments"])
    assert as_("olga").post(opening, {"owner": account("oskar").pk}).status_code == 403


def test_a_project_that_nobody_has_reviewed_yet_is_not_called_reviewed(project):
    client = as_("audrey")
    for url in (reverse("releases:access-reviews"), reverse("releases:access", args=["payments"])):
        page = client.get(url).content.decode()
        assert "Not reviewed yet" in page
        assert "Reviewed" not in page


def test_an_outsider_finds_nothing(review):
    for page in pages_of(review):
        assert as_("olga").get(page).status_code == 404
    for url in api_of(review):
        assert client_of(account("olga")).get(url).status_code == 404


def test_an_auditor_gets_no_forms(review):
    page = as_("audrey").get(reverse("releases:access-review", args=[review.pk])).content.decode()
    assert "verdict:" not in page
    assert "Sign the review" not in page


def test_the_page_says_who_signs_for_which_rule_where(review):
    page = as_("audrey").get(reverse("releases:access", args=["payments"])).content.decode()
    assert "Combinations to look at" in page
    assert "chooses the policy and signs under it" in page
    assert "Priya Raman" in page


def test_one_does_not_decide_about_oneself_on_the_page(review):
    page = as_("oskar").get(reverse("releases:access-review", args=[review.pk])).content.decode()
    membership = Membership.objects.get(project=review.project, user=account("oskar"))
    assert f"verdict:membership-{membership.pk}." not in page
    assert "Your own: somebody else decides." in page


# ── doing, on the pages ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("username", "status"), [("tom", 403), ("audrey", 403), ("olga", 404)])
def test_opening_is_refused_on_the_page(project, username, status):
    url = reverse("releases:open-access-review", args=["payments"])
    answer = as_(username).post(url, {"owner": account("oskar").pk})
    assert answer.status_code == status
    assert not AccessReview.objects.exists()


@pytest.mark.parametrize(("username", "status"), [("tom", 404), ("audrey", 403), ("olga", 404)])
def test_deciding_and_signing_are_refused_on_the_page(review, username, status):
    [key, *_] = keys_of(review, but=("oskar", username))
    decide = reverse("releases:decide-access", args=[review.pk])
    assert as_(username).post(decide, {f"verdict:{key}": "keep"}).status_code == status
    sign = reverse("releases:sign-access-review", args=[review.pk])
    digest = reviewed(review).digest
    assert as_(username).post(sign, {"digest": digest}).status_code == status
    assert not review.decisions.exists()


def test_a_review_from_its_opening_to_the_signature(project):
    oskar, admin = as_("oskar"), as_("admin")
    url = reverse("releases:open-access-review", args=["payments"])
    opened = admin.post(url, {"owner": account("oskar").pk, "due_at": "2099-01-01"}, follow=True)
    assert "is open" in opened.content.decode()
    review = AccessReview.objects.get()
    decide = reverse("releases:decide-access", args=[review.pk])
    verdicts = {f"verdict:{key}": "keep" for key in keys_of(review, but=("oskar",))}
    tom = f"verdict:{next(k for k in keys_of(review) if account('tom').pseudonym in k)}"
    done = oskar.post(decide, {**verdicts, tom: "revoke"}, follow=True).content.decode()
    assert "The decisions are kept." in done
    assert "Revoked in this review" in done
    mine = {f"verdict:{k}": "keep" for k in keys_of(review) if account("oskar").pseudonym in k}
    admin.post(decide, mine)
    sign = reverse("releases:sign-access-review", args=[review.pk])
    digest = reviewed(review).digest
    signed = oskar.post(sign, {"digest": digest, "comment": "Looked through."}, follow=True)
    assert f"The access review {review.pk} is signed." in signed.content.decode()
    table = as_("audrey").get(reverse("releases:export-review", args=[review.pk, "csv"]))
    assert "revoke" in table.content.decode()
    whole = json.loads(
        as_("audrey").get(reverse("releases:export-review", args=[review.pk, "json"])).content
    )
    assert whole["digest"] == digest
    assert len(whole["document"]["revoked"]) == 1


def test_a_stale_page_is_not_signed(review):
    complete(review)
    sign = reverse("releases:sign-access-review", args=[review.pk])
    answer = as_("oskar").post(sign, {"digest": f"sha256:{'0' * 64}"})
    assert answer.status_code == 409
    assert "Look again" in answer.content.decode()


def test_the_number_of_queries_does_not_grow(review, django_assert_max_num_queries):
    client = as_("oskar")
    urls = [reverse("releases:access-review", args=[review.pk])]
    urls.append(reverse("releases:access", args=["payments"]))
    for url in urls:
        client.get(url)
    for name in ("nils", "nora"):
        factories.member(name, review.project, "developer")
        for url in urls:
            with django_assert_max_num_queries(32):
                client.get(url)


# ── doing, over REST ─────────────────────────────────────────────────────────────────────────────


def test_a_review_over_rest(project):
    oskar, admin = client_of(account("oskar")), client_of(account("admin"))
    asked = {"owner": "oskar", "due_at": "2099-01-01T00:00:00Z"}
    made = admin.post("/api/v1/projects/payments/access-reviews/", asked, format="json")
    assert made.status_code == 201
    review = AccessReview.objects.get(pk=made.json()["id"])
    url = f"/api/v1/access-reviews/{review.pk}/"
    theirs = [{"right": k, "verdict": "keep"} for k in keys_of(review, but=("oskar",))]
    assert oskar.post(f"{url}decide/", {"decisions": theirs}, format="json").status_code == 200
    mine = [
        {"right": k, "verdict": "keep"} for k in keys_of(review) if account("oskar").pseudonym in k
    ]
    answer = admin.post(f"{url}decide/", {"decisions": mine}, format="json").json()
    assert answer["refused"] == []
    body = {"digest": answer["digest"], "comment": "ok"}
    refused = admin.post(f"{url}sign/", body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    stale = oskar.post(f"{url}sign/", {"digest": f"sha256:{'0' * 64}"}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "access_changed")
    signed = oskar.post(f"{url}sign/", body, format="json").json()
    assert signed["state"] == "signed"
    assert signed["digest"] == answer["digest"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decide/", {"decisions": [{"right": "x", "verdict": "keep"}]}),
        ("decide/", {"decisions": []}),
        ("decide/", {"decisions": [{"right": 1, "verdict": "keep"}]}),
        ("decide/", {"decisions": [{"right": "x", "verdict": "maybe"}]}),
        ("sign/", {}),
        ("sign/", {"digest": 5}),
        ("sign/", {"digest": "x", "more": 1}),
    ],
    ids=["unknown", "none", "number", "verdict", "empty", "digest", "more"],
)
def test_a_body_without_sense_is_refused(review, path, body):
    url = f"/api/v1/access-reviews/{review.pk}/{path}"
    assert client_of(account("oskar")).post(url, body, format="json").status_code == 400


@pytest.mark.parametrize(("username", "status"), [("tom", 403), ("audrey", 403), ("olga", 404)])
def test_the_writes_are_refused_over_rest(review, username, status):
    client = client_of(account(username))
    [key, *_] = keys_of(review, but=("oskar", username))
    writes = {
        "/api/v1/projects/payments/access-reviews/": {"owner": "oskar"},
        f"/api/v1/access-reviews/{review.pk}/decide/": {
            "decisions": [{"right": key, "verdict": "revoke"}]
        },
        f"/api/v1/access-reviews/{review.pk}/sign/": {"digest": reviewed(review).digest},
    }
    for url, body in writes.items():
        assert client.post(url, body, format="json").status_code == status


def test_a_token_without_the_scope_does_not_decide(review):
    client = client_of(account("oskar"), scopes=["read"])
    [key, *_] = keys_of(review, but=("oskar",))
    url = f"/api/v1/access-reviews/{review.pk}/decide/"
    body = {"decisions": [{"right": key, "verdict": "keep"}]}
    assert client.post(url, body, format="json").status_code == 403


def test_access_over_rest_says_what_is_odd(project):
    answer = client_of(account("audrey")).get("/api/v1/projects/payments/access/").json()
    assert answer["standing"] == "first"
    assert {"account", "verbs", "way", "last_used"} <= set(answer["rights"][0])
    assert "chooses-policy-and-signs" in {each["name"] for each in answer["combinations"]}
