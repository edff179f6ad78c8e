"""The key with which `make run` signs its audit log: made once, under the log's name."""

from pathlib import Path

from audit.tlog.errors import Malformed
from audit.tlog.keys import SigningKey
from portal.embedded.errors import CannotStart


def log_name(path: Path, wanted: str) -> str:
    """Return the name of the log that the key at ``path`` signs; a new key signs ``wanted``.

    Raises:
        CannotStart: the file holds no key.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.touch(mode=0o600)
        unfinished.write_text(f"{SigningKey.generate(wanted).written}\n", encoding="utf-8")
        unfinished.rename(path)
    try:
        return SigningKey.of(path.read_text(encoding="utf-8").split()[0]).name
    except (Malformed, IndexError, UnicodeDecodeError) as error:
        raise CannotStart(
            f"{path} holds no key for signing the audit log. Put it back from a copy; to begin again "
            "without the present data:  make reset"
        ) from error
