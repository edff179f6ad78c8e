"""What several tests begin with is as new for each of them, and gone for whoever begins with nothing."""

import pytest
from django.db import connection

from audit.models import Event
from catalog.actions.create_project import create_project
from catalog.models import Project
from tests import factories
from tests.support import kept as kept_things


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_a_test_changes_is_undone_for_the_next(kept_payments, time):
    assert kept_payments.name == "Payments"
    assert Project.objects.count() == 1
    told = Event.objects.count()
    Project.objects.update(name="Changed")
    create_project(slug="other", name="Other", risk_tier="low", by=factories.admin())
    assert Event.objects.count() == told + 1


@pytest.mark.django_db
def test_whoever_begins_with_nothing_finds_nothing():
    assert not Project.objects.exists()


def test_it_is_made_once_for_several(kept_payments, request, monkeypatch):
    made = []
    monkeypatch.setattr(kept_things, "make", made.append)
    kept = kept_things.Kept()
    kept.prepare(request.node)
    kept.prepare(request.node)
    kept.give_up()
    assert made == ["kept_payments"]


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_connection_that_a_test_closed_does_not_harm_the_next(kept_payments, time):
    assert Project.objects.count() == 1
    connection.close()


def test_whatever_commits_makes_its_own(transactional_db, kept_payments):
    assert kept_things.kept.name == ""
    assert kept_payments.name == "Payments"


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_is_committed():
    assert not Project.objects.exists()
