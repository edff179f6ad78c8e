"""Numbers about the log in the text format of Prometheus (exposition format 0.0.4)."""

import ipaddress
import secrets
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from audit.completeness.models import Alarm, AlarmKind, VerificationRun, WitnessStanding
from audit.completeness.watch import oldest_pending, signed_size
from audit.models import Anchor, Checkpoint, Event, Halt, Pending, Tree
from audit.streaming.lag import lags
from audit.streaming.models import Destination
from audit.witness.cosigned import witnessed_size

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BEARER: Final = "Bearer "


class Sample(NamedTuple):
    """One value; ``labels`` in the form ``name="value"``."""

    name: str
    meaning: str
    value: float
    labels: str = ""


def may_read(request: HttpRequest) -> bool:
    """Whether the caller shows METRICS_TOKEN, or is on this machine and not behind a proxy."""
    shown = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and shown.startswith(_BEARER):
        given = shown.removeprefix(_BEARER).encode("utf-8", "surrogateescape")
        return secrets.compare_digest(given, settings.METRICS_TOKEN.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # the proxy is on this machine, and its caller need not be
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def exposition() -> str:
    """Return all of it.

    Raises:
        DatabaseError: the database does not answer.
    """
    lines: list[str] = []
    said: set[str] = set()
    for sample in _samples():
        if sample.name not in said:
            said.add(sample.name)
            lines += [
                f"# HELP {sample.name} {sample.meaning}",
                f"# TYPE {sample.name} gauge",
            ]
        labels = f"{{{sample.labels}}}" if sample.labels else ""
        lines.append(f"{sample.name}{labels} {sample.value:.15g}")
    return "\n".join([*lines, ""])


def _samples() -> Iterator[Sample]:
    yield from _tree()
    yield from _signed()
    yield from _verified()
    open_ones = dict(
        Alarm.objects.filter(lifted_at=None).values_list("kind").annotate(Count("pk")).order_by()
    )
    for kind in AlarmKind.values:
        labels = f'kind="{kind}"'
        yield Sample("audit_alarms", "Open alarms.", open_ones.get(kind, 0), labels)
    for standing in WitnessStanding.objects.order_by("label"):
        labels = f'witness="{_escaped(standing.label)}"'
        yield Sample("audit_witness_size", "Entries a witness cosigned.", standing.size, labels)
        trouble = float(bool(standing.trouble))
        yield Sample("audit_witness_trouble", "1 if it did not cosign.", trouble, labels)
    yield from _streams()


def _tree() -> Iterator[Sample]:
    tree = Tree.objects.get()
    yield Sample("audit_tree_size", "Entries in the tree.", tree.size)
    yield Sample("audit_pending", "Events that wait to be sealed.", Pending.objects.count())
    oldest = oldest_pending()
    lag = max((timezone.now() - oldest).total_seconds(), 0) if oldest else 0
    yield Sample("audit_seal_lag_seconds", "Age of the oldest unsealed event.", lag)
    yield Sample("audit_halted", "1 if nothing is sealed any more.", float(Halt.objects.exists()))
    newest = Event.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    if newest:
        yield Sample("audit_last_event_timestamp_seconds", "The newest event.", newest.timestamp())


def _signed() -> Iterator[Sample]:
    origin = Tree.objects.values_list("origin", flat=True).get()
    yield Sample("audit_signed_size", "Entries under a signed checkpoint.", signed_size(origin))
    yield Sample("audit_witnessed_size", "Entries under a quorum.", witnessed_size(origin))
    signed = Checkpoint.objects.filter(origin=origin).order_by("-size").first()
    if signed:
        at = signed.signed_at.timestamp()
        yield Sample("audit_last_checkpoint_timestamp_seconds", "The newest checkpoint.", at)
    anchor = Anchor.objects.order_by("-pk").first()
    if anchor:
        at = anchor.made_at.timestamp()
        yield Sample("audit_last_anchor_timestamp_seconds", "The newest time stamp.", at)


def _verified() -> Iterator[Sample]:
    run = VerificationRun.objects.order_by("-pk").first()
    if run is None:
        return
    yield Sample("audit_last_verification_ok", "1 if nothing was wrong.", float(run.ok))
    at = run.finished_at.timestamp()
    yield Sample("audit_last_verification_timestamp_seconds", "When it ended.", at)
    seconds = (run.finished_at - run.started_at).total_seconds()
    yield Sample("audit_last_verification_seconds", "How long it took.", seconds)
    yield Sample("audit_last_verification_size", "Entries that it verified.", run.size)


def _streams() -> Iterator[Sample]:
    destinations = list(Destination.objects.all())
    behind = lags(destinations)
    told = [(f'destination="{each.name}"', each, behind[each.pk]) for each in destinations]
    # All values of a name in a row, as the format wants them.
    for labels, _, lag in told:
        about = "Signed entries that a destination has not acknowledged."
        yield Sample("audit_stream_behind_entries", about, lag.entries, labels)
    for labels, _, lag in told:
        about = "Age of the oldest of them."
        yield Sample("audit_stream_behind_seconds", about, lag.seconds, labels)
    for labels, _, lag in told:
        about = "Entries that it refused for good."
        yield Sample("audit_stream_dead_letters", about, lag.dead_letters, labels)
    for labels, each, _ in told:
        about = "Calls in a row that came to nothing."
        yield Sample("audit_stream_failures", about, each.failures, labels)
    for labels, each, _ in told:
        about = "1 if nothing is sent."
        yield Sample("audit_stream_paused", about, float(each.is_paused), labels)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
