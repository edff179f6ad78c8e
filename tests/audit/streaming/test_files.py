"""A file of JSON lines: appended to, on the disk when it counts, rotated and torn at any moment."""

import fcntl
import json
import os

import pytest

from audit.models import Leaf
from audit.streaming.transports import file as transport
from audit.tlog.notes import open_checkpoint
from tests.audit.streaming.places import at_once, indexes, lines_of, path_of, send

pytestmark = pytest.mark.django_db(transaction=True)


def everything():
    return list(range(Leaf.objects.count()))


def test_every_entry_is_a_line_and_the_checkpoint_the_last_one(file, log):
    log.grow(4)
    send(file)
    lines = [json.loads(line) for line in path_of(file).read_bytes().splitlines()]
    assert indexes(lines[:-1]) == everything()
    checkpoint, _, _ = open_checkpoint(lines[-1]["checkpoint"].encode(), [log.key.verifier])
    assert checkpoint.size == lines[-1]["checkpoint_size"] == len(everything())


def test_it_counts_when_the_disk_has_it(file, log, monkeypatch):
    order = []
    real = os.fsync
    monkeypatch.setattr(transport.os, "fsync", lambda fd: (order.append("fsync"), real(fd)))
    log.grow(2)

    def failing(_fd):
        raise OSError(5, "Input/output error")

    send(file)
    assert order
    reached = file.next_index
    monkeypatch.setattr(transport.os, "fsync", failing)
    log.grow(1)
    send(file)
    assert (file.next_index, file.trouble) == (
        reached,
        "audit.jsonl cannot be written: Input/output error.",
    )


def test_a_file_that_was_rotated_away_is_begun_anew_and_nothing_is_missing(file, log):
    path = path_of(file)
    log.grow(3)
    send(file)
    path.rename(path.with_suffix(".1"))
    log.grow(3)
    send(file)
    both = lines_of(path.with_suffix(".1")) + lines_of(path)
    assert indexes(both) == everything()


def test_a_torn_last_line_is_ended_and_comes_once_more_as_a_whole(file, log):
    path = path_of(file)
    log.grow(3)
    send(file)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"id":"torn off in the mid')
    log.grow(3)
    send(file)
    assert path.read_bytes().startswith(whole + b'{"id":"torn off in the mid\n{"id":')
    assert indexes(lines_of(path)) == everything()


def test_what_is_no_file_of_ours_is_not_written(file, log, tmp_path):
    path = path_of(file)
    path.parent.mkdir(exist_ok=True)
    log.grow(1)
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    path.symlink_to(target)
    send(file)
    assert "cannot be written" in file.trouble
    assert target.read_text() == "mine"
    path.unlink()
    os.mkfifo(path)
    send(at_once(file))
    assert "cannot be written" in file.trouble
    path.unlink()
    path.mkdir()
    send(at_once(file))
    assert (file.next_index, file.failures) == (0, 3)


def test_a_file_that_somebody_else_holds_is_tried_later(file, log):
    path = path_of(file)
    path.parent.mkdir(exist_ok=True)
    log.grow(1)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        send(file)
        assert file.failures == 1
    send(at_once(file))
    assert indexes(lines_of(path)) == everything()
