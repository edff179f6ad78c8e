"""The verdict: one word for CI, whether it is the last one, and why."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final

import orjson
from django.conf import settings

from catalog.models import User
from releases.api.reading import Standing, standing_of
from releases.states import FINAL, ChangeRequestState

LONGEST_WAIT: Final = 25.0
LOOKS_EVERY: Final = 0.5
"""Seconds between two looks of a call that waits."""

_S = ChangeRequestState
DECISIONS: Final[dict[ChangeRequestState, str]] = {
    _S.SUBMITTED: "pending",
    _S.CHECKING: "pending",
    _S.AWAITING_APPROVAL: "pending",
    _S.BLOCKED: "blocked",
    _S.APPROVED: "approved",
    _S.SCHEDULED: "approved",
    _S.QUEUED: "approved",
    _S.DEPLOYING: "approved",
    _S.VERIFYING: "approved",
    _S.REJECTED: "rejected",
    _S.EXPIRED: "rejected",
    _S.WITHDRAWN: "rejected",
    _S.SUPERSEDED: "rejected",
    _S.DEPLOYED: "deployed",
    _S.FAILED: "failed",
    _S.ERRORED: "failed",
    _S.ABORTED_BY_FREEZE: "failed",
    _S.ROLLED_BACK: "failed",
}

# A waiting call holds a thread of the web server: never more than some of them.
_seats: Final = threading.BoundedSemaphore(settings.VERDICT_WAITERS)


class Verdict:
    """A verdict's bytes, their ETag, and whether anything more will come."""

    def __init__(self, standing: Standing) -> None:
        state = ChangeRequestState(standing.state)
        self.done = state in FINAL
        self.body = orjson.dumps(
            {
                "decision": DECISIONS[state],
                "done": self.done,
                "reasons": list(_reasons(state, standing)),
                "state": standing.state,
            }
        )
        self.etag = f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


def verdict_of(
    number: int, *, caller: User, known: str, wait: float, look: Callable[[], None]
) -> tuple[Verdict, bool]:
    """Return the verdict, and whether there was room to wait for it.

    With a wait the call returns as soon as the verdict is the last one, or differs from the one the
    client knows, or else from the one at the beginning.

    Args:
        known: the ETags that the client has, as in ``If-None-Match``.
        wait: seconds.
        look: called before every further look; refuses a caller who may no longer hear of it.

    Raises:
        NotFound: the caller may not see the change request.
    """
    verdict = Verdict(standing_of(number, caller=caller))
    news = bool(known) and verdict.etag not in known
    if wait <= 0 or verdict.done or news:
        return verdict, True
    if not _seats.acquire(blocking=False):
        return verdict, False
    try:
        until = time.monotonic() + wait
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOKS_EVERY, left))
            look()
            latest = Verdict(standing_of(number, caller=caller))
            if latest.etag != verdict.etag:
                return latest, True
        return verdict, True
    finally:
        _seats.release()


def _reasons(state: ChangeRequestState, standing: Standing) -> Iterator[str]:
    match state:
        case _S.BLOCKED:
            yield from _loaded(standing.blocking)
        case _S.AWAITING_APPROVAL:
            yield from _missing(_loaded(standing.rules))
        case _S.SCHEDULED if standing.not_before:
            yield f"It may begin at {standing.not_before.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
        case _S.REJECTED if standing.rejection:
            name, comment = standing.rejection
            yield f"{name} rejected it: {comment}"
        case _:
            if sentence := _SENTENCES.get(state):
                yield sentence
            if standing.deployment_reason:
                yield standing.deployment_reason


def _missing(rules: list[dict[str, Any]]) -> Iterator[str]:
    for rule in rules:
        if rule.get("missing"):
            names = ", ".join(person["name"] for person in rule["eligible"]) or "nobody at present"
            title = rule.get("title") or rule["name"]
            yield (
                f"{title}: {rule['given']} of {rule['required']} given, {rule['missing']} missing; "
                f"may sign: {names}."
            )


def _loaded(value: Any) -> Any:
    """Return what a JSON column holds; Django's cursor leaves it as text."""
    return json.loads(value) if isinstance(value, str | bytes) else value


_SENTENCES: Final[dict[ChangeRequestState, str]] = {
    _S.SUBMITTED: "Its gates are about to be checked.",
    _S.CHECKING: "Its gates are being checked.",
    _S.QUEUED: "It waits for its turn in the environment.",
    _S.DEPLOYING: "It is being carried out.",
    _S.VERIFYING: "What runs is being verified.",
    _S.EXPIRED: "It ran out before it was decided and carried out.",
    _S.WITHDRAWN: "It was withdrawn.",
    _S.SUPERSEDED: "A newer change request took its place.",
    _S.ABORTED_BY_FREEZE: "A freeze stopped it.",
    _S.ROLLED_BACK: "It was deployed and later rolled back.",
}
