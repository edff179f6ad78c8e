"""The courier's loop: carry checkpoints to witnesses at once, and to the time-stamp authority once a day.

A process of its own: it alone talks to the outside as the role that may keep what comes back, and it has no
key. The signer, which has one, talks to nobody.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Final

import psycopg
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from audit.anchors.anchoring import anchor, checkpoint_to_anchor
from audit.anchors.tokens import AnchorInvalid
from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind
from audit.models import Tree
from audit.origin import Origin, coming_from
from audit.outgoing import OutgoingError
from audit.tlog.errors import TlogError
from audit.witness.clocks import compare_clocks
from audit.witness.cosigning import Cosigning

INTERVAL: Final = 1.0
"""Seconds between two looks for a new checkpoint."""
ANCHOR_AGAIN_AFTER: Final = 600.0
"""Seconds after which an authority that gave no stamp is asked again."""

STAMPS: Final = "time stamps"
NO_STAMP: Final = "The time-stamp authority gives no stamps that hold. The courier's log says why."
NO_AUTHORITY: Final = "No time-stamp authority is asked any more."

log = logging.getLogger("gatehouse.courier")


@dataclass
class Courier:
    """Goes round until it is told to stop; outlives every loss of database and network.

    Attributes:
        cosigning: who asks the witnesses; None if there are none.
        stopping: set to let it end.
    """

    cosigning: Cosigning | None
    stopping: threading.Event = field(default_factory=threading.Event)
    _anchor_not_before: float = 0.0
    _asks_no_authority: bool = False

    def run(self) -> None:
        """Go round every second."""
        with coming_from(Origin("worker")):
            while not self.stopping.is_set():
                try:
                    self.round()
                except (DatabaseError, psycopg.Error) as error:
                    log.warning("The database does not answer as it should: %s", str(error).strip())
                except TlogError as error:
                    # Of a row that somebody changed; the verification names it.
                    log.warning("What is kept of the log cannot be used: %s", error)
                self.stopping.wait(INTERVAL)

    def round(self) -> None:
        """Go round once.

        Raises:
            DatabaseError, psycopg.Error: the database does not answer.
            TlogError: a checkpoint or a cosignature that is kept there was changed.
        """
        close_old_connections()
        if self.cosigning:
            self.cosigning.round()
        if not settings.TIMESTAMP_URL:
            self._ask_no_authority()
        elif time.monotonic() >= self._anchor_not_before:
            self._anchor()

    def _ask_no_authority(self) -> None:
        if not self._asks_no_authority:
            lift_alarm(AlarmKind.UNKEPT, NO_AUTHORITY, about=STAMPS)
            self._asks_no_authority = True

    def _anchor(self) -> None:
        checkpoint = checkpoint_to_anchor(Tree.objects.get())
        if checkpoint is None:
            return
        asked_at = timezone.now()
        try:
            stamp = anchor(checkpoint, signer_url=settings.DATABASE_SIGNER_URL)
        except (AnchorInvalid, OutgoingError) as error:
            self._anchor_not_before = time.monotonic() + ANCHOR_AGAIN_AFTER
            log.warning("No time stamp: %s", error)
            raise_alarm(AlarmKind.UNKEPT, NO_STAMP, about=STAMPS)
            return
        lift_alarm(AlarmKind.UNKEPT, "The authority stamps checkpoints again.", about=STAMPS)
        compare_clocks(asked_at, stamp.time, whose="the time-stamp authority")
