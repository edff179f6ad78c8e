"""kill -9 of sequencer and signer between any two steps: what is published is always whole and never forked.

GATEHOUSE_TORTURE=<kills> makes it longer.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from audit.tlog.errors import TlogError
from audit.tlog.merkle import check_consistency, check_inclusion, leaf_hash
from audit.tlog.tiles import decode_bundle, tiles_of
from tests.audit.sequencer.test_batches import assert_whole
from tests.audit.signer.test_signing import assert_published
from tests.support.log import rows, sequence, write
from tests.support.wait import wait_for
from tests.support.worker import CHECKOUT, environment

KILLS = int(os.environ.get("GATEHOUSE_TORTURE", "20"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 20 * KILLS)]


class Reader(threading.Thread):
    """Somebody who follows the published log and believes nothing."""

    def __init__(self, signing):
        super().__init__()
        self.signing, self.stopping, self.seen, self.trouble = signing, threading.Event(), [], []

    def run(self):
        while not self.stopping.wait(0.02):
            with contextlib.suppress(FileNotFoundError):
                try:
                    self._look()
                except (TlogError, AssertionError) as error:
                    self.trouble.append(error)
                    return

    def _look(self):
        now, files = self.signing.checkpoint, self.signing.files
        if self.seen and now == self.seen[-1]:
            return
        if self.seen:
            last = self.seen[-1]
            assert now.size > last.size
            path = files.consistency_path(last.size, now.size)
            check_consistency(last.size, now.size, path, last.root, now.root)
        [*_, bundle] = [tile for tile in tiles_of(now.size) if tile.level is None]
        newest = decode_bundle(files.read(bundle))[bundle.width - 1]
        path = files.inclusion_path(now.size - 1, now.size)
        check_inclusion(now.size - 1, now.size, leaf_hash(newest), path, now.root)
        self.seen.append(now)


def start(name, signing):
    return subprocess.Popen(
        [sys.executable, "-m", f"audit.{name}"], cwd=CHECKOUT,
        env=environment(LOG_LEVEL="CRITICAL") | signing.environment,
    )  # fmt: skip


def test_whenever_they_are_killed_readers_see_one_log_that_only_grows(signing):
    chance, stopping = random.Random(11), threading.Event()

    def busy():
        while not stopping.wait(chance.random() * 0.02):
            write(f"thing/{chance.randint(1, 9)}", chance.randint(1, 40))

    writer, reader = threading.Thread(target=busy), Reader(signing)
    running = {name: start(name, signing) for name in ("sequencer", "signer")}
    writer.start()
    reader.start()
    try:
        wait_for(lambda: reader.seen)
        for number in range(KILLS):
            name = ("signer", "sequencer", "signer")[number % 3]
            running[name].send_signal(signal.SIGKILL)
            running[name].wait()
            seen = len(reader.seen)
            running[name] = start(name, signing)
            wait_for(lambda seen=seen: reader.trouble or len(reader.seen) > seen, every=0.02)
            time.sleep(chance.random() * 0.3)
    finally:
        stopping.set()
        writer.join()
        for process in running.values():
            process.terminate()
            process.wait()
        reader.stopping.set()
        reader.join()
    assert reader.trouble == []
    assert len(reader.seen) > KILLS
    sequence()
    signing.again()
    signing.sign()
    assert_whole()
    assert_published(signing, rows("SELECT count(*) FROM audit_event")[0][0])
