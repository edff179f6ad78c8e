"""`make bench`: set up, ask every question, print the table.

`make bench` takes about fifteen minutes, `make bench ARGS=--quick` one with a tenth of the data, and
`make bench ARGS="verdict reads"` asks some of the questions. ``--size`` and ``--entries`` say how much there
is to be asked about.
"""

import argparse
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import report
from benchmarks.data import load
from benchmarks.machine import SMALL, Machine, machine, start_database
from benchmarks.setting import Setting

_OF_THE_LOG = ("packs", "events", "log_writes", "peers", "sequencer", "verification", "exports")
"""They ask the database and the log's own processes, no web server; the packs before the log is filled."""
QUESTIONS = (
    "verdict", "reads", "writes", "permissions", "pages", "carry_out", "worker", "models", "server",
    *_OF_THE_LOG,
)  # fmt: skip
_QUICKLY = (*QUESTIONS[:5], "events")
"""Those that need no worker: starting one takes longer than asking it."""
_SIZE, _ENTRIES = 100_000, 1_000_000
_BASELINE = {"DJANGO_SETTINGS_MODULE": "benchmarks.baseline.settings"}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, fewer rounds")
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(QUESTIONS))
    parser.add_argument("--size", type=int, help=f"change requests, {_SIZE} unless told")
    parser.add_argument("--entries", type=int, help=f"of the log, {_ENTRIES} unless told")
    asked = parser.parse_args()
    names = asked.questions or (_QUICKLY if asked.quick else QUESTIONS)
    if unknown := [name for name in names if name not in QUESTIONS]:
        parser.error(f"no question {', '.join(unknown)}; there are: {', '.join(QUESTIONS)}")
    # Told to stop, it takes its services down as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[report.Row] = []
    failed: list[str] = []
    with machine() as found:
        setting = _set_up(found, asked, serving=not set(names) <= set(_OF_THE_LOG))
        for name in names:
            try:
                rows += _answers(name, setting)
            except Exception:  # noqa: BLE001 -- an hour's other answers are worth having
                traceback.print_exc()
                failed.append(name)
    print()
    print(report.table(rows))
    print(f"\nKept in {report.keep(rows, quick=asked.quick)}")
    if failed:
        sys.exit(f"No answer to: {', '.join(failed)}")


def _set_up(found: Machine, asked: argparse.Namespace, *, serving: bool) -> Setting:
    less = 10 if asked.quick else 1
    size = asked.size or _SIZE // less
    with _said(f"loading {size:,} change requests"):
        ground = load(found, size)
        start_database(found)
    ours = small = baseline = 0
    if serving:
        with _said("starting the servers"):
            ours = found.serve("ours")
            small = found.serve("small", database=SMALL)
            baseline = found.serve("baseline", application="benchmarks.baseline.wsgi", **_BASELINE)
    os.environ.update(found.environment())
    import django  # noqa: PLC0415 -- the settings name the services that run now

    django.setup()
    rounds, seconds = (2, 0.25) if asked.quick else (5, 0.7)
    entries = asked.entries or _ENTRIES // less
    return Setting(found, ground, ours, baseline, small, rounds, seconds, entries)


def _answers(name: str, setting: Setting) -> list[report.Row]:
    question = importlib.import_module(f"benchmarks.questions.{name}")
    with _said(name):
        rows: list[report.Row] = list(question.measure(setting))
    for row in rows:
        told = f"{row.ratio:.2f} {row.goal} ({row.baseline or '-'}, {row.ours or '-'})"
        print(f"    {row.what}: {told}", flush=True)
    return rows


@contextmanager
def _said(what: str) -> Iterator[None]:
    print(f"bench: {what} … (load {os.getloadavg()[0]:.1f})", flush=True)
    began = time.monotonic()
    yield
    print(f"bench: {what}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
