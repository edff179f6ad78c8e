"""What a pack of everything takes: time against reading and compressing its entries, and memory."""

import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.history import running, sequencing, wait_until_signed
from benchmarks.machine import DATABASE, Machine
from benchmarks.report import Row
from benchmarks.setting import Setting
from portal.embedded.layout import CHECKOUT

_MANY = 100_000
_GOAL = 120.0
"""Seconds for so many change requests."""
_CHANGES = """
COPY (SELECT entry FROM audit_event WHERE stream LIKE 'change-request/%') TO STDOUT (FORMAT binary)
"""


def measure(setting: Setting) -> Iterator[Row]:
    """Build one of everything and one of a single project, each in a process of its own."""
    from audit.sequencer.batch import take_batch  # noqa: PLC0415 -- beside its use

    machine, size = setting.machine, setting.ground.size
    with sequencing(machine) as connection:
        while take_batch(connection):
            continue
    with running(setting, "sequencer", "signer"):
        wait_until_signed(machine)
        _, one = _built(machine, "--project", "service-1")
        seconds, whole = _built(machine)
    plain = _compressing(machine)
    told = f"pack of {size:,} change requests"
    yield Row(
        f"{told} / reading and compressing their entries once", f"{plain:.1f} s",
        f"{seconds:.1f} s", seconds / plain,
    )  # fmt: skip
    if size * 5 >= _MANY:  # of a smaller one the report and the start of Python are most
        goal = _GOAL * size / _MANY
        yield Row(f"{told} / goal", f"{goal:.1f} s", f"{seconds:.1f} s", seconds / goal, at_most=1)
    yield Row(
        "  its memory at the peak / that of a pack of one project", f"{one:.0f} MB",
        f"{whole:.0f} MB", whole / one, at_most=1.5,
    )  # fmt: skip


def _built(machine: Machine, *options: str) -> tuple[float, float]:
    """Return the seconds that ``build_pack`` takes, and the most megabytes that it holds."""
    out = machine.home / "pack.zip"
    command = [sys.executable, "manage.py", "build_pack", "--output", str(out), *options]
    began = time.perf_counter()
    with (machine.home / "pack.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=os.environ | machine.environment(), stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"No pack was built:\n{machine.log('pack')}")
    seconds = time.perf_counter() - began
    Path(out).unlink()
    return seconds, usage.ru_maxrss / 1024


def _compressing(machine: Machine) -> float:
    deflate, began = zlib.compressobj(3), time.perf_counter()
    url = machine.postgres.url("gatehouse_app", DATABASE)
    with psycopg.connect(url) as connection, connection.cursor().copy(_CHANGES) as copy:
        for data in copy:
            deflate.compress(data)
    return time.perf_counter() - began
