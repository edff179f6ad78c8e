"""The decision of a witness: cosign, or say why not."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import InvalidProof, InvalidSignature, Malformed, TlogError
from audit.tlog.keys import SigningKey, VerifierKey
from audit.tlog.merkle import EMPTY_ROOT, check_consistency
from audit.tlog.notes import Note, open_checkpoint, sign_checkpoint
from audit.witness.held import Held
from audit.witness.submission import SIZE_TYPE, Submission

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """An answer: a status of HTTP, and a body of that type."""

    status: HTTPStatus
    body: str
    type: str = TEXT


class Witness:
    """Knows some logs, remembers how far each has got, and cosigns what continues that."""

    def __init__(
        self,
        keys: Sequence[SigningKey],
        logs: Iterable[VerifierKey],
        held: Held,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin with what is held already.

        Args:
            keys: what it cosigns with; all of them sign each time.
            logs: the keys of the logs that it knows; a log may have several while it changes its key.
            held: its memory.
            now: the clock.

        Raises:
            Malformed: a key is not made for cosignatures, or there is none.
        """
        if not keys or not all(key.type.is_cosignature for key in keys):
            raise Malformed("A witness needs keys, and all of them for cosignatures.")
        self._keys = list(keys)
        self._logs: dict[str, list[VerifierKey]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._held = held
        self._now = now
        self._lock = threading.Lock()

    @property
    def keys(self) -> list[VerifierKey]:
        """Its public keys."""
        return [key.verifier for key in self._keys]

    def add_checkpoint(self, raw: bytes) -> Reply:
        """Answer an ``add-checkpoint`` request. What is cosigned is on the disk before this returns."""
        try:
            submission = Submission.of(raw)
            note = Note.of(submission.checkpoint)
            checkpoint = Checkpoint.of_text(note.text)
        except Malformed as error:
            return _refusal(HTTPStatus.BAD_REQUEST, error)
        if checkpoint.origin not in self._logs:
            return Reply(HTTPStatus.NOT_FOUND, f"{checkpoint.origin} is no log that I know.\n")
        try:
            note.verified_by(self._logs[checkpoint.origin])
        except InvalidSignature as error:
            return _refusal(HTTPStatus.FORBIDDEN, error)
        if submission.old > checkpoint.size:
            return Reply(
                HTTPStatus.BAD_REQUEST, "The old size is larger than the checkpoint's own.\n"
            )
        with self._lock:  # what is compared and what is kept must be one step
            return self._judge(submission, checkpoint, raw)

    def held_checkpoints(self) -> list[bytes]:
        """Return what it holds of each log that it knows."""
        found = (self._held.checkpoint(origin) for origin in sorted(self._logs))
        return [checkpoint for checkpoint in found if checkpoint is not None]

    def _judge(self, submission: Submission, new: Checkpoint, raw: bytes) -> Reply:
        known, stated_at = self._last_of(new.origin)
        if submission.old != known.size:
            return _conflict(known)
        if new.size == known.size and new.root != known.root:
            self._held.keep_refused(new.text, raw)
            return _conflict(known)
        try:
            _require_continuation(known, new, submission.path)
        except InvalidProof as error:
            self._held.keep_refused(new.text, raw)
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error)
        now = int(self._now())
        if now < stated_at:
            # To state an earlier time for a later tree would make both times worthless.
            return Reply(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "My clock is behind the time of my last cosignature.\n",
            )
        ours = sign_checkpoint(new, self._keys, at=now)
        cosigned = Note.of(submission.checkpoint).and_signatures(ours.signatures)
        self._held.keep(new.origin, bytes(cosigned))
        return Reply(HTTPStatus.OK, "".join(map(str, ours.signatures)))

    def _last_of(self, origin: str) -> tuple[Checkpoint, int]:
        """Return the last checkpoint that was cosigned, and when: the empty tree at no time at first."""
        raw = self._held.checkpoint(origin)
        if raw is None:
            return Checkpoint(origin, 0, EMPTY_ROOT), 0
        try:
            # By the log's key too: after all of our own keys were changed, there is still a signature.
            trusted = [*self.keys, *self._logs[origin]]
            checkpoint, verified, _ = open_checkpoint(raw, trusted)
        except TlogError as error:
            # Neither cosign anything nor begin anew: somebody must look.
            raise RuntimeError(f"What I hold of {origin} was changed: {error}") from error
        return checkpoint, max((each.time or 0 for each in verified), default=0)


def _require_continuation(known: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> None:
    if known.size == 0:
        if path:
            raise InvalidProof("From the empty tree there is nothing to prove.")
        return
    check_consistency(known.size, new.size, path, known.root, new.root)


def _conflict(known: Checkpoint) -> Reply:
    return Reply(HTTPStatus.CONFLICT, f"{known.size}\n", SIZE_TYPE)


def _refusal(status: HTTPStatus, error: TlogError) -> Reply:
    return Reply(status, f"{error}\n")
