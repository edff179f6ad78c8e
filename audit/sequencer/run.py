"""The loop: batches while there is a backlog, a look at the queue ten times a second otherwise."""

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from audit.sequencer.batch import (
    LARGEST_BATCH,
    AnotherLeads,
    Connection,
    Halted,
    something_waits,
    take_batch,
)
from audit.sequencer.standing import refuse_if_behind, settle_origin

IDLE_SECONDS: Final = 0.1
TROUBLED_SECONDS: Final = 3.0
"""How long it waits after the database went away, and between two looks at a halted log."""

_OPTIONS: Final = "-c synchronous_commit=on -c statement_timeout=60000 -c lock_timeout=10000"

log = logging.getLogger("gatehouse.sequencer")


@dataclass
class Sequencer:
    """One of any number of sequencers.

    Attributes:
        url: of the database, as the role gatehouse_sequencer.
        origin: the name of a new log.
        log_root: where the log is published, if this process can see it.
        batch: how many entries a transaction takes at most.
    """

    url: str
    origin: str
    log_root: Path | None = None
    batch: int = LARGEST_BATCH
    stopping: threading.Event = field(default_factory=threading.Event)
    _said: str = ""

    def run(self) -> None:
        """Put events into the tree until ``stopping`` is set; outlive every loss of the database."""
        while not self.stopping.is_set():
            try:
                with self.connect() as connection:
                    self._serve(connection)
            except Halted as halt:
                self._say(str(halt))
            except psycopg.Error as error:
                self._say(f"The database does not answer as it should: {str(error).strip()}")
            self.stopping.wait(TROUBLED_SECONDS)

    def connect(self) -> Connection:
        """Return a connection to a tree that may grow.

        Raises:
            Halted: the tree is behind what is published.
            psycopg.Error: there is no connection to be had.
        """
        connection = psycopg.connect(
            self.url,
            options=_OPTIONS,
            connect_timeout=5,
            application_name="gatehouse sequencer",
            autocommit=True,
        )
        try:
            settle_origin(connection, self.origin)
            refuse_if_behind(connection, self.log_root)
        except BaseException:  # also when told to stop: nobody else would close it
            connection.close()
            raise
        return connection

    def _serve(self, connection: Connection) -> None:
        while not self.stopping.is_set():
            more = self.step(connection)
            self._say("")
            if not more:
                self.stopping.wait(IDLE_SECONDS)

    def step(self, connection: Connection) -> bool:
        """Take one batch; return whether there may be more at once.

        Raises:
            Halted: see ``take_batch``.
            psycopg.Error: likewise.
        """
        try:
            return something_waits(connection) and take_batch(connection, self.batch) == self.batch
        except AnotherLeads:
            return False

    def _say(self, sentence: str) -> None:
        """Tell of a trouble once, and of its end."""
        if sentence and sentence != self._said:
            log.error(sentence)
        elif self._said and not sentence:
            log.warning("The database answers, and events are put into the tree again.")
        self._said = sentence
