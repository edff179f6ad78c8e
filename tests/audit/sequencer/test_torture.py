"""Writers that do everything awkward at once, several sequencers, and kill -9: nothing lost, nothing twice.

GATEHOUSE_TORTURE=<seconds or kills> makes both tests longer.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from audit.models import Event, Leaf
from audit.sequencer.run import Sequencer
from tests.audit.sequencer.test_batches import assert_streams_in_order, assert_whole
from tests.support.log import ORIGIN, connected, insert, rows, sequence, url
from tests.support.wait import wait_for
from tests.support.worker import CHECKOUT, environment

MUCH = int(os.environ.get("GATEHOUSE_TORTURE", "0"))
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.timeout(300 + 10 * MUCH),
]

SECONDS = MUCH or 6
KILLS = MUCH or 20
WRITERS = 16
STREAMS = [f"thing/{number}" for number in range(20)]


class Awkward(threading.Thread):
    """Long and short transactions, early ids, savepoints and rollbacks, in streams that others write too."""

    def __init__(self, seed, stopping):
        super().__init__()
        self.random, self.stopping, self.committed = random.Random(seed), stopping, 0

    def run(self):
        with connected("app") as connection:
            while not self.stopping.is_set():
                try:
                    self.committed += self._transaction(connection)
                except psycopg.errors.DeadlockDetected:
                    continue

    def _transaction(self, connection):
        chance, written = self.random.random, 0
        with connection.transaction() as transaction:
            if chance() < 0.4:
                connection.execute("SELECT pg_current_xact_id()")
                self._pause()
            for stream in sorted(self.random.sample(STREAMS, self.random.randint(1, 3))):
                if chance() < 0.5:  # as an action does: the aggregate's lock first
                    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [stream])
                with connection.transaction() as savepoint:
                    insert(connection, stream)
                    self._pause()
                    if chance() < 0.2:
                        raise psycopg.Rollback(savepoint)
                    written += 1
            if chance() < 0.1:
                raise psycopg.Rollback(transaction)
            return written
        return 0

    def _pause(self):
        if self.random.random() < 0.3:
            time.sleep(self.random.random() * 0.02)


def writers(stopping):
    threads = [Awkward(seed, stopping) for seed in range(WRITERS)]
    for thread in threads:
        thread.start()
    return threads


def committed_by(threads):
    for thread in threads:
        thread.join()
    return sum(thread.committed for thread in threads)


def test_whatever_writers_do_nothing_is_lost_doubled_or_out_of_its_stream_s_order():
    stopping = threading.Event()
    sequencers = [Sequencer(url("sequencer"), ORIGIN, batch=200) for _ in range(3)]
    running = [threading.Thread(target=sequencer.run) for sequencer in sequencers]
    for thread in running:
        thread.start()
    try:
        threads = writers(stopping)
        for _ in range(SECONDS // 6):
            time.sleep(6)
            # The tests' server has no autovacuum, and the queue's index would be read through dead rows.
            rows("VACUUM audit_pending")
        stopping.set()
        committed = committed_by(threads)
        wait_for(lambda: Leaf.objects.count() == committed)
    finally:
        for stopper in (stopping, *(sequencer.stopping for sequencer in sequencers)):
            stopper.set()
        for thread in running:
            thread.join()
    assert committed > 200
    assert Event.objects.count() == committed
    assert_whole()
    assert_streams_in_order()


def test_a_sequencer_that_is_killed_at_any_moment_leaves_a_whole_tree():
    stopping, chance = threading.Event(), random.Random(7)
    threads = writers(stopping)
    with connected("sequencer") as reader:
        for number in range(KILLS):
            process = subprocess.Popen(
                [sys.executable, "-m", "audit.sequencer"], cwd=CHECKOUT, env=environment()
            )
            before = _size(reader)
            wait_for(lambda before=before: _size(reader) > before, every=0.01)
            time.sleep(chance.random() * 0.1)
            process.send_signal(signal.SIGKILL if number % 5 else signal.SIGTERM)
            process.wait()
    stopping.set()
    committed = committed_by(threads)
    sequence()
    assert Leaf.objects.count() == committed
    assert_whole()
    assert_streams_in_order()


def _size(connection):
    return connection.execute("SELECT size FROM audit_tree").fetchone()[0]
