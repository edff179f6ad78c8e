"""Accounts of people: who may make, change and end them, and what no one may do to their own."""

import pytest

from audit.models import Disclosure, Event
from audit.privacy.disclosures import disclosed
from catalog.actions.add_identity import add_identity
from catalog.actions.change_person import change_person
from catalog.actions.create_person import create_person
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.remove_identity import remove_identity
from catalog.actions.set_password import set_password
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.errors import AlreadyExists, Conflict, InvalidInput, NotPermitted
from catalog.models import ApiToken, Identity, User, the_portal
from catalog.people import display_name

GOOD = {"username": "maria", "full_name": "Maria Costa", "email": "Maria@example.com"}


@pytest.fixture
def manager(make, admin):
    """Somebody who may manage people and is no superuser."""
    return set_portal_permissions(make.person("vera"), permissions=["manage_people"], by=admin)


def addresses(person):
    return sorted(person.identities.filter(kind="email").values_list("value", flat=True))


def test_an_account_is_made_with_its_address_as_an_identity(manager, events):
    maria = create_person(**GOOD, job_title="Analyst", by=manager)
    assert (maria.kind, maria.is_superuser, maria.is_staff) == ("person", False, False)
    assert not maria.has_usable_password()
    assert addresses(maria) == ["Maria@example.com"]
    assert display_name(maria) == "Maria Costa"
    assert events() == ["Vera Novak created the account of Maria Costa."]


def test_the_entry_holds_the_pseudonym_and_no_name(manager):
    maria = create_person(**GOOD, by=manager)
    entry = bytes(Event.objects.latest("pk").entry).decode()
    assert maria.pseudonym in entry
    assert not any(word in entry for word in ("maria", "Maria", "Costa"))
    newest = Disclosure.objects.latest("event_id").pk
    assert disclosed([newest])[newest]["username"] == "maria"


def test_without_manage_people_nobody_makes_or_changes_accounts(make):
    tom, sofia = make.person("tom"), make.person("sofia")
    for act in (
        lambda: create_person(**GOOD, by=tom),
        lambda: change_person(sofia, full_name="X", by=tom),
        lambda: deactivate_person(sofia, by=tom),
        lambda: reactivate_person(sofia, by=tom),
        lambda: add_identity(sofia, kind="scm_login", value="x", by=tom),
        lambda: remove_identity(sofia.identities.get(), by=tom),
    ):
        with pytest.raises(NotPermitted, match="manage_people"):
            act()


def test_only_a_superuser_makes_superusers_and_touches_them(manager, admin):
    for act in (
        lambda: create_person(**GOOD, is_superuser=True, by=manager),
        lambda: change_person(admin, email="mine@example.com", by=manager),
        lambda: deactivate_person(admin, by=manager),
        lambda: add_identity(admin, kind="scm_login", value="x", by=manager),
        lambda: set_password(admin, password="four-loud-harbours", by=manager),
    ):
        with pytest.raises(NotPermitted, match="superuser"):
            act()
    assert create_person(**GOOD, is_superuser=True, by=admin).is_superuser


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "two words"),
        ("username", "u" * 151),
        ("username", 5),
        ("full_name", "n" * 151),
        ("full_name", "nul\x00"),
        ("email", "no address"),
        ("email", ["a@example.com"]),
        ("job_title", "j" * 101),
        ("password", "short"),
        ("password", "1234567890123"),
        ("password", "Maria@example.com"),
        ("password", 12345678901234),
        ("password", "long" * 50),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_field_that_does_not_fit_is_named(manager, field, value):
    with pytest.raises(InvalidInput) as refused:
        create_person(**{**GOOD, field: value}, by=manager)
    assert list(refused.value.fields) == [field]
    assert not User.objects.filter(full_name="Maria Costa").exists()


def test_a_user_name_or_address_is_one_persons(make, manager):
    tom = make.person("tom")
    with pytest.raises(AlreadyExists, match="account 'tom'"):
        create_person(username="tom", by=manager)
    with pytest.raises(InvalidInput, match="Somebody else"):
        create_person(username="tom2", email="TOM@example.com", by=manager)
    with pytest.raises(InvalidInput, match="Somebody else"):
        change_person(make.person("sofia"), email="Tom@Example.com", by=manager)
    add_identity(tom, kind="email", value="tb@example.org", by=manager)
    with pytest.raises(AlreadyExists, match="somebody else's"):
        create_person(username="tom3", email="tb@example.org", by=manager)
    with pytest.raises(AlreadyExists, match="somebody else's"):
        change_person(make.person("sofia"), email="TB@example.org", by=manager)


def test_everybody_changes_their_own_name_but_not_their_own_address(make, events):
    tom = make.person("tom")
    changed = change_person(tom, full_name="Thomas Becker", job_title="Developer", by=tom)
    assert (changed.full_name, changed.job_title) == ("Thomas Becker", "Developer")
    with pytest.raises(NotPermitted, match="e-mail address"):
        change_person(tom, email="somebody@example.com", by=tom)
    assert events()[-1] == (
        "Tom Becker changed the account of Thomas Becker: full name, job title."
    )


def test_an_old_address_still_tells_whose_commits_they_are(make, manager):
    tom = make.person("tom")
    change_person(tom, email="tom@new.example.com", by=manager)
    assert addresses(tom) == ["tom@example.com", "tom@new.example.com"]
    change_person(tom, email="TOM@example.com", by=manager)
    assert addresses(tom) == ["tom@example.com", "tom@new.example.com"]
    assert change_person(tom, email="", by=manager).email == ""


def test_a_change_that_changes_nothing_leaves_no_event(make, manager, events):
    tom = make.person("tom")
    seen = len(events())
    change_person(tom, full_name=tom.full_name, email=tom.email, by=manager)
    set_portal_permissions(tom, permissions=[], by=make.admin())
    reactivate_person(tom, by=manager)
    assert len(events()) == seen


def test_the_deactivated_may_do_nothing_and_their_tokens_stop_for_good(
    make, project, manager, events
):
    tom = make.member("tom", project)
    make.token(tom)
    assert ApiToken.objects.usable().count() == 1
    gone = deactivate_person(tom, by=manager)
    assert not gone.is_active
    assert ApiToken.objects.usable().count() == 0
    assert events()[-1] == "Vera Novak deactivated the account of Tom Becker."
    deactivate_person(tom, by=manager)
    reactivate_person(tom, by=manager)
    assert ApiToken.objects.usable().count() == 0
    assert events()[-1] == "Vera Novak reactivated the account of Tom Becker."
    assert sum("deactivated" in sentence for sentence in events()) == 1


def test_the_last_active_superuser_stays(make, admin):
    other = make.person("olga")
    with pytest.raises(Conflict, match="last active superuser"):
        deactivate_person(admin, by=the_portal())
    User.objects.filter(pk=other.pk).update(is_superuser=True)
    other.refresh_from_db()
    deactivate_person(admin, by=other)
    with pytest.raises(Conflict):
        deactivate_person(other, by=the_portal())


@pytest.mark.django_db(transaction=True)
def test_two_superusers_cannot_deactivate_each_other_at_once(make, at_once):
    admin = make.admin()
    other = create_person(**GOOD, is_superuser=True, by=admin)
    results = at_once(
        lambda: deactivate_person(other, by=admin), lambda: deactivate_person(admin, by=other)
    )
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
    assert sum(isinstance(result, User) for result in results) == 1


def test_nobody_deactivates_themselves_or_decides_under_which_names_they_are_known(manager, events):
    seen = events()
    for act in (
        lambda: deactivate_person(manager, by=manager),
        lambda: add_identity(manager, kind="scm_login", value="vera", by=manager),
        lambda: remove_identity(manager.identities.get(), by=manager),
    ):
        with pytest.raises(NotPermitted, match="You may not"):
            act()
    assert events() == seen


def test_machines_and_the_portal_are_no_people(make, project, admin):
    machine = make.service_account(project).user
    for account in (machine, the_portal()):
        with pytest.raises(InvalidInput, match="no person"):
            deactivate_person(account, by=admin)


def test_identities_are_noted_and_removed(make, manager, events):
    tom = make.person("tom")
    noted = add_identity(tom, kind="scm_login", value="tbecker", by=manager)
    assert events()[-1] == "Vera Novak noted that Tom Becker is also known as tbecker."
    entry = bytes(Event.objects.latest("pk").entry).decode()
    assert "tbecker" not in entry
    remove_identity(noted, by=manager)
    assert events()[-1] == "Vera Novak noted that Tom Becker is no longer known as tbecker."
    assert not Identity.objects.filter(kind="scm_login").exists()


def test_an_identity_is_one_person_whatever_its_case(make, manager):
    add_identity(make.person("tom"), kind="scm_login", value="tbecker", by=manager)
    with pytest.raises(AlreadyExists) as refused:
        add_identity(make.person("sofia"), kind="scm_login", value="TBecker", by=manager)
    assert list(refused.value.fields) == ["value"]
    add_identity(make.person("sofia"), kind="mlflow", value="tbecker", by=manager)


def test_an_address_in_use_is_nobody_elses_identity(make, manager):
    tom = make.person("tom")
    tom.identities.all().delete()
    with pytest.raises(AlreadyExists):
        add_identity(make.person("sofia"), kind="email", value="TOM@example.com", by=manager)
    add_identity(tom, kind="email", value="tom@example.com", by=manager)


def test_another_name_lets_what_waits_be_looked_at_again(
    make, project, manager, monkeypatch, django_capture_on_commit_callbacks
):
    tom = make.member("tom", project)
    nudged = []
    monkeypatch.setattr("catalog.nudges._send", lambda *message: nudged.append(message[:2]))
    with django_capture_on_commit_callbacks(execute=True):
        noted = add_identity(tom, kind="scm_login", value="tbecker", by=manager)
        change_person(tom, email="tom@new.example.com", by=manager)
        change_person(tom, job_title="Developer", by=manager)
        remove_identity(noted, by=manager)
    assert nudged == [("releases.reevaluate_project", project.pk)] * 3


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "nickname"), ("kind", None), ("value", ""), ("value", "v" * 255), ("value", "a\x00")],
)
def test_an_identitys_field_that_does_not_fit_is_named(make, manager, field, value):
    facts = {"kind": "scm_login", "value": "tbecker", field: value}
    with pytest.raises(InvalidInput) as refused:
        add_identity(make.person("tom"), **facts, by=manager)
    assert list(refused.value.fields) == [field]


def test_the_present_address_is_no_identity_to_remove(make, manager):
    tom = make.person("tom")
    with pytest.raises(Conflict, match="change that first"):
        remove_identity(tom.identities.get(), by=manager)


def test_portal_permissions_are_given_and_taken_by_superusers(make, admin, events):
    priya = make.person("priya")
    given = ["catalog.edit_policies", "add_project"]
    priya = set_portal_permissions(priya, permissions=given, by=admin)
    assert priya.has_perm("catalog.edit_policies")
    assert priya.has_perm("catalog.add_project")
    assert events()[-1] == (
        "Admin gave Priya Raman these portal permissions: add_project, edit_policies."
    )
    priya = set_portal_permissions(priya, permissions=[], by=admin)
    assert not priya.has_perm("catalog.edit_policies")
    assert events()[-1].endswith(": none.")


def test_managing_people_does_not_lead_to_more(make, manager):
    with pytest.raises(NotPermitted, match="superuser"):
        set_portal_permissions(manager, permissions=["edit_policies"], by=manager)


@pytest.mark.parametrize("unknown", ["fly", "catalog.view_project", "auth.add_user", ""])
def test_an_unknown_portal_permission_is_refused(make, admin, unknown):
    with pytest.raises(InvalidInput, match="no such portal permission"):
        set_portal_permissions(make.person("tom"), permissions=[unknown], by=admin)


def test_a_password_is_ones_own_or_a_superusers_to_set(make, admin, events):
    tom = make.person("tom")
    set_password(tom, password="four-loud-harbours", by=tom)
    assert User.objects.get(pk=tom.pk).check_password("four-loud-harbours")
    assert tom.check_password("four-loud-harbours")
    assert events()[-1] == "Tom Becker changed the account of Tom Becker: password."
    set_password(tom, password="five-loud-harbours", by=admin)
    with pytest.raises(NotPermitted):
        set_password(tom, password="six-loud-harbours", by=make.person("sofia"))
    with pytest.raises(InvalidInput):
        set_password(tom, password="short", by=tom)
    assert User.objects.get(pk=tom.pk).check_password("five-loud-harbours")


@pytest.mark.parametrize("value", ["tom", "@example.org", "tom@", "@"])
def test_an_address_has_a_name_and_a_host(make, manager, value):
    with pytest.raises(InvalidInput, match="a name, an @ and a host"):
        add_identity(make.person("tom"), kind="email", value=value, by=manager)
