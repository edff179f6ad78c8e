"""How long it takes to verify a long log: its files as a stranger does, the database as every night does."""

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from audit.completeness.verification import verify_log
from audit.publishing.places import CHECKPOINT, KEYS
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.merkle import Frontier
from audit.tlog.notes import Note
from audit.tlog.tiles import WIDTH, Tile, decode_bundle
from audit.verify import gatehouse_verify
from benchmarks.history import fill, running, wait_until_sealed, wait_until_signed
from benchmarks.machine import DATABASE, Machine
from benchmarks.report import Row
from benchmarks.setting import Setting

_A_MILLION = 1_000_000
_GOAL, _TIMES_HASHING = 10.0, 3.0
"""Seconds for a million entries; and how much longer than hashing them it may take."""
_ENTRIES = """
COPY (SELECT e.entry FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id ORDER BY l.idx)
TO STDOUT (FORMAT binary)
"""


def measure(setting: Setting) -> Iterator[Row]:
    """Fill, seal and publish the log, then verify it twice each way and take the better."""
    machine = setting.machine
    fill(machine, setting.entries)
    with running(setting, "sequencer", "signer"):
        wait_until_sealed(machine)
        wait_until_signed(machine)
    files = Path(machine.environment()["LOG_ROOT"])
    size = Checkpoint.of_text(Note.of((files / CHECKPOINT).read_bytes()).text).size
    hashing = min(_hashing(files, size) for _ in range(2))
    from_files = min(_verifier(files) for _ in range(2))
    yield from _rows(f"verifier, the files of {size:,} entries", from_files, hashing, size)
    reading = _reading(machine)
    from_database = _nightly()
    yield Row(
        "  nightly verification with files and columns / reading and hashing the entries alone",
        f"{reading:.1f} s", f"{from_database:.1f} s", from_database / reading,
    )  # fmt: skip


def _rows(what: str, ours: float, hashing: float, size: int) -> Iterator[Row]:
    yield Row(
        f"{what} / raw hashing", f"{hashing:.1f} s", f"{ours:.1f} s", ours / hashing,
        at_most=_TIMES_HASHING,
    )  # fmt: skip
    goal = _GOAL * size / _A_MILLION
    yield Row(f"{what} / goal", f"{goal:.1f} s", f"{ours:.1f} s", ours / goal, at_most=1)


def _hashing(files: Path, size: int) -> float:
    """Return the seconds that the hashes alone take, in one process: leaves, nodes, root."""
    frontier, spent = Frontier(), 0.0
    for index in range(-(-size // WIDTH)):
        tile = Tile(None, index, min(WIDTH, size - index * WIDTH))
        entries = decode_bundle((files / tile.path).read_bytes())
        began = time.perf_counter()
        frontier.extend([hashlib.sha256(b"\x00" + entry).digest() for entry in entries])
        spent += time.perf_counter() - began
    return spent


def _verifier(files: Path) -> float:
    command = [sys.executable, gatehouse_verify.__file__, str(files), "--log-key"]
    began = time.perf_counter()
    subprocess.run([*command, str(files / KEYS)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _reading(machine: Machine) -> float:
    frontier, leaves = Frontier(), []
    began = time.perf_counter()
    url = machine.postgres.url("gatehouse_app", DATABASE)
    with psycopg.connect(url) as connection, connection.cursor().copy(_ENTRIES) as copy:
        copy.set_types(["bytea"])
        for (entry,) in copy.rows():
            leaves.append(hashlib.sha256(b"\x00" + entry).digest())
            if len(leaves) == WIDTH:
                frontier.extend(leaves)
                leaves.clear()
    frontier.extend(leaves)
    return time.perf_counter() - began


def _nightly() -> float:
    began = time.perf_counter()
    result = verify_log()
    spent = time.perf_counter() - began
    if not result.ok:
        raise RuntimeError(f"The benchmark's log is not right: {result.findings}")
    return spent
