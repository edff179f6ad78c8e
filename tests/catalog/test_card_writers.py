"""Installations that are there already get the verb for model cards with the migration that brings it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from catalog.models import ProjectUserObjectPermission, Role
from catalog.permissions import Permission, allowed
from tests import factories


@pytest.mark.parametrize(("role", "gets"), [("data-scientist", True), ("developer", False)])
def test_whoever_holds_such_a_role_already_gets_the_verb(role, gets, db):
    project = factories.project()
    person = factories.member("mei", project, role)
    verb = Permission.EDIT_MODEL_CARD.codename
    for each in Role.objects.all():
        each.permissions = [held for held in each.permissions if held != verb]
        each.save()
    ProjectUserObjectPermission.objects.filter(permission__codename=verb).delete()
    assert not allowed(person, Permission.EDIT_MODEL_CARD, project)

    migration = import_module("catalog.migrations.0004_who_writes_model_cards")
    with connection.schema_editor(atomic=False) as editor:
        for _ in range(2):
            migration.add(apps, editor)
    assert allowed(person, Permission.EDIT_MODEL_CARD, project) == gets
    assert (verb in Role.objects.get(slug=role).permissions) == gets
