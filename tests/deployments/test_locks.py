"""Who decides about an environment holds its row: everybody else waits, and then sees what was decided."""

from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection

from deployments.actions.claim import claim
from deployments.models import Deployment
from releases.models import ChangeRequest
from tests.support.database import name, server


@pytest.fixture
def by_hand(shared_ground):
    shared_ground.reached_by("manual")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '300ms'")
    yield shared_ground
    connection.close()


@contextmanager
def somebody_decides(environment):
    with server().superuser(name()) as somebody, somebody.transaction():
        somebody.execute(
            "SELECT 1 FROM catalog_environment WHERE id = %s FOR NO KEY UPDATE", [environment.pk]
        )
        yield


def test_a_claim_waits_for_the_environment(by_hand):
    change_request = by_hand.request()
    with somebody_decides(by_hand.staging), pytest.raises(OperationalError, match="lock timeout"):
        claim(change_request.number, worker="celery@one")
    assert not Deployment.objects.exists()
    assert claim(change_request.number, worker="celery@one")


def test_asking_waits_for_the_environment(by_hand):
    by_hand.version()
    with somebody_decides(by_hand.staging), pytest.raises(OperationalError, match="lock timeout"):
        by_hand.request()
    assert not ChangeRequest.objects.exists()
