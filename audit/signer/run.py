"""The signer's loop: wakes when the tree has grown, and says in a sentence why it does not sign."""

import fcntl
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import psycopg

from audit.signer.database import Connection, connect, halt
from audit.signer.errors import NotSigned, Refused
from audit.signer.signing import Signer

IDLE_SECONDS: Final = 1.0
"""How long it waits to be told; it looks by itself then."""
REST_SECONDS: Final = 0.25
"""Between two checkpoints: under load one covers many entries."""
TROUBLED_SECONDS: Final = 3.0

log = logging.getLogger("gatehouse.signer")


@dataclass
class Service:
    """Keeps a signer going until ``stopping`` is set.

    Attributes:
        url: of the database, as the role gatehouse_signer.
        signer: what it does on a connection.
    """

    url: str
    signer: Signer
    stopping: threading.Event = field(default_factory=threading.Event)
    _said: str = ""

    def run(self) -> None:
        """Sign until told to stop; outlive every loss of the database and every full disk."""
        lock = self._only_one()
        while lock is not None and not self.stopping.is_set():
            try:
                with connect(self.url) as connection:
                    self._serve(connection)
            except NotSigned as reason:
                self._say(str(reason))
            except psycopg.Error as error:
                self._say(f"The database does not answer as it should: {str(error).strip()}")
            except OSError as error:
                self._say(f"A file could not be written: {error}")
            self.stopping.wait(TROUBLED_SECONDS)
        if lock is not None:
            lock.close()

    def _only_one(self) -> IO[str] | None:
        """Hold the lock beside the memory: two signers must not write it."""
        path = Path(f"{self.signer.state_file}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a")
        while not self.stopping.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say(f"Another signer holds {path}.")
                self.stopping.wait(TROUBLED_SECONDS)
            else:
                return lock
        lock.close()
        return None

    def _serve(self, connection: Connection) -> None:
        while not self.stopping.is_set():
            try:
                worked = self.signer.step(connection)
            except Refused as reason:
                halt(connection, str(reason))
                raise
            self._say("")
            if worked:
                self.stopping.wait(REST_SECONDS)
            else:
                for _ in connection.notifies(timeout=IDLE_SECONDS, stop_after=1):
                    pass

    def _say(self, sentence: str) -> None:
        """Tell of a trouble once, and of its end."""
        if sentence and sentence != self._said:
            log.error(sentence)
        elif self._said and not sentence:
            log.warning("The log is signed again.")
        self._said = sentence
