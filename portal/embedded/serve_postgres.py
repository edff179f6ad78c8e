"""Becoming the PostgreSQL server of this installation, unless one runs on the same data."""

import fcntl
import os
import time
from typing import NoReturn

from portal.embedded.environment import embedded_postgres
from portal.embedded.errors import CannotStart
from portal.embedded.layout import Layout

_PATIENCE_SECONDS = 20.0


def _lock_data(layout: Layout) -> None:
    """Take a lock that every process of the server will hold, until the last one has ended.

    PostgreSQL's own check (is the pid of postmaster.pid alive?) does not see into another user
    namespace; two servers on the same files would destroy them.

    Raises:
        CannotStart: a server still runs.
    """
    handle = os.open(layout.home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(handle, True)  # noqa: FBT003 -- positional only
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise CannotStart("Another PostgreSQL still runs on this data.") from error
            time.sleep(0.1)
        else:
            return


def serve_postgres(layout: Layout) -> NoReturn:
    """Replace this process by the server.

    Raises:
        CannotStart: another server runs on the same data and does not end.
    """
    server = embedded_postgres(layout)
    _lock_data(layout)
    server.clear_stale_lock()
    command = server.command()
    os.execvp(command[0], command)  # noqa: S606 -- no shell is wanted
