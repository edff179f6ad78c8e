"""What hand-written statements let through is what the querysets let through."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.api.visible import visible_project
from catalog.models import Environment, EnvironmentUserObjectPermission, Project, User
from catalog.models import ProjectUserObjectPermission as Grant
from catalog.permissions import (
    ENVIRONMENT_PERMISSIONS,
    PROJECT_PERMISSIONS,
    administers,
    allowed,
)
from tests import factories


@pytest.fixture
def people(world):
    """Everybody there is, one of them with a role that ended a moment ago, one deactivated."""
    _ = world.project, world.other_project, world.machine
    factories.person("olga")
    Grant.objects.filter(user__username="vera").update(
        expires_at=timezone.now() - timedelta(seconds=1)
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
