"""How fast the log leaves as a file, against ``COPY`` of the same facts, and in how much memory."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg

from benchmarks.history import fill
from benchmarks.machine import DATABASE, Machine
from benchmarks.report import Row
from benchmarks.setting import Setting
from portal.embedded.layout import CHECKOUT

_ROUNDS = 2
_MOST = 64.0
"""Megabytes beyond what the process takes before it exports anything."""
_PLAIN = {
    "jsonl": """
        COPY (SELECT json_build_object('entry', convert_from(e.entry, 'UTF8')::json, 'index', l.idx,
                                       'leaf_hash', encode(l.leaf_hash, 'hex'))
              FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id ORDER BY l.idx) TO STDOUT
    """,
    "csv": """
        COPY (SELECT l.idx, e.uid, e.recorded_at, e.stream, e.stream_seq, e.type, e.facts ->> 'outcome',
                     e.actor, e.facts #>> '{actor,kind}', e.project, e.facts #>> '{object,type}',
                     e.facts #>> '{object,id}', e.facts #>> '{object,label}', e.facts #>> '{source,channel}',
                     e.db_user, encode(l.leaf_hash, 'hex')
              FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id ORDER BY l.idx) TO STDOUT (FORMAT csv)
    """,
}


def measure(setting: Setting) -> Iterator[Row]:
    """Export everything by the command, in turns with ``COPY``; both write to a file."""
    machine = setting.machine
    fill(machine, setting.entries)
    _, least = _exported(machine, "jsonl", "--after", "999999999")
    for form, statement in _PLAIN.items():
        plain = min(_copied(machine, statement) for _ in range(_ROUNDS))
        runs = [_exported(machine, form) for _ in range(_ROUNDS)]
        seconds = min(seconds for seconds, _ in runs)
        told = f"export of {setting.entries:,} entries as {form}"
        yield Row(
            f"{told} / COPY of the same", f"{setting.entries / plain:,.0f}/s",
            f"{setting.entries / seconds:,.0f}/s", plain / seconds, at_least=0.8,
        )  # fmt: skip
        peak = max(peak for _, peak in runs)
        yield Row(
            "  its memory beyond that of an empty export / 64 MB", f"{least:.0f} MB",
            f"{peak:.0f} MB", (peak - least) / _MOST, at_most=1,
        )  # fmt: skip


def _copied(machine: Machine, statement: str) -> float:
    url = machine.postgres.url("gatehouse_app", DATABASE)
    with psycopg.connect(url) as connection, (machine.home / "export").open("wb") as out:
        began = time.perf_counter()
        with connection.cursor().copy(statement) as copy:
            for data in copy:
                out.write(data)
    return time.perf_counter() - began


def _exported(machine: Machine, form: str, *options: str) -> tuple[float, float]:
    """Return the seconds from its first byte on, and the most megabytes that the command holds."""
    out = machine.home / "export"
    command = [sys.executable, "manage.py", "export_log", "--output", str(out), "--format", form]
    out.unlink(missing_ok=True)
    with (machine.home / "export.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], cwd=CHECKOUT, env=os.environ | machine.environment(), stdout=log,
            stderr=log,
        )  # fmt: skip
        # Django's own start is no part of an export.
        while not out.exists() and process.poll() is None:
            time.sleep(0.01)
        began = time.perf_counter()
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"Nothing was exported:\n{machine.log('export')}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024
