"""What is asked once per connection: whose tree it is, and whether more is published than it holds."""

from pathlib import Path

from audit.publishing.places import CHECKPOINT, directory_of
from audit.sequencer.batch import Connection, Halted
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import Malformed
from audit.tlog.notes import Note


def settle_origin(connection: Connection, origin: str) -> str:
    """Give the tree its name if it has none yet, and return the one that it has.

    Once given, only recovery changes it, whatever the settings say later.
    """
    with connection.transaction():
        connection.execute(
            "UPDATE audit_tree SET origin = %s WHERE id = 1 AND origin = ''", [origin]
        )
        row = connection.execute("SELECT origin FROM audit_tree WHERE id = 1").fetchone()
    return str(row[0]) if row else ""


def refuse_if_behind(connection: Connection, log_root: Path | None) -> None:
    """Stop before a restored database grows a second tree beside the published one.

    The signer would refuse that tree and says so to everybody; this is about not building it.

    Raises:
        Halted: the published checkpoint says more entries than the tree has.
    """
    row = connection.execute("SELECT origin, incarnation, size FROM audit_tree").fetchone()
    if log_root is None or row is None:
        return
    origin, incarnation, size = row
    published = published_checkpoint(directory_of(log_root, incarnation))
    if published and published.origin == origin and published.size > size:
        raise Halted(
            f"{published.size} entries of {origin} are published, and the database holds {size}: it was "
            "restored from an older state. Recover the log first:  manage.py recover_log"
        )


def published_checkpoint(directory: Path) -> Checkpoint | None:
    """Return what the checkpoint file says, unverified; None if there is no readable one."""
    try:
        return Checkpoint.of_text(Note.of((directory / CHECKPOINT).read_bytes()).text)
    except (OSError, Malformed):
        return None
