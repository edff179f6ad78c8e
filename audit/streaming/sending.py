"""Send what a destination lacks: take the lease, send a batch, move the cursor, again.

The cursor moves only after the destination acknowledged. Whoever dies between the two leaves the cursor
where it was: the next one sends the same batch, under the same ids (at least once).
"""

import secrets
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from audit.itself import the_watcher
from audit.models import Event
from audit.record import record
from audit.streaming.errors import LeaseLost, NotDelivered, RecordsRefused
from audit.streaming.events import StreamEvent
from audit.streaming.models import DeadLetter, Destination, DestinationKind
from audit.streaming.reading import batch_of, enclosed, end_of_batch, present_log
from audit.streaming.records import Batch, test_record
from audit.streaming.transports.file import JsonLines
from audit.streaming.transports.port import Transport
from audit.streaming.transports.syslog import SyslogOverTls
from audit.streaming.transports.webhook import Webhook

LEASE: Final = timedelta(seconds=90)
"""Longer than any batch takes: connecting, writing and reading each have their few seconds."""
ROUNDS: Final = 50
"""Batches under one lease; then others have their turn."""
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
"""Seconds. Pauses double from the first to the longest, less up to a half by chance."""
TRIES: Final = 3
"""How often one record is offered before it becomes a dead letter."""
MOST_REFUSED_IN_ROW: Final = 20
"""So many dead letters without a record that was taken say that not the records are at fault."""
STANDS_STILL: Final = (
    "it refused {count} entries in a row; something is wrong with its set-up and not with them"
)

TRANSPORTS: Final[dict[str, Transport]] = {
    DestinationKind.WEBHOOK: Webhook(),
    DestinationKind.SYSLOG: SyslogOverTls(),
    DestinationKind.FILE: JsonLines(),
}

log = structlog.get_logger(__name__)


def serve(destination_id: int, *, worker: str) -> bool:
    """Send what the destination lacks, unless another streamer does.

    Args:
        destination_id: of the row.
        worker: who works, for the lease.

    Returns:
        Whether anything was tried.

    Raises:
        DatabaseError: the database does not answer; the lease runs out by itself.
    """
    held = claim(destination_id, worker=worker)
    if held is None:
        return False
    turn = Turn(held)
    tried = False
    try:
        for _ in range(ROUNDS):
            if not turn.step():
                break
            tried = True
        turn.release()
    except LeaseLost:
        log.warning("stream_lease_lost", destination=destination_id)
    return tried


@transaction.atomic(durable=True)
def claim(destination_id: int, *, worker: str) -> Destination | None:
    """Take the lease of a destination; None when another holds it or it is not due."""
    due = Destination.objects.due(timezone.now()).select_for_update(skip_locked=True)
    held = due.filter(pk=destination_id).first()
    if held is None:
        return None
    held.lease_holder = f"{worker[:100]}#{secrets.token_hex(6)}"
    held.lease_until = timezone.now() + LEASE
    held.save(update_fields=["lease_holder", "lease_until"])
    return held


class Turn:
    """One streamer's time with one destination. No transaction is open while anything is sent."""

    def __init__(self, destination: Destination) -> None:
        self._holder = destination.lease_holder
        self._at = destination

    def step(self) -> bool:
        """Send one batch, one record again, or one test record; False when there is nothing to do now.

        Raises:
            LeaseLost: another streamer sends to it, or it is gone.
        """
        self._renew()
        at = self._at
        if at.test_asked_at:
            self._test()
            return True
        if at.is_paused or (at.not_before and at.not_before > timezone.now()):
            return False
        again = at.dead_letters.open().exclude(again_at=None).order_by("again_at").first()
        if again:
            return self._again(again)
        return self._batch()

    def release(self) -> None:
        """Give the lease back."""
        self._mine().update(lease_holder="", lease_until=None)

    # ── the log ──────────────────────────────────────────────────────────────────────────────────

    def _batch(self) -> bool:
        at, transport = self._at, TRANSPORTS[self._at.kind]
        origin, signed = present_log()
        if at.origin != origin:
            self._begin_log(origin)
        first, until = at.next_index, at.sending_until
        if until is None or until > signed:
            until = end_of_batch(
                first, signed, records=transport.most_records, size=transport.most_bytes
            )
            if until is None:
                return False
            self._write(sending_until=until)
        try:
            transport.send(at, batch_of(origin, first, until, at.format))
        except NotDelivered as trouble:
            return self._wait(trouble)
        except RecordsRefused as refusal:
            return self._narrow(first, until, refusal)
        return self._acknowledged(first, until)

    def _begin_log(self, origin: str) -> None:
        """Begin at the first entry of a log that was opened after a restore."""
        known = self._at.origin
        changes: dict[str, Any] = {"origin": origin, "sending_until": None, "tries": 0}
        if known:
            changes["next_index"] = 0
        self._write(**changes)

    def _acknowledged(self, first: int, until: int) -> bool:
        self._write(
            next_index=until,
            sending_until=None,
            delivered=self._at.delivered + until - first,
            refused_in_row=0,
            **self._healthy(),
        )
        # In a replay it may take what it refused before.
        self._at.dead_letters.filter(
            delivered_at=None, origin=self._at.origin, index__gte=first, index__lt=until
        ).update(delivered_at=timezone.now(), again_at=None)
        return True

    def _narrow(self, first: int, until: int, refusal: RecordsRefused) -> bool:
        """Halve a refused batch until the record at fault is alone; then give it its tries."""
        if until - first > 1:
            self._write(sending_until=first + (until - first) // 2)
            return True
        if self._at.tries + 1 < TRIES:
            self._write(tries=self._at.tries + 1)
            return self._wait(NotDelivered(refusal.sentence))
        self._give_up(first, refusal.sentence)
        return not self._at.is_paused

    @transaction.atomic(durable=True)
    def _give_up(self, index: int, reason: str) -> None:
        """Put the record at the cursor aside and go on behind it; stand still if it was one of many."""
        at = self._lock()
        event = Event.objects.filter(leaf__idx=index).first()
        kind = event.type if event else ""
        # What tells of a refusal may be refused as well: to tell of that would have no end.
        is_told = kind != StreamEvent.RECORD_REFUSED
        DeadLetter.objects.update_or_create(
            destination=at,
            origin=at.origin,
            index=index,
            defaults={
                "event_type": kind, "reason": reason, "tries": at.tries + 1,
                "refused_at": timezone.now(), "again_at": None, "delivered_at": None,
                # Refused again is news, also about what somebody dismissed.
                **({"dismissed_at": None} if is_told else {}),
            },
        )  # fmt: skip
        if is_told:
            record(
                StreamEvent.RECORD_REFUSED,
                subject=at,
                by=the_watcher(),
                outcome="failure",
                index=index,
                why=reason,
            )
        refused = at.refused_in_row + 1
        self._write(
            next_index=index + 1,
            sending_until=None,
            refused_in_row=refused,
            **self._healthy(),
        )
        if refused >= MOST_REFUSED_IN_ROW:
            self._stand_still(at, STANDS_STILL.format(count=refused))

    def _stand_still(self, at: Destination, why: str) -> None:
        self._write(is_paused=True, paused_because=why, refused_in_row=0)
        record(StreamEvent.PAUSED, subject=at, by=the_watcher(), outcome="error", why=why)

    # ── one record ───────────────────────────────────────────────────────────────────────────────

    def _again(self, letter: DeadLetter) -> bool:
        at = self._at
        origin, _ = present_log()
        if letter.origin != origin:
            letter.again_at = None
            letter.reason = (
                f"The entry is in the log {letter.origin}, and the present one is {origin}."
            )
            letter.save(update_fields=["again_at", "reason"])
            return True
        try:
            batch = batch_of(origin, letter.index, letter.index + 1, at.format)
            TRANSPORTS[at.kind].send(at, batch)
        except NotDelivered as trouble:
            return self._wait(trouble)
        except RecordsRefused as refusal:
            letter.again_at, letter.reason = None, refusal.sentence
            letter.tries += 1
            letter.save(update_fields=["again_at", "reason", "tries"])
            return True
        letter.again_at, letter.delivered_at = None, timezone.now()
        letter.save(update_fields=["again_at", "delivered_at"])
        self._write(delivered=at.delivered + 1, **self._healthy())
        return True

    def _test(self) -> None:
        at = self._at
        asked = at.test_asked_at
        origin, _ = present_log()
        identity = f"test-{at.pk}-{asked:%Y%m%d%H%M%S%f}"
        batch = Batch(
            identity, origin, [test_record(identity, origin, at.format)], enclosed(origin)
        )
        succeeded, result = True, "It took the test record."
        try:
            TRANSPORTS[at.kind].send(at, batch)
        except (NotDelivered, RecordsRefused) as error:
            succeeded, result = False, error.sentence
        changes: dict[str, Any] = self._healthy() if succeeded else {}
        changes.pop("delivered_at", None)
        self._write(
            test_asked_at=None,
            test_done_at=timezone.now(),
            test_succeeded=succeeded,
            test_result=result,
            **changes,
        )

    # ── the row ──────────────────────────────────────────────────────────────────────────────────

    def _wait(self, trouble: NotDelivered) -> bool:
        """Try later: when the destination asked for it, else after a pause that grows. Never before."""
        failures = self._at.failures + 1
        seconds = pause_after(failures) if trouble.wait is None else trouble.wait
        self._write(
            failures=failures,
            trouble=trouble.sentence,
            not_before=timezone.now() + timedelta(seconds=seconds),
        )
        log.warning("stream_waits", destination=self._at.pk, failures=failures, seconds=seconds)
        return False

    def _healthy(self) -> dict[str, Any]:
        return {
            "tries": 0,
            "failures": 0,
            "trouble": "",
            "not_before": None,
            "delivered_at": timezone.now(),
        }

    def _mine(self) -> Any:
        return Destination.objects.filter(pk=self._at.pk, lease_holder=self._holder)

    def _renew(self) -> None:
        """Keep the lease, and see what administrators changed since."""
        if not self._mine().update(lease_until=timezone.now() + LEASE):
            raise LeaseLost
        self._at = Destination.objects.get(pk=self._at.pk)

    def _lock(self) -> Destination:
        found: Destination | None = self._mine().select_for_update().first()
        if found is None:
            raise LeaseLost
        return found

    def _write(self, **changes: Any) -> None:
        if not self._mine().update(**changes):
            raise LeaseLost
        for name, value in changes.items():
            setattr(self._at, name, value)


def pause_after(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 16))
    # By chance, so that those who failed together do not come back together.
    return secrets.SystemRandom().uniform(longest / 2, longest)
