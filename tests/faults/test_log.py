"""kill -9 of PostgreSQL, sequencer and signer: what was acknowledged is kept, what was signed stays as it is.

GATEHOUSE_TORTURE=<kills> makes it longer.
"""

import os
import random
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from tests.audit.signer.test_torture import Reader
from tests.support.house import CHECKOUT, DATABASE, House
from tests.support.log import BODY, Signing
from tests.support.wait import wait_for

KILLS = int(os.environ.get("GATEHOUSE_TORTURE", "6"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + 20 * KILLS)]
VICTIMS = ("postgres", "signer", "sequencer")
INSERT = "INSERT INTO audit_event (stream, body) VALUES (%s, %s) RETURNING uid::text"


@pytest.fixture
def server():
    house = House.at_a_new_place()
    try:
        house.set_up()
        yield house
    finally:
        house.close()


class Writer(threading.Thread):
    """Remembers what was acknowledged to it."""

    def __init__(self, url, stream):
        super().__init__()
        self.url, self.stream = url, stream
        self.stopping, self.acknowledged = threading.Event(), []

    def run(self):
        while not self.stopping.is_set():
            try:
                with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
                    while not self.stopping.wait(0.005):
                        row = connection.execute(INSERT, [self.stream, BODY.format(1)]).fetchone()
                        self.acknowledged.append(row[0])
            except psycopg.Error:
                time.sleep(0.1)


def started(name, server, signing):
    urls = {
        f"DATABASE_{role.upper()}_URL": server.postgres.url(f"gatehouse_{role}", DATABASE)
        for role in ("sequencer", "signer")
    }
    with (server.home / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"audit.{name}"], cwd=CHECKOUT, stdout=log, stderr=log,
            env=server.environment | urls | signing.environment,
        )  # fmt: skip


def test_whoever_is_killed_loses_nothing_that_was_acknowledged_or_signed(server, tmp_path):
    chance, signing = random.Random(5), Signing(tmp_path)
    url = server.postgres.url("gatehouse_app", DATABASE)
    reader, writers = Reader(signing), [Writer(url, f"thing/{number}") for number in range(4)]
    running = {name: started(name, server, signing) for name in ("sequencer", "signer")}
    try:
        for thread in (reader, *writers):
            thread.start()
        wait_for(lambda: reader.seen, 60)
        for number in range(KILLS):
            time.sleep(chance.random())
            # Each of them in its turn, and now and then two at once.
            for name in {VICTIMS[number % 3], chance.choice(VICTIMS)}:
                if name == "postgres":
                    server.kill(name)
                    server.start(name)
                else:
                    running[name].kill()
                    running[name].wait()
                    running[name] = started(name, server, signing)
            seen = len(reader.seen)
            wait_for(lambda seen=seen: reader.trouble or len(reader.seen) > seen, 60)
        for writer in writers:
            writer.stopping.set()
            writer.join()
        acknowledged = {uid for writer in writers for uid in writer.acknowledged}
        committed = server.rows.one("SELECT count(*) FROM audit_event")
        wait_for(lambda: reader.trouble or reader.seen[-1].size == committed, 60)
        held = {uid for (uid,) in server.rows.all("SELECT uid::text FROM audit_event")}
        assert reader.trouble == []
        assert acknowledged <= held
        assert len(acknowledged) > 50
        # They outlived every loss of the database.
        assert [process.poll() for process in running.values()] == [None, None]
        assert server.rows.one("SELECT count(*) FROM audit_halt") == 0
    finally:
        for thread in (reader, *writers):
            thread.stopping.set()
        for process in running.values():
            process.terminate()
            process.wait()
