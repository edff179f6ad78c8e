"""What an earlier run left behind when it was killed, and ending it."""

import contextlib
import os
import signal
from collections.abc import Iterable

import psutil

from portal.embedded.layout import Layout
from portal.embedded.postgres import PostgresServer

MARK = "GATEHOUSE_SUPERVISED"
"""Every supervised process has the home of its installation under this name in its environment."""

_PATIENCE_SECONDS = 15.0


def _is_marked(process: psutil.Process, home: str) -> bool:
    try:
        return process.environ().get(MARK) == home and process.pid != os.getpid()
    except (psutil.Error, OSError):
        return False


def leftovers(layout: Layout, postgres: PostgresServer | None) -> list[psutil.Process]:
    """Return the living processes of an earlier run of this installation."""
    found = [process for process in psutil.process_iter() if _is_marked(process, str(layout.home))]
    # PostgreSQL writes its title over its environment, so that it is known by its pid file.
    pid = postgres.running_pid() if postgres else None
    if pid is not None and pid not in {process.pid for process in found}:
        found.append(psutil.Process(pid))
    return [process for process in found if _is_alive(process)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for ``processes`` and return those that still live (a zombie does not)."""
    _, alive = psutil.wait_procs(processes, timeout=0.1)
    waited = 0.1
    while (alive := [process for process in alive if _is_alive(process)]) and waited < seconds:
        _, alive = psutil.wait_procs(alive, timeout=0.2)
        waited += 0.2
    return alive


def _supervisor_first(processes: list[psutil.Process]) -> list[psutil.Process]:
    def is_supervisor(process: psutil.Process) -> bool:
        try:
            return any("supervisord" in word for word in process.cmdline())
        except psutil.Error:
            return False

    return [process for process in processes if is_supervisor(process)]


def end(processes: list[psutil.Process]) -> None:
    """End ``processes``: the supervisor first, for it would start the others again."""
    supervisors = _supervisor_first(processes)
    _send(supervisors, signal.SIGTERM)
    _send(_wait(supervisors, _PATIENCE_SECONDS), signal.SIGKILL)
    others = [process for process in processes if _is_alive(process)]
    # SIGTERM lets PostgreSQL wait for its clients, and these are being ended too.
    _send(others, signal.SIGTERM)
    _send(_wait(others, _PATIENCE_SECONDS), signal.SIGKILL)
    _wait(others, _PATIENCE_SECONDS)
