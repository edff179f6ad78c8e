"""Look after the log every few minutes: is it sealed, signed, witnessed, verified, and alive."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection
from django.utils import timezone

from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind, VerificationRun
from audit.completeness.refused import refused_trouble
from audit.models import Checkpoint, Event, Halt, Pending, Tree
from audit.witness.cosigned import witnessed_size
from audit.witness.trust import NoPolicy, witness_policy

SEALED_WITHIN: Final = timedelta(minutes=1)
SIGNED_WITHIN: Final = timedelta(minutes=2)
WITNESSED_WITHIN: Final = timedelta(minutes=30)
VERIFIED_WITHIN: Final = timedelta(hours=36)
HEARTBEAT_EVERY: Final = timedelta(hours=1)
SILENT_AFTER: Final = 2 * HEARTBEAT_EVERY
"""One heartbeat may be late; two are missing because nobody is there."""


def watch() -> None:
    """Raise an alarm about each thing that is not as it should be, and lift those about what is again.

    Raises:
        DatabaseError: the database does not answer.
    """
    now = timezone.now()
    tree = Tree.objects.get()
    # Looked at before anything is raised: an alarm is an event, and would end the silence it tells of.
    troubles = {kind: examine(tree, now) for kind, examine in _EXAMINED.items()}
    for kind, trouble in troubles.items():
        if trouble:
            raise_alarm(kind, trouble)
        else:
            lift_alarm(kind, "It is as it should be again.")


def _sealing(tree: Tree, now: datetime) -> str:
    halts = list(Halt.objects.order_by("pk").values_list("reason", flat=True))
    if halts:
        return "Nothing is put into the tree any more: " + " ".join(halts)
    oldest = oldest_pending()
    if oldest and now - oldest > SEALED_WITHIN:
        return f"An event of {oldest:%Y-%m-%d %H:%M:%S} UTC still waits to be sealed. Does the sequencer run?"
    signed = signed_size(tree.origin)
    if tree.sequenced_at and signed < tree.size and now - tree.sequenced_at > SIGNED_WITHIN:
        return (
            f"The tree has {tree.size} entries, and only {signed} are signed. Does the signer run?"
        )
    return ""


def _refusals(_tree: Tree, _now: datetime) -> str:
    return refused_trouble()


def _witnessing(tree: Tree, now: datetime) -> str:
    try:
        policy = witness_policy()
    except NoPolicy as trouble:
        return str(trouble)
    if policy is None or not policy.witnesses:
        return ""
    witnessed = witnessed_size(tree.origin)
    waiting = Checkpoint.objects.filter(
        origin=tree.origin, size__gt=witnessed, signed_at__lt=now - WITNESSED_WITHIN
    )
    first = waiting.order_by("size").first()
    if first is None:
        return ""
    return (
        f"Since {first.signed_at:%Y-%m-%d %H:%M} UTC no checkpoint has the cosignatures that the policy "
        f"asks for: {witnessed} of {tree.size} entries are witnessed. Does the courier run, and do the "
        "witnesses answer?"
    )


def _silence(_tree: Tree, now: datetime) -> str:
    newest = Event.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    if newest is None or now - newest <= SILENT_AFTER:
        return ""
    return (
        f"Nothing was recorded since {newest:%Y-%m-%d %H:%M} UTC, not even the hourly sign of life."
    )


def verification_is_due() -> bool:
    """Whether the log was never verified, or not for so long that the night was missed."""
    last = _last_verified()
    return last is None or timezone.now() - last > VERIFIED_WITHIN


def _last_verified() -> datetime | None:
    finished = VerificationRun.objects.order_by("-pk").values_list("finished_at", flat=True)
    return finished.first()


def _verifying(tree: Tree, now: datetime) -> str:
    last = _last_verified()
    if last is None:
        # A new installation is not to be scolded before its first night.
        signed = Checkpoint.objects.filter(origin=tree.origin).order_by("size")
        last = signed.values_list("signed_at", flat=True).first()
    if last is None or now - last <= VERIFIED_WITHIN:
        return ""
    return f"The log was not verified since {last:%Y-%m-%d %H:%M} UTC. Do worker and beat run?"


_EXAMINED: Final[dict[AlarmKind, Callable[[Tree, datetime], str]]] = {
    AlarmKind.SEALING: _sealing,
    AlarmKind.REFUSED: _refusals,
    AlarmKind.UNWITNESSED: _witnessing,
    AlarmKind.SILENCE: _silence,
    AlarmKind.UNVERIFIED: _verifying,
}


def oldest_pending() -> datetime | None:
    """Return since when the first event waits to be sealed; None when none waits."""
    waiting = Pending.objects.order_by("event_id").values_list("event_id", flat=True).first()
    if waiting is None:
        return None
    return Event.objects.filter(pk=waiting).values_list("recorded_at", flat=True).first()


def signed_size(origin: str) -> int:
    """Return how many entries the newest checkpoint says."""
    sizes = (
        Checkpoint.objects.filter(origin=origin).order_by("-size").values_list("size", flat=True)
    )
    return sizes.first() or 0


class Silence(NamedTuple):
    """A time in which nothing was recorded, not even a sign of life."""

    since: datetime
    until: datetime


_SILENCES: Final = """
SELECT before, recorded_at FROM (
    SELECT recorded_at, lag(recorded_at) OVER (ORDER BY recorded_at) AS before
    FROM audit_event WHERE recorded_at >= %s AND recorded_at < %s
) AS each WHERE recorded_at - before > make_interval(secs => %s) ORDER BY before
"""


def silences(since: datetime, until: datetime) -> Iterator[Silence]:
    """Yield the times in which the portal gave no sign of life: it was off, or events are missing."""
    with connection.cursor() as cursor:
        cursor.execute(_SILENCES, [since, until, SILENT_AFTER.total_seconds()])
        yield from map(Silence._make, cursor.fetchall())
