"""guardian's rows are what memberships, roles, teams and environments say, and end when they say."""

from datetime import timedelta

import pytest
from django.utils import timezone
from guardian.shortcuts import get_perms

from catalog.actions.add_team_member import add_team_member
from catalog.actions.change_role import change_role
from catalog.actions.create_environment import create_environment
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.end_membership import end_membership
from catalog.actions.give_membership import give_membership
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.remove_team_member import remove_team_member
from catalog.errors import NotPermitted
from catalog.grants import sync_grants
from catalog.models import (
    EnvironmentUserObjectPermission,
    Membership,
    Project,
    ProjectUserObjectPermission,
    Role,
    User,
)
from catalog.permissions import (
    ENVIRONMENT_PERMISSIONS,
    PROJECT_PERMISSIONS,
    Permission,
    allowed,
    require,
)
from catalog.roles import BUILT_IN_ROLES


def held(user, place):
    verbs = PROJECT_PERMISSIONS if isinstance(place, Project) else ENVIRONMENT_PERMISSIONS
    return {verb.codename for verb in verbs if allowed(user, verb, place)}


def environments(project):
    return list(project.environments.order_by("position"))


@pytest.mark.parametrize("built_in", BUILT_IN_ROLES, ids=lambda role: role.slug)
def test_a_role_gives_exactly_its_verbs_where_each_belongs(make, project, built_in):
    vera = make.member("vera", project, built_in.slug)
    verbs = set(built_in.permissions)
    on_project = {p.codename for p in PROJECT_PERMISSIONS}
    on_environments = {p.codename for p in ENVIRONMENT_PERMISSIONS}
    assert held(vera, project) == verbs & on_project
    for environment in environments(project):
        assert held(vera, environment) == verbs & on_environments
    assert verbs <= on_project | on_environments


def test_guardian_itself_gives_the_same_answer(make, project):
    tom = make.member("tom", project)
    staging = environments(project)[0]
    assert set(get_perms(tom, project)) == held(tom, project)
    assert set(get_perms(tom, staging)) == held(tom, staging)
    fresh = User.objects.get(pk=tom.pk)
    assert fresh.has_perm("catalog.seal_release", project)
    assert not fresh.has_perm("catalog.manage_project", project)
    assert fresh.has_perm("catalog.approve_change", staging)


def test_whoever_has_no_role_holds_nothing_and_sees_nothing(make, project):
    olga = make.person("olga")
    assert held(olga, project) == set()
    assert not Project.objects.visible_to(olga).exists()
    with pytest.raises(NotPermitted, match="view_project"):
        require(Permission.VIEW_PROJECT, olga, project)


def test_a_role_in_one_project_is_none_in_another(make, project):
    tom = make.member("tom", project)
    other = make.project("ledger")
    assert held(tom, other) == set()
    assert list(Project.objects.visible_to(tom)) == [project]


def test_a_membership_limited_to_an_environment_holds_its_verbs_there_only(make, project):
    staging, production = environments(project)
    tom = make.member("tom", project, environments=[staging])
    assert held(tom, staging) == {"submit_change", "approve_change"}
    assert held(tom, production) == set()
    assert "view_project" in held(tom, project)


def test_an_unlimited_membership_holds_in_environments_that_come_later(make, project, admin):
    staging = environments(project)[0]
    tom = make.member("tom", project)
    vera = make.member("vera", project, "developer", environments=[staging])
    later = create_environment(project, name="canary", tier="production", by=admin)
    assert held(tom, later) == {"submit_change", "approve_change"}
    assert held(vera, later) == set()


def test_a_grant_past_its_date_counts_for_nothing_before_any_sweep(make, project):
    soon = timezone.now() + timedelta(seconds=60)
    tom = make.member("tom", project, expires_at=soon)
    assert held(tom, project)
    for rows in (ProjectUserObjectPermission, EnvironmentUserObjectPermission):
        mine = rows.objects.filter(user=tom)
        assert set(mine.values_list("expires_at", flat=True)) == {soon}
        mine.update(expires_at=timezone.now())  # as if the minute had passed
    assert held(tom, project) == held(tom, environments(project)[0]) == set()
    assert not Project.objects.visible_to(tom).exists()


def test_of_two_roles_the_one_that_lasts_longer_counts(make, project):
    now = timezone.now()
    tom = make.member("tom", project, "developer", expires_at=now + timedelta(days=1))
    make.member("tom", project, "validator", expires_at=now + timedelta(days=9))
    make.member("tom", project, "viewer")

    def ends(codename, rows=ProjectUserObjectPermission):
        return set(
            rows.objects.filter(user=tom, permission__codename=codename).values_list(
                "expires_at", flat=True
            )
        )

    assert ends("view_project") == {None}
    assert ends("add_evidence") == {now + timedelta(days=9)}
    assert ends("seal_release") == {now + timedelta(days=1)}
    assert ends("approve_change", EnvironmentUserObjectPermission) == {now + timedelta(days=9)}


def test_when_one_of_two_roles_ends_the_verbs_of_the_other_stay(make, project, admin):
    tom = make.member("tom", project, "developer")
    make.member("tom", project, "security")
    end_membership(Membership.objects.get(user=tom, role__slug="developer"), by=admin)
    assert held(tom, project) == {"view_project", "add_evidence", "view_audit"}
    assert held(tom, environments(project)[0]) == {"approve_change"}


@pytest.fixture
def team(make, project, admin):
    made = create_team(slug="appsec", name="Application security", by=admin)
    add_team_member(made, make.person("sofia"), by=admin)
    return made


def test_a_team_brings_its_role_to_those_in_it_and_to_those_who_join(
    make, project, admin, team, role
):
    give_membership(project, role=role("security"), team=team, by=admin)
    sofia, tom = make.person("sofia"), make.person("tom")
    assert "view_audit" in held(sofia, project)
    assert held(tom, project) == set()
    add_team_member(team, tom, by=admin)
    assert held(tom, project) == held(sofia, project)
    remove_team_member(team, sofia, by=admin)
    assert held(sofia, project) == set()
    assert "view_audit" in held(tom, project)


def test_a_change_of_a_role_reaches_everybody_who_has_it_in_every_project(make, project, admin):
    own = create_role(slug="tester", title="Tester", permissions=["view_project"], by=admin)
    other = make.project("ledger")
    vera, tom = make.person("vera"), make.person("tom")
    give_membership(project, role=own, user=vera, by=admin)
    give_membership(other, role=own, user=tom, by=admin)
    change_role(own, permissions=["view_project", "add_evidence", "approve_change"], by=admin)
    assert held(vera, project) == held(tom, other) == {"view_project", "add_evidence"}
    assert held(vera, environments(project)[0]) == {"approve_change"}
    change_role(own, permissions=["view_project"], by=admin)
    assert held(vera, environments(project)[0]) == set()


def test_a_service_account_holds_what_a_machine_may_and_never_signs(make, project):
    machine = make.service_account(project, role="developer").user
    assert held(machine, project) == {
        "view_project", "register_artifact", "add_evidence", "seal_release",
    }  # fmt: skip
    assert held(machine, environments(project)[0]) == {"submit_change"}


def test_a_superuser_administers_but_does_not_sign_without_the_role(make, project, admin):
    staging = environments(project)[0]
    assert held(admin, project) == {verb.codename for verb in PROJECT_PERMISSIONS}
    assert held(admin, staging) == {v.codename for v in ENVIRONMENT_PERMISSIONS} - {
        "approve_change"
    }


def test_a_deactivated_person_holds_nothing_until_they_come_back(make, project, admin):
    tom = make.member("tom", project)
    before = held(tom, project)
    deactivate_person(tom, by=admin)
    gone = User.objects.get(pk=tom.pk)
    assert held(gone, project) == set()
    assert not ProjectUserObjectPermission.objects.filter(user=tom).exists()
    assert not EnvironmentUserObjectPermission.objects.filter(user=tom).exists()
    assert held(reactivate_person(gone, by=admin), project) == before


def test_what_stays_is_not_touched(make, project, admin):
    make.member("tom", project)

    def rows():
        return {
            (row.pk, row.user_id, row.permission_id)
            for row in ProjectUserObjectPermission.objects.all()
        }

    before = rows()
    sync_grants(project)
    assert rows() == before
    make.member("vera", project)
    assert before < rows()


def test_a_row_that_no_membership_explains_is_removed(make, project):
    olga = make.person("olga")
    permission = ProjectUserObjectPermission.objects.first().permission
    ProjectUserObjectPermission.objects.create(
        user=olga, permission=permission, content_object=project
    )
    sync_grants(project)
    assert not ProjectUserObjectPermission.objects.filter(user=olga).exists()


def test_grants_of_other_projects_are_left_alone(make, project):
    other = make.project("ledger")
    tom = make.member("tom", other)
    sync_grants(project)
    assert held(tom, other)


@pytest.mark.parametrize("people", [1, 12])
def test_two_queries_however_many_people_and_projects(
    make, project, admin, people, django_assert_num_queries
):
    other = make.project("ledger")
    for number in range(people):
        user = User.objects.create(username=f"user{number}", full_name=f"User {number}")
        for place in (project, other):
            Membership.objects.create(
                project=place, user=user, role=Role.objects.get(slug="developer"), created_by=admin
            )
    with django_assert_num_queries(2):
        sync_grants(project, other)
    assert EnvironmentUserObjectPermission.objects.filter(user=user).count() == 8
