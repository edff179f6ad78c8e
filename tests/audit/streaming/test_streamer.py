"""The streamer: a hung destination delays nobody, a killed one is taken over, a test record is answered."""

import multiprocessing
import os
import random
import socket
import threading
import time
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from audit.models import Leaf
from audit.streaming import streamer as streamer_module
from audit.streaming.actions.ask_for_test import ask_for_test
from audit.streaming.actions.pause import pause_destination
from audit.streaming.models import Destination
from audit.streaming.streamer import Streamer
from audit.streaming.transports.file import JsonLines
from tests.audit.streaming.places import (
    at_once,
    indexes,
    lines_of,
    made,
    messages_of,
    path_of,
    send,
)
from tests.support.log import connected, rows, write
from tests.support.wait import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = int(os.environ.get("GATEHOUSE_TORTURE", "6"))


@pytest.fixture
def running(monkeypatch):
    """A streamer in a thread; `stop()` is called at the end."""
    monkeypatch.setattr(streamer_module, "INTERVAL", 0.02)
    streamer = Streamer()

    def run():
        streamer.run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield streamer
    streamer.stopping.set()
    thread.join()


@pytest.fixture
def hung():
    """Somebody who takes the connection and never says anything."""
    listening = socket.create_server(("127.0.0.1", 0))
    taken = []

    def serve():
        while True:
            try:
                taken.append(listening.accept()[0])
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    port = listening.getsockname()[1]
    yield SimpleNamespace(url=f"http://127.0.0.1:{port}/", taken=taken)
    for each in taken:
        each.close()
    listening.close()


def transactions():
    """Those that are open, by session and beginning."""
    return set(
        rows(
            "SELECT pid, xact_start FROM pg_stat_activity WHERE xact_start IS NOT NULL"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
    )


def test_a_hung_destination_holds_no_transaction_no_lock_and_no_other_destination(
    log, admin, secrets, hung, monkeypatch, request
):
    stuck = made(admin, name="stuck", kind="webhook", url=hung.url, signing_secret="siem")
    file = made(admin, name="file", kind="file", file_name="audit.jsonl")
    log.grow(2)
    request.getfixturevalue("running")
    wait_for(lambda: hung.taken)
    wait_for(lambda: Destination.objects.get(pk=file.pk).next_index == Leaf.objects.count())
    # While it hangs, every transaction that there is ends soon, and nobody holds what a writer needs: one who
    # wants the tables for himself alone gets them.
    open_now = transactions()
    wait_for(lambda: not open_now & transactions())
    with connected("postgres") as alone, alone.transaction():
        alone.execute("SET LOCAL lock_timeout = '5s'")
        alone.execute("LOCK TABLE audit_event, audit_leaf, audit_pending, audit_stream")
    assert Destination.objects.get(pk=stuck.pk).is_busy
    write("thing/1", 3)
    log.seal()
    wait_for(lambda: Destination.objects.get(pk=file.pk).next_index == Leaf.objects.count())
    stuck.refresh_from_db()
    assert (stuck.next_index, stuck.is_busy) == (0, True)
    for each in hung.taken:
        each.close()  # or the thread would wait for its time to run out


def test_a_test_record_is_sent_and_answered_also_while_paused(webhook, receiver, log):
    log.grow(1)
    pause_destination(webhook.pk, why="maintenance", by=webhook.created_by)
    ask_for_test(webhook.pk, by=webhook.created_by)
    send(webhook)
    [message] = messages_of(receiver)
    [record] = message["records"]
    assert (record["test"], record["leaf_index"]) == (True, None)
    assert (webhook.test_succeeded, webhook.test_asked_at) == (True, None)
    assert webhook.next_index == 0
    receiver.answers = [(401, {}, b"who are you")]
    ask_for_test(webhook.pk, by=webhook.created_by)
    send(webhook)
    assert not webhook.test_succeeded
    assert webhook.test_result == "The destination answered 401: who are you"


def test_a_test_record_does_not_wait_for_the_pause_of_a_destination_in_trouble(
    webhook, receiver, log
):
    receiver.answers = [(503, {"Retry-After": "900"}, b""), (200, {}, b"")]
    log.grow(1)
    send(webhook)
    ask_for_test(webhook.pk, by=webhook.created_by)
    send(webhook)
    assert webhook.test_succeeded
    # And it goes on, since the place is well again.
    assert webhook.next_index == Leaf.objects.count()


def test_the_command_sends_what_is_missing_and_ends(file, log):
    log.grow(3)
    call_command("streamer", "--once")
    assert indexes(lines_of(path_of(file))) == list(range(Leaf.objects.count()))


def streamer_of_its_own():
    """A process that sends until it is killed; it has this one's settings, and connections of its own."""
    connection.close()
    process = multiprocessing.get_context("fork").Process(target=lambda: Streamer().run())
    process.start()
    return process


def test_whenever_it_is_killed_every_entry_is_there_in_order_and_nothing_is_torn(
    file, log, monkeypatch
):
    monkeypatch.setattr(JsonLines, "most_records", 20)
    write("thing/1", 2000)
    log.seal()
    path, chance = path_of(file), random.Random(12)
    for _ in range(KILLS):
        process = streamer_of_its_own()
        time.sleep(chance.uniform(0.05, 0.4))
        process.kill()
        process.join()
        if path.exists() and chance.random() < 0.5:
            with path.open("ab") as torn:  # what a crash of the machine does
                torn.write(b'{"torn":')
        past = timezone.now() - timedelta(seconds=1)
        Destination.objects.exclude(lease_until=None).update(lease_until=past)
    send(at_once(file))
    seen = indexes(lines_of(path))
    assert file.next_index == Leaf.objects.count()
    assert sorted(set(seen)) == list(range(Leaf.objects.count()))
    # It may go back to what was not acknowledged, and never leaves anything out.
    assert all(later - earlier <= 1 for earlier, later in pairwise(seen))
