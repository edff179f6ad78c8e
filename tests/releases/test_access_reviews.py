"""Access reviews: who opens, decides and signs them; what revoking does; what is refused."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Event
from audit.record import commitment
from catalog.actions.add_team_member import add_team_member
from catalog.actions.change_role import change_role
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.actions.end_membership import end_membership
from catalog.actions.give_membership import give_membership
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted, WrongMoment
from catalog.models import Membership, Role
from catalog.permissions import Permission, allowed
from releases.access.access import notes_of, reviewed
from releases.access.changes import changes_since
from releases.access.standing import Standing, standings_of
from releases.actions.decide_access import Wish, decide_access
from releases.actions.open_access_review import open_access_review
from releases.actions.sign_access_review import sign_access_review
from releases.canonical import digest_of
from releases.erasure import erase
from releases.errors import AccessChanged
from releases.models import AccessReview
from tests import factories


@pytest.fixture
def project(transactional_db):
    return factories.staffed_project()


@pytest.fixture
def oskar(project):
    return factories.person("oskar")


@pytest.fixture
def admin(project):
    return factories.admin()


@pytest.fixture
def review(project, oskar, admin):
    return open_access_review(project, owner=oskar, by=admin)


def key_of(review, username):
    rights = reviewed(review).access.rights
    return next(right.key for right in rights if right.account.username == username)


def keep_all(review, by, *, but=()):
    rights = reviewed(review).access.rights
    wishes = {
        right.key: Wish("keep")
        for right in rights
        if right.account != by and right.account.username not in but
    }
    return decide_access(review, wishes, by=by)


def completed(review, oskar, admin):
    keep_all(review, oskar, but=("tom",))
    decide_access(review, {key_of(review, "tom"): Wish("keep")}, by=oskar)
    decide_access(review, {key_of(review, "oskar"): Wish("keep")}, by=admin)
    return reviewed(review)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("username", ["tom", "audrey", "priya", "olga"])
def test_only_who_gives_roles_opens_a_review(project, oskar, username):
    with pytest.raises(NotPermitted):
        open_access_review(project, owner=oskar, by=factories.person(username))


def test_its_owner_must_be_able_to_carry_it_out(project, admin):
    with pytest.raises(InvalidInput, match="may not give or take roles"):
        open_access_review(project, owner=factories.person("audrey"), by=admin)


def test_it_is_due_in_the_future(project, oskar, admin):
    with pytest.raises(InvalidInput, match="future"):
        open_access_review(project, owner=oskar, due_at=timezone.now(), by=admin)


def test_one_is_open_at_a_time(review, project, oskar, admin):
    with pytest.raises(AlreadyExists, match="sign it first"):
        open_access_review(project, owner=oskar, by=admin)


def test_opening_is_an_event(review):
    event = Event.objects.get(stream=review.audit_stream)
    assert event.type == "releases.access_review_opened"
    assert event.project == "payments"


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("username", ["tom", "audrey", "priya"])
def test_only_who_gives_roles_decides(review, username):
    with pytest.raises(NotPermitted):
        decide_access(review, {key_of(review, "ines"): Wish("keep")}, by=factories.person(username))


@pytest.mark.parametrize("username", ["oskar", "admin"])
def test_nobody_reviews_their_own_access(review, username):
    by = factories.admin() if username == "admin" else factories.person(username)
    with pytest.raises(NotPermitted, match="Nobody reviews their own access"):
        decide_access(review, {key_of(review, username): Wish("keep")}, by=by)


def test_a_revoked_role_ends_at_once(review, project, oskar):
    tom = factories.person("tom")
    assert decide_access(review, {key_of(review, "tom"): Wish("revoke", "left")}, by=oskar) == []
    membership = Membership.objects.get(project=project, user=tom)
    assert membership.ended_at is not None
    assert not allowed(tom, Permission.VIEW_PROJECT, project)
    types = list(Event.objects.order_by("pk").values_list("type", flat=True))
    assert types[-2:] == ["releases.access_decided", "catalog.membership_ended"]
    assert [each.account for each in reviewed(review).revoked] == [tom]


def test_a_revoked_team_right_takes_the_person_out_of_the_team(review, project, oskar, admin):
    team = create_team(slug="night", name="Night", by=admin)
    nils = factories.person("nils")
    add_team_member(team, nils, by=admin)
    give_membership(project, role=Role.objects.get(slug="operator"), team=team, by=admin)
    key = key_of(review, "nils")
    [refused] = decide_access(review, {key: Wish("revoke")}, by=oskar)
    assert "still holds" in refused
    assert "manage_people" in refused
    assert team.members.filter(pk=nils.pk).exists()
    assert decide_access(review, {key: Wish("revoke")}, by=admin) == []
    assert not team.members.filter(pk=nils.pk).exists()


def test_a_portal_permission_is_revoked_by_a_superuser_only(review, oskar, admin):
    rashid = factories.person("rashid")
    set_portal_permissions(rashid, permissions=["edit_policies", "view_whole_audit"], by=admin)
    key = f"portal-edit_policies.{rashid.pseudonym}"
    [refused] = decide_access(review, {key: Wish("revoke")}, by=oskar)
    assert "Only a superuser" in refused
    assert decide_access(review, {key: Wish("revoke")}, by=admin) == []
    held = set(rashid.user_permissions.values_list("codename", flat=True))
    assert held == {"view_whole_audit"}


def test_a_superusers_standing_is_not_revoked_here(review, oskar):
    key = f"superuser-superuser.{factories.admin().pseudonym}"
    with pytest.raises(InvalidInput, match="superuser of the whole portal"):
        decide_access(review, {key: Wish("revoke")}, by=oskar)


@pytest.mark.parametrize(
    ("key", "wish"),
    [
        ("membership-999999.usr_x", Wish("keep")),
        (None, Wish("perhaps")),
        (None, Wish("keep", "x" * 501)),
        (None, Wish("keep", "a\x00b")),
    ],
    ids=["unknown", "verdict", "long", "nul"],
)
def test_a_decision_without_sense_is_refused(review, oskar, key, wish):
    with pytest.raises(InvalidInput):
        decide_access(review, {key or key_of(review, "tom"): wish}, by=oskar)
    assert not review.decisions.exists()


def test_a_right_that_became_another_one_is_decided_anew(review, project, oskar, admin):
    role = create_role(slug="helper", title="Helper", permissions=["view_project"], by=admin)
    give_membership(project, role=role, user=factories.person("nils"), by=admin)
    key = key_of(review, "nils")
    decide_access(review, {key: Wish("keep")}, by=oskar)
    change_role(role, permissions=[*role.permissions, "manage_project"], by=admin)
    found = reviewed(review)
    assert key in {right.key for right in found.undecided}


# ── signing ──────────────────────────────────────────────────────────────────────────────────────


def test_the_owner_signs_what_was_seen(review, oskar, admin):
    found = completed(review, oskar, admin)
    signed = sign_access_review(
        review, digest=found.digest, comment="All as it should be.", by=oskar
    )
    assert signed.state == "signed"
    assert signed.digest == digest_of(signed.document)
    event = Event.objects.filter(stream=review.audit_stream).latest("pk")
    assert event.type == "releases.access_review_signed"
    assert event.facts["data"]["digest"] == signed.digest
    assert event.facts["data"]["revoked"] == 0
    # People stand in the signed document by their pseudonyms only.
    assert "Tom" not in str(signed.document)


def test_nobody_but_the_owner_signs(review, oskar, admin):
    found = completed(review, oskar, admin)
    with pytest.raises(NotPermitted, match="its owner"):
        sign_access_review(review, digest=found.digest, by=admin)


def test_an_owner_who_no_longer_gives_roles_does_not_sign(review, project, oskar, admin):
    found = completed(review, oskar, admin)
    end_membership(Membership.objects.get(project=project, user=oskar), by=admin)
    with pytest.raises(NotPermitted):
        sign_access_review(review, digest=found.digest, by=oskar)


def test_what_is_not_decided_is_not_signed(review, oskar):
    keep_all(review, oskar)
    found = reviewed(review)
    with pytest.raises(
        WrongMoment, match=r"1 of \d+ rights are not decided, such as Project admin"
    ):
        sign_access_review(review, digest=found.digest, by=oskar)


def test_a_revocation_that_was_refused_keeps_it_from_being_signed(review, oskar, admin):
    rashid = factories.person("rashid")
    set_portal_permissions(rashid, permissions=["edit_policies"], by=admin)
    completed(review, oskar, admin)
    decide_access(review, {f"portal-edit_policies.{rashid.pseudonym}": Wish("revoke")}, by=oskar)
    with pytest.raises(WrongMoment, match="still holds"):
        sign_access_review(review, digest=reviewed(review).digest, by=oskar)


def test_access_that_changed_after_one_looked_is_not_signed(review, project, oskar, admin):
    found = completed(review, oskar, admin)
    end_membership(Membership.objects.get(project=project, user__username="vera"), by=admin)
    with pytest.raises(AccessChanged, match="Look again"):
        sign_access_review(review, digest=found.digest, by=oskar)


def test_what_is_signed_stays(review, oskar, admin):
    found = completed(review, oskar, admin)
    sign_access_review(review, digest=found.digest, by=oskar)
    with pytest.raises(WrongMoment, match="signed already"):
        sign_access_review(review, digest=found.digest, by=oskar)
    with pytest.raises(WrongMoment, match="is signed"):
        decide_access(review, {key_of(review, "tom"): Wish("revoke")}, by=oskar)


def test_the_database_refuses_a_signature_without_its_event(review):
    with pytest.raises(IntegrityError, match="left no audit event"), transaction.atomic():
        AccessReview.objects.filter(pk=review.pk).update(
            state="signed", signed_at=timezone.now(), document={}, digest=f"sha256:{'0' * 64}"
        )


# ── due and overdue ──────────────────────────────────────────────────────────────────────────────


def standing(project):
    [found] = standings_of([project])
    return found.standing


def test_a_project_stands_as_its_reviews_do(project, oskar, admin):
    assert standing(project) == Standing.FIRST
    project.created_at -= timedelta(days=80)
    assert standing(project) == Standing.DUE
    project.created_at -= timedelta(days=20)
    assert standing(project) == Standing.OVERDUE
    review = open_access_review(project, owner=oskar, by=admin)
    assert standing(project) == Standing.OPEN
    AccessReview.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert standing(project) == Standing.OVERDUE
    review.refresh_from_db()
    found = completed(review, oskar, admin)
    sign_access_review(review, digest=found.digest, by=oskar)
    assert standing(project) == Standing.CURRENT


def test_what_changed_since_the_last_review_is_told(review, project, oskar, admin):
    found = completed(review, oskar, admin)
    signed = sign_access_review(review, digest=found.digest, by=oskar)
    assert changes_since(project, signed) == []
    factories.member("nils", project, "developer")
    [event] = changes_since(project, signed)
    assert "gave Nils the role developer" in event.sentence
    assert len(changes_since(project, None)) > 5


def test_an_erasure_takes_what_was_typed_by_or_about_a_person(review, oskar, admin):
    decide_access(
        review, {key_of(review, "tom"): Wish("keep", "Tom stands in for Dana.")}, by=oskar
    )
    decide_access(review, {key_of(review, "ines"): Wish("keep", "as always")}, by=admin)
    assert erase(factories.person("tom")).counts["texts in access reviews"] == 1
    notes = dict(review.decisions.values_list("account__username", "note"))
    assert (notes["tom"], notes["ines"]) == ("(erased)", "as always")


def test_an_erasure_takes_the_words_of_a_signed_review_and_the_signature_holds(
    review, oskar, admin
):
    found = completed(review, oskar, admin)
    decide_access(
        review, {key_of(review, "tom"): Wish("keep", "Tom stands in for Dana.")}, by=oskar
    )
    found = reviewed(review)
    signed = sign_access_review(review, digest=found.digest, by=oskar)
    assert "Dana" not in json.dumps(signed.document)
    [told] = [each for each in notes_of(signed) if each["note"] == "Tom stands in for Dana."]
    rights = {each["key"]: each for each in signed.document["rights"]}
    held = commitment("note", told["note"], bytes.fromhex(told["salt"]))
    assert rights[told["right"]]["note"] == held
    assert commitment("note", "Tom stands in for Ines.", bytes.fromhex(told["salt"])) != held
    erase(factories.person("tom"))
    signed = AccessReview.objects.get(pk=review.pk)
    assert digest_of(signed.document) == signed.digest == found.digest
    assert told not in notes_of(signed)
    [decision] = signed.decisions.filter(key=told["right"])
    assert (decision.note, bytes(decision.note_salt)) == ("(erased)", b"")
