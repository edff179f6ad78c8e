"""Whoever receives a webhook receives the newest checkpoint with it."""

import pytest

from audit.fallbacks.enclosed import enclosed_checkpoint
from audit.tlog.notes import open_checkpoint
from deployments.executors import webhook
from tests.audit.sealing import SealedLog

pytestmark = pytest.mark.django_db(transaction=True)


def test_before_the_first_checkpoint_there_is_none(db):
    assert enclosed_checkpoint() is None


def test_the_newest_checkpoint_is_enclosed_and_signed(tmp_path, settings):
    log = SealedLog(tmp_path / "log", settings)
    log.grow(3)
    log.grow(3)
    checkpoint, _, _ = open_checkpoint(enclosed_checkpoint().encode(), [log.key.verifier])
    assert checkpoint.size == 6


def test_it_is_part_of_the_message_to_an_executor():
    assert webhook.enclosed_checkpoint is enclosed_checkpoint
