"""Where the files of the log lie.

``LOG_ROOT`` holds the first log, and ``LOG_ROOT/<n>`` the n-th one if a new one had to be opened after a
restore, just as their names are ``<origin>`` and ``<origin>/<n>``.
"""

from pathlib import Path
from typing import Final

CHECKPOINT: Final = "checkpoint"
KEYS: Final = "log.vkey"
"""The public keys, one verifier key a line: those that sign now, then those that signed before."""
KEY_HISTORY: Final = "log.keys.json"
"""The same with the tree sizes from which and up to which each one signed."""


def directory_of(log_root: Path, incarnation: int) -> Path:
    """Return the prefix of the n-th log, counted from 1."""
    return log_root if incarnation == 1 else log_root / str(incarnation)


def origin_of(name: str, incarnation: int) -> str:
    """Return the n-th log's name, where the first one's is ``name``."""
    return name if incarnation == 1 else f"{name}/{incarnation}"
