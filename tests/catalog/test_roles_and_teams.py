"""Custom roles and teams, and that neither is a way up."""

import pytest

from catalog.actions.add_team_member import add_team_member
from catalog.actions.change_role import change_role
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.actions.give_membership import give_membership
from catalog.actions.remove_team_member import remove_team_member
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.errors import AlreadyExists, Conflict, InvalidInput, NotFound, NotPermitted
from catalog.models import Role, the_portal
from catalog.permissions import Permission, allowed

GOOD = {"slug": "tester", "title": "Tester", "permissions": ["add_evidence", "view_project"]}


@pytest.fixture
def manager(make, admin):
    return set_portal_permissions(make.person("vera"), permissions=["manage_people"], by=admin)


@pytest.fixture
def team(admin):
    return create_team(slug="appsec", name="Application security", by=admin)


def test_a_role_is_made_of_verbs(manager, events):
    made = create_role(
        **{**GOOD, "permissions": ["catalog.add_evidence", "view_project"]}, by=manager
    )
    assert made.permissions == ["view_project", "add_evidence"]
    assert not made.built_in
    assert events() == ["Vera Novak created the role tester: view_project, add_evidence."]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Tester"),
        ("title", ""),
        ("description", "d" * 301),
        ("permissions", []),
        ("permissions", ["add_evidence"]),
        ("permissions", ["view_project", "fly"]),
        ("permissions", ["view_project", "add_project"]),
        ("permissions", ["view_project", 7]),
        ("permissions", "view_project"),
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_is_named(manager, field, value):
    with pytest.raises(InvalidInput) as refused:
        create_role(**{**GOOD, field: value}, by=manager)
    assert list(refused.value.fields) == [field]


def test_a_slug_is_one_role(manager):
    with pytest.raises(AlreadyExists):
        create_role(**{**GOOD, "slug": "developer"}, by=manager)


def test_without_manage_people_nobody_makes_roles_or_teams(make, team):
    tom = make.person("tom")
    for act in (
        lambda: create_role(**GOOD, by=tom),
        lambda: change_role(Role.objects.first(), title="X", by=tom),
        lambda: create_team(slug="x", name="X", by=tom),
        lambda: add_team_member(team, make.person("sofia"), by=tom),
        lambda: remove_team_member(team, make.person("sofia"), by=tom),
    ):
        with pytest.raises(NotPermitted, match="manage_people"):
            act()


def test_built_in_roles_stay_as_they_are(admin):
    with pytest.raises(Conflict, match="built in"):
        change_role(Role.objects.get(slug="viewer"), permissions=["view_project"], by=admin)


def test_a_change_is_told(manager, events):
    tester = create_role(**GOOD, by=manager)
    change_role(tester, title="Quality", permissions=["view_project"], by=manager)
    change_role(tester, title="Quality", permissions=["view_project"], by=manager)
    assert events()[1:] == [
        "Vera Novak changed the role tester: title is now 'Quality'; it holds view_project."
    ]


def test_nobody_changes_a_role_they_have(make, project, manager, admin, team):
    tester = create_role(**GOOD, by=manager)
    more = [*GOOD["permissions"], "approve_change"]
    give_membership(project, role=tester, user=manager, by=admin)
    with pytest.raises(NotPermitted, match="have yourself"):
        change_role(tester, permissions=more, by=manager)
    auditing = create_role(**{**GOOD, "slug": "auditing"}, by=manager)
    add_team_member(team, manager, by=admin)
    give_membership(project, role=auditing, team=team, by=admin)
    with pytest.raises(NotPermitted, match="have yourself"):
        change_role(auditing, permissions=more, by=manager)
    assert not allowed(manager, Permission.APPROVE_CHANGE, project.environments.first())


def test_nobody_adds_themselves_to_a_team(manager, team):
    with pytest.raises(NotPermitted, match="whose roles you would get"):
        add_team_member(team, manager, by=manager)


def test_who_joins_and_who_leaves_is_told(make, manager, team, events):
    tom = make.person("tom")
    add_team_member(team, tom, by=manager)
    remove_team_member(team, tom, by=manager)
    assert events()[-2:] == [
        "Vera Novak added Tom Becker to the team appsec.",
        "Vera Novak removed Tom Becker from the team appsec.",
    ]
    with pytest.raises(NotFound):
        remove_team_member(team, tom, by=manager)


def test_a_member_is_a_member_once_and_an_active_person(make, project, manager, team):
    tom = make.person("tom")
    add_team_member(team, tom, by=manager)
    with pytest.raises(AlreadyExists):
        add_team_member(team, tom, by=manager)
    gone = make.person("sofia")
    gone.is_active = False
    gone.save()
    for account in (make.service_account(project).user, the_portal(), gone):
        with pytest.raises(InvalidInput, match="no active person"):
            add_team_member(team, account, by=manager)


def test_a_teams_slug_is_one_team(manager, team):
    with pytest.raises(AlreadyExists):
        create_team(slug="appsec", name="Other", by=manager)
    with pytest.raises(InvalidInput):
        create_team(slug="App Sec", name="", by=manager)
