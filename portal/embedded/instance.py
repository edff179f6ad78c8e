"""One launcher per installation: a lock that the operating system gives back, whatever happens."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from portal.embedded.errors import CannotStart
from portal.embedded.layout import Layout


def holder(layout: Layout) -> tuple[int, int] | None:
    """Return pid and port of the launcher that runs here, if one does."""
    try:
        with layout.lock.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _announced(layout.lock)
    except OSError:
        return None
    return None


def _announced(lock: Path) -> tuple[int, int]:
    try:
        seen = json.loads(lock.read_text())
        return int(seen["pid"]), int(seen["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


@contextmanager
def only_one(layout: Layout, port: int) -> Iterator[None]:
    """Hold the lock of ``layout`` for the length of the block.

    Raises:
        CannotStart: another launcher holds it.
    """
    with layout.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid, its_port = _announced(layout.lock)
            raise CannotStart(
                f"Gatehouse already runs from this directory: http://localhost:{its_port} "
                f"(pid {pid}). Use that one, or stop it first:  make stop"
            ) from error
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "port": port}))
        lock.flush()
        yield


def stop(layout: Layout, seconds: float = 60) -> bool:
    """Ask the launcher that runs here to stop and wait for it; say whether there was one."""
    found = holder(layout)
    if found is None or not found[0]:
        return False
    process = psutil.Process(found[0])
    process.terminate()
    psutil.wait_procs([process], timeout=seconds)
    return True
