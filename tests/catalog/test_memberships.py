"""Who may give which role to whom, for how long, and where."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Event
from catalog.actions.add_team_member import add_team_member
from catalog.actions.create_team import create_team
from catalog.actions.end_membership import end_membership
from catalog.actions.expire_memberships import expire_memberships
from catalog.actions.give_membership import give_membership
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted, WrongMoment
from catalog.models import Membership, ProjectUserObjectPermission
from catalog.permissions import Permission, allowed
from catalog.tasks import expire


def test_the_projects_administrator_gives_roles(make, project, oskar, role, events):
    tom = make.person("tom")
    given = give_membership(project, role=role("developer"), user=tom, by=oskar)
    assert (given.user, given.role.slug, given.created_by) == (tom, "developer", oskar)
    assert events()[-1:] == ["Oskar Lind gave Tom Becker the role developer in payments."]


def test_limits_are_told(make, project, oskar, role, events):
    ends = timezone.now() + timedelta(days=30)
    production = project.environments.get(name="production")
    give_membership(
        project,
        role=role("developer"),
        user=make.person("tom"),
        environments=[production],
        expires_at=ends,
        by=oskar,
    )
    assert events()[-1].endswith(f"in payments on production only until {ends:%Y-%m-%d %H:%M} UTC.")


def test_without_manage_members_nobody_gives_roles(make, project, role):
    priya = make.member("priya", project)
    with pytest.raises(NotPermitted, match="give or take roles"):
        give_membership(project, role=role("viewer"), user=make.person("tom"), by=priya)


def test_nobody_gives_a_role_to_themselves(project, oskar, role):
    with pytest.raises(NotPermitted, match="yourself"):
        give_membership(project, role=role("release-manager"), user=oskar, by=oskar)


def test_nobody_gives_a_role_to_a_team_they_are_in(make, project, oskar, role, admin):
    team = create_team(slug="platform", name="Platform", by=admin)
    add_team_member(team, oskar, by=admin)
    with pytest.raises(NotPermitted, match="a team you are in"):
        give_membership(project, role=role("security"), team=team, by=oskar)


def test_the_same_role_is_not_given_twice(make, project, oskar, role):
    tom = make.member("tom", project)
    with pytest.raises(AlreadyExists) as refused:
        give_membership(project, role=role("developer"), user=tom, by=oskar)
    assert list(refused.value.fields) == ["role"]
    assert "end that membership first" in refused.value.sentence


def test_after_it_ended_it_can_be_given_again(make, project, oskar, role):
    tom = make.member("tom", project)
    end_membership(Membership.objects.get(user=tom), by=oskar)
    give_membership(project, role=role("developer"), user=tom, by=oskar)
    assert Membership.objects.filter(user=tom).count() == 2


def test_one_that_ran_out_does_not_stand_in_the_way_before_the_sweep(
    make, project, oskar, role, events
):
    tom = make.member("tom", project, expires_at=timezone.now() + timedelta(days=1))
    Membership.objects.update(expires_at=timezone.now())
    give_membership(project, role=role("developer"), user=tom, by=oskar)
    assert events()[-2:] == [
        "The role developer of Tom Becker in payments ran out.",
        "Oskar Lind gave Tom Becker the role developer in payments.",
    ]


def test_either_a_user_or_a_team(make, project, oskar, role, admin):
    team = create_team(slug="platform", name="Platform", by=admin)
    for who in ({}, {"user": make.person("tom"), "team": team}):
        with pytest.raises(InvalidInput, match="either a user or a team"):
            give_membership(project, role=role("viewer"), by=oskar, **who)


@pytest.mark.parametrize("seconds", [0, -1, -86400])
def test_the_end_must_be_in_the_future(make, project, oskar, role, seconds):
    with pytest.raises(InvalidInput) as refused:
        give_membership(
            project,
            role=role("viewer"),
            user=make.person("tom"),
            expires_at=timezone.now() + timedelta(seconds=seconds),
            by=oskar,
        )
    assert list(refused.value.fields) == ["expires_at"]


def test_an_environment_of_another_project_is_refused(make, project, oskar, role):
    foreign = make.project("ledger").environments.first()
    with pytest.raises(InvalidInput, match="no environment of payments"):
        give_membership(
            project,
            role=role("developer"),
            user=make.person("tom"),
            environments=[foreign],
            by=oskar,
        )


@pytest.mark.parametrize("slug", ["project-admin", "operator"])
def test_a_role_that_manages_the_project_cannot_be_limited(make, project, oskar, role, slug):
    with pytest.raises(InvalidInput, match="cannot be limited to environments"):
        give_membership(
            project,
            role=role(slug),
            user=make.person("tom"),
            environments=list(project.environments.all()),
            by=oskar,
        )


def test_a_deactivated_account_gets_no_role(make, project, oskar, role):
    tom = make.person("tom")
    tom.is_active = False
    tom.save()
    with pytest.raises(InvalidInput, match="deactivated"):
        give_membership(project, role=role("viewer"), user=tom, by=oskar)


def test_a_service_account_acts_in_its_own_project_only(make, project, role, admin):
    machine = make.service_account(make.project("ledger"), "ledger-ci").user
    with pytest.raises(InvalidInput, match="no service account of payments"):
        give_membership(project, role=role("ci"), user=machine, by=admin)


def test_the_portals_own_account_gets_no_role(project, role, admin, django_user_model):
    gatehouse = django_user_model.objects.get(username="gatehouse")
    with pytest.raises(InvalidInput):
        give_membership(project, role=role("security"), user=gatehouse, by=admin)


def test_a_service_account_gets_no_role_that_manages_people(make, project, oskar, role):
    machine = make.service_account(project, role="").user
    with pytest.raises(InvalidInput, match="for people, not for service accounts"):
        give_membership(project, role=role("project-admin"), user=machine, by=oskar)


def test_ending_a_membership_ends_its_grants_and_says_so(make, project, oskar, events):
    tom = make.member("tom", project)
    ended = end_membership(Membership.objects.get(user=tom), by=oskar)
    assert ended.ended_at is not None
    assert not allowed(tom, Permission.VIEW_PROJECT, project)
    assert events()[-1:] == ["Oskar Lind ended the role developer of Tom Becker in payments."]
    with pytest.raises(WrongMoment, match="ended already"):
        end_membership(ended, by=oskar)


def test_without_manage_members_nobody_ends_one(make, project):
    tom = make.member("tom", project)
    with pytest.raises(NotPermitted):
        end_membership(Membership.objects.get(user=tom), by=tom)


def test_what_is_recorded_holds_no_name(make, project, oskar, role):
    give_membership(project, role=role("developer"), user=make.person("tom"), by=oskar)
    entry = bytes(Event.objects.latest("pk").entry).decode()
    assert "Becker" not in entry
    assert "tom" not in entry
    assert make.person("tom").pseudonym in entry


def test_a_teams_membership_is_told_by_its_name(project, oskar, role, admin, events):
    team = create_team(slug="appsec", name="Application security", by=admin)
    give_membership(project, role=role("security"), team=team, by=oskar)
    end_membership(Membership.objects.get(team=team), by=oskar)
    told = "the team Application security"
    assert events()[-2:] == [
        f"Oskar Lind gave {told} the role security in payments.",
        f"Oskar Lind ended the role security of {told} in payments.",
    ]


def test_the_sweep_writes_down_once_what_ran_out(make, project, events):
    ends = timezone.now() + timedelta(days=1)
    tom = make.member("tom", project, expires_at=ends)
    make.member("vera", project)
    assert expire_memberships() == 0
    past = timezone.now() - timedelta(minutes=1)
    Membership.objects.filter(user=tom).update(expires_at=past)
    expire()
    assert expire_memberships() == 0
    assert [s for s in events() if "ran out" in s] == [
        "The role developer of Tom Becker in payments ran out."
    ]
    assert Membership.objects.get(user=tom).ended_at == past
    assert not ProjectUserObjectPermission.objects.filter(user=tom).exists()
    assert allowed(make.person("vera"), Permission.VIEW_PROJECT, project)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_give_the_same_role_at_once_one_does(make, project, oskar, role, at_once):
    tom, developer = make.person("tom"), role("developer")

    def give():
        return give_membership(project, role=developer, user=tom, by=oskar)

    results = at_once(give, give, give)
    assert sorted(type(result).__name__ for result in results) == [
        "AlreadyExists", "AlreadyExists", "Membership",
    ]  # fmt: skip
    assert Event.objects.filter(type="catalog.membership_given", project="payments").count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_joins_a_team_while_it_gets_a_role_has_the_role(make, admin, role, at_once):
    project = make.project()
    people = [make.person(name) for name in ("tom", "vera", "sofia")]
    team = create_team(slug="appsec", name="Application security", by=admin)
    security = role("security")
    results = at_once(
        lambda: give_membership(project, role=security, team=team, by=admin),
        *(lambda person=person: add_team_member(team, person, by=admin) for person in people),
    )
    assert not [result for result in results if isinstance(result, Exception)]
    assert all(allowed(person, Permission.VIEW_AUDIT, project) for person in people)


def test_the_number_of_queries_does_not_grow_with_the_people(make, project, oskar, role, admin):
    def queries(username):
        before = len(connection.queries_log)
        give_membership(project, role=role("viewer"), user=make.person(username), by=oskar)
        return len(connection.queries_log) - before

    connection.force_debug_cursor = True
    try:
        make.person("tom")
        make.person("vera")
        few = queries("tom")
        for username in ("sofia", "rashid", "ines", "audrey", "priya"):
            make.member(username, project)
        assert queries("vera") == few
    finally:
        connection.force_debug_cursor = False
