"""What it costs to keep a change: against the plain change, and against what others keep of it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from benchmarks.client import Load
from benchmarks.machine import Machine
from benchmarks.report import Row
from benchmarks.rounds import Measure, Pair, interleaved
from benchmarks.setting import Setting
from portal.embedded.layout import CHECKOUT

_HOME = CHECKOUT / ".gatehouse" / "peers"
_LOCK = CHECKOUT / "requirements" / "peers.lock"
_THEIRS = "bench_peers"
_PEERS = {
    "followed": "django-pghistory",
    "logged": "django-auditlog",
    "kept": "django-simple-history",
}
_OURS_SETTINGS = "benchmarks.peers.ours"


def measure(setting: Setting) -> Iterator[Row]:
    """One client changes one row after the other; every commit is durable."""
    machine, changes = setting.machine, 50 * setting.rounds
    try:
        theirs_python = _environment()
    except subprocess.CalledProcessError:
        print("bench: left out, since the package index cannot be reached:  peers", flush=True)
        return
    ours = machine.environment(DJANGO_SETTINGS_MODULE=_OURS_SETTINGS)
    theirs = machine.environment(_THEIRS, DJANGO_SETTINGS_MODULE="benchmarks.peers.settings")
    _prepare(machine, theirs_python, ours, theirs)
    us = _Changer(sys.executable, ours)
    them = _Changer(theirs_python, theirs)
    try:
        recorded = us.times("recorded", changes)
        pair = interleaved(us.times("plain", changes), recorded, setting.rounds)
        yield _row("the same without", pair, at_most=1.25)
        for side, name in _PEERS.items():
            pair = interleaved(them.times(side, changes), recorded, setting.rounds)
            yield _row(name, pair, at_most=1)
        pair = interleaved(them.times("plain", changes), us.times("plain", changes), setting.rounds)
        yield Row(
            "  the plain change in our process / in theirs", _each(pair.baseline),
            _each(pair.ours), 1 / pair.rate_ratio,
        )  # fmt: skip
    finally:
        us.stop()
        them.stop()


def _row(other: str, pair: Pair, *, at_most: float) -> Row:
    what = f"a change with its event, in Python / {other}"
    ratio = 1 / pair.rate_ratio
    return Row(what, _each(pair.baseline), _each(pair.ours), ratio, at_most=at_most)


def _each(loads: object) -> str:
    times = sorted(1 / load.rate for load in loads)  # type: ignore[attr-defined]  # set beside the columns
    return f"{times[len(times) // 2] * 1000:.2f} ms"


class _Changer:
    """A process that makes changes when it is told to."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.peers"], cwd=CHECKOUT, env=os.environ | dict(environment),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def times(self, side: str, changes: int) -> Measure:
        """Return what lets it make so many changes in the way of that side."""

        def work() -> Load:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{side} {changes}\n")
            self._process.stdin.flush()
            seconds = float(self._process.stdout.readline())
            return Load(seconds=seconds, latencies=[seconds / changes] * changes)

        return work

    def stop(self) -> None:
        """End it."""
        self._process.communicate()


def _environment() -> str:
    """Return the interpreter of an environment with the peers, made at the first call."""
    python, stamp = _HOME / "bin" / "python", _HOME / ".ready"
    wanted = _LOCK.read_text()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_HOME)], check=True)
        install = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        install += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_LOCK)]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        stamp.write_text(wanted)
    return str(python)


def _prepare(
    machine: Machine, python: str, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> None:
    """Make the tables, as the owner of each database."""
    machine.postgres.prepare(_THEIRS)
    for interpreter, environment, commands in (
        (python, theirs, (["migrate"], ["migrate", "--run-syncdb"], ["pgtrigger", "install"])),
        (sys.executable, ours, (["migrate", "--run-syncdb"],)),
    ):
        for words in commands:
            subprocess.run(
                [interpreter, "-m", "django", *words], cwd=CHECKOUT, check=True,
                env=os.environ | dict(environment) | {"GATEHOUSE_DB_ROLE": "owner"},
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
