"""The streamer's loop: every second, one thread for each destination that is due.

A process of its own, beside the workers: a destination that hangs keeps a thread of this one busy and
nobody's deployment, and the log goes on to be sent while the broker is away.
"""

import logging
import os
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from audit.origin import Origin, coming_from
from audit.streaming.models import Destination
from audit.streaming.sending import serve

INTERVAL: Final = 1.0
"""Seconds between two looks."""
MOST_DESTINATIONS: Final = 16
"""Destinations that may be configured, and threads: no destination waits for another."""

log = logging.getLogger("gatehouse.streamer")


@dataclass
class Streamer:
    """Goes round until it is told to stop; outlives every loss of database and network.

    Attributes:
        stopping: set to let it end; what is being sent is finished or given up after its time.
    """

    stopping: threading.Event = field(default_factory=threading.Event)
    _name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    _busy: dict[int, Future[bool]] = field(default_factory=dict)

    def run(self) -> None:
        """Go round every second."""
        with ThreadPoolExecutor(MOST_DESTINATIONS, thread_name_prefix="stream") as threads:
            while not self.stopping.is_set():
                try:
                    self._round(threads)
                except DatabaseError as error:
                    log.warning("The database does not answer as it should: %s", str(error).strip())
                self.stopping.wait(INTERVAL)

    def once(self) -> None:
        """Send what every destination lacks now, one after the other."""
        for pk in self._due():
            self._serve(pk)

    def _round(self, threads: ThreadPoolExecutor) -> None:
        close_old_connections()
        self._busy = {pk: future for pk, future in self._busy.items() if not future.done()}
        for pk in self._due():
            if pk not in self._busy:
                self._busy[pk] = threads.submit(self._in_thread, pk)

    def _due(self) -> list[int]:
        return list(Destination.objects.due(timezone.now()).values_list("pk", flat=True))

    def _in_thread(self, pk: int) -> bool:
        try:
            return self._serve(pk)
        except DatabaseError as error:
            log.warning("Destination %s waits for the database: %s", pk, str(error).strip())
            return False
        except Exception:  # one destination must not stop the others; it is due again
            log.exception("Destination %s: what it lacks could not be sent", pk)
            return False
        finally:
            connection.close()

    def _serve(self, pk: int) -> bool:
        with coming_from(Origin("worker")):
            tried = serve(pk, worker=self._name)
            while tried and not self.stopping.is_set():
                tried = serve(pk, worker=self._name)
            return tried
