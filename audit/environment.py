"""Variables of the log's own processes, which run without Django so that little can go wrong in them."""

import os
from pathlib import Path
from urllib.parse import urlsplit


class NotSet(Exception):
    """A variable that a process needs is missing; the message is a sentence."""


def variable(name: str, default: str | None = None) -> str:
    """Return a variable, or the content of the file that ``<name>_FILE`` names (secrets).

    Raises:
        NotSet: neither is set and there is no default.
    """
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise NotSet(f"Set {name} (or {name}_FILE, the path of a file that holds it).")
    return value


def log_origin() -> str:
    """Return the log's name: LOG_ORIGIN, or the host of PUBLIC_URL with ``/gatehouse``."""
    host = urlsplit(variable("PUBLIC_URL", "http://localhost")).hostname or "localhost"
    return variable("LOG_ORIGIN", f"{host}/gatehouse")
