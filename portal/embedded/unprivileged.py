"""PostgreSQL refuses to run as root. What to put before its command line when we are root.

`initdb` also refuses a user whom the machine has no name for; the first way helps there too.

1. A user namespace in which it sees itself as nobody, while its files stay root's: no user is made,
   nothing changes owner, and it works from root's own closed home directory.
2. Else the user nobody itself, with the data under /var/tmp, where nobody may go.
3. Else a sentence.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.embedded.binaries import postgres_binary
from portal.embedded.errors import CannotStart
from portal.embedded.layout import socket_directory

NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")


@dataclass(frozen=True)
class Identity:
    """As whom PostgreSQL runs."""

    prefix: tuple[str, ...]
    """The words to put before a PostgreSQL command."""

    is_nobody: bool = False
    """The data directory must belong to nobody and lie where nobody may go."""

    def data_directory(self, home: Path) -> Path:
        """Return where the data of ``home`` lies."""
        return (_nobodys(home) if self.is_nobody else home) / "postgres"

    def socket_directory(self, home: Path) -> Path:
        """Return where the socket of ``home`` lies."""
        return _nobodys(home) / "run" if self.is_nobody else socket_directory(home)

    def create(self, directory: Path) -> None:
        """Create ``directory`` for the user who runs PostgreSQL, and for nobody else.

        Raises:
            CannotStart: it belongs to somebody else.
        """
        wanted = NOBODY if self.is_nobody else os.geteuid()
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True)
            os.chown(directory, wanted, -1)
        if directory.is_symlink() or directory.stat().st_uid != wanted:
            raise CannotStart(f"{directory} belongs to another user. Remove it, then start again.")
        directory.chmod(0o700)


def _nobodys(home: Path) -> Path:
    """Return the place of ``home`` where nobody may go."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/var/tmp") / f"gatehouse-{digest}"  # noqa: S108 -- 0700, and its owner is checked


def _works(prefix: tuple[str, ...]) -> bool:
    """Say whether a PostgreSQL binary answers when it is started in this way."""
    if shutil.which(prefix[0]) is None:
        return False
    trial = [*prefix, str(postgres_binary("postgres")), "--version"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def _has_a_name() -> bool:
    """Say whether this user is known; `initdb` looks the name up (containers make up user ids)."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


@cache
def postgres_identity() -> Identity:
    """Return the first way in which PostgreSQL runs here.

    Raises:
        CannotStart: we are root, or a user without a name, and no way works.
    """
    is_root = os.geteuid() == 0
    if not is_root and _has_a_name():
        return Identity(())
    if _works(_NAMESPACE):
        return Identity(_NAMESPACE)
    if is_root and _works(_NOBODY):
        return Identity(_NOBODY, is_nobody=True)
    who = "as root" if is_root else f"for user id {os.geteuid()}, which has no name here"
    raise CannotStart(
        f"PostgreSQL refuses to run {who}, and this machine allows no way round it (a user "
        "namespace, or the user nobody in this directory). Run make as another user, or set "
        "DATABASE_URL."
    )
