"""A pack for which there is no room: a sentence, an event, and nothing left behind."""

import resource
from contextlib import contextmanager

import pytest

from audit.models import Event
from audit.packs.build import build
from audit.packs.models import PackState


@contextmanager
def room(size):
    """Let no file of this process grow beyond that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1000, 60_000])
def test_a_pack_for_which_there_is_no_room_fails_with_a_sentence(world, ledger, settings, size):
    world.deployed()
    asked = ledger.asked(world.audrey, project="payments")
    with room(size):
        pack = build(asked.pk, worker="one")
    assert pack.state == PackState.FAILED
    assert "no room for the pack" in pack.reason
    assert Event.objects.filter(type="audit.pack_failed").count() == 1
