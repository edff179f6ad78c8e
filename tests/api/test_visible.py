"""What hand-written statements let through is what the querysets let through."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.held import held_in
from catalog.models import Environment, EnvironmentUserObjectPermission, Project, User
from catalog.models import ProjectUserObjectPermission as Grant
from catalog.permissions import (
    ENVIRONMENT_PERMISSIONS,
    NEVER_BY_SUPERUSER,
    PROJECT_PERMISSIONS,
    administers,
    allowed,
)
from catalog.seen import project_with_held, visible_project
from tests import factories


@pytest.fixture
def people(world):
    """Everybody there is, one of them with a role that ended an hour ago, one deactivated."""
    _ = world.project, world.other_project, world.machine
    factories.person("olga")
    Grant.objects.filter(user__username="vera").update(
        expires_at=timezone.now() - timedelta(hours=1)
    )
    User.objects.filter(username="ines").update(is_active=False)
    return list(User.objects.all())


def test_a_project_is_found_by_those_to_whom_it_is_visible(people):
    for user in (user for user in people if user.is_active):
        for project in Project.objects.all():
            visible = Project.objects.visible_to(user).filter(pk=project.pk).exists()
            assert (visible_project(project.slug, caller=user) is not None) == visible, user


def test_a_verb_is_allowed_to_those_who_hold_it(people):
    for user in (user for user in people if user.is_active and not administers(user)):
        for project in Project.objects.all():
            for permission in PROJECT_PERMISSIONS:
                held = Grant.objects.held_by(user, permission.codename)
                expected = held.filter(content_object=project).exists()
                assert allowed(user, permission, project) == expected, (user, permission)
        for environment in Environment.objects.all():
            for permission in ENVIRONMENT_PERMISSIONS:
                held = EnvironmentUserObjectPermission.objects.held_by(user, permission.codename)
                expected = held.filter(content_object=environment).exists()
                assert allowed(user, permission, environment) == expected, (user, permission)


def test_who_is_deactivated_is_allowed_nothing_although_their_session_says_otherwise(people):
    stale = next(user for user in people if user.username == "ines")
    stale.is_active = True
    project = Project.objects.get(slug="payments")
    assert not any(allowed(stale, permission, project) for permission in PROJECT_PERMISSIONS)


def test_what_is_held_is_what_the_querysets_say(people):
    for user in (user for user in people if user.is_active):
        for project in Project.objects.all():
            held = held_in(project, user)
            for permission in PROJECT_PERMISSIONS - NEVER_BY_SUPERUSER:
                assert held.may(permission) == allowed(user, permission, project), (
                    user,
                    permission,
                )
            for environment in project.environments.all():
                for permission in ENVIRONMENT_PERMISSIONS:
                    expected = allowed(user, permission, environment)
                    assert held.may(permission, environment.pk) == expected, (user, permission)


def test_a_project_and_what_is_held_there_are_read_together(people):
    for user in (user for user in people if user.is_active):
        for project in Project.objects.all():
            found = project_with_held(project.slug, caller=user)
            visible = Project.objects.visible_to(user).filter(pk=project.pk).exists()
            assert found == ((project, held_in(project, user)) if visible else None)
