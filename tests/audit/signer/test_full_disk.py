"""A disk that is really full: the kernel refuses every further byte, and the log is neither lost nor torn."""

import resource
import subprocess
import sys

import pytest

from tests.audit.signer.test_signing import assert_published
from tests.support.log import sequence, write
from tests.support.wait import wait_for
from tests.support.worker import CHECKOUT, environment

EVENTS = 300


def limit(process, size):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture
def signer(signed):
    process = subprocess.Popen(
        [sys.executable, "-m", "audit.signer"], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True,
        env=environment() | signed.environment,
    )  # fmt: skip
    yield process
    process.terminate()
    process.communicate()


@pytest.mark.parametrize("room", [0, 100, 20_000])
def test_a_signer_without_room_publishes_nothing_and_goes_on_when_there_is_some(
    signed, signer, room
):
    """No room for anything; for the memory but not for a checkpoint's tiles; for all but a bundle."""
    held = signed.files.checkpoint()
    limit(signer, room)
    write(times=EVENTS)
    sequence()
    assert "could not be written" in signer.stdout.readline()
    assert signed.files.checkpoint() == held
    assert signer.poll() is None
    limit(signer, resource.RLIM_INFINITY)
    wait_for(lambda: signed.checkpoint.size == 20 + EVENTS)
    assert_published(signed, 20 + EVENTS)
