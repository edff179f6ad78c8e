"""Ask a witness for its cosignatures. What travels is plain HTTP; who carries it is an argument."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from audit.tlog.checkpoints import Checkpoint, number_of
from audit.tlog.errors import TlogError
from audit.tlog.keys import VerifierKey
from audit.tlog.notes import Note, Signature
from audit.tlog.policy_file import Policy
from audit.witness.submission import PATH, Submission

TRIES: Final = 3
"""A witness may have cosigned something since we looked: it says its size, and we ask again."""
LATEST: Final = 253_402_300_799
"""POSIX seconds at the end of the year 9999: a later time is none, and no clock here could say it."""
_SHOWN: Final = 200
ProofFrom = Callable[[int], tuple[bytes, ...]]
"""Returns the consistency proof from a smaller size to that of the checkpoint; empty from 0."""


class Answer(Protocol):
    """What came back; ``audit.outgoing.Answer`` is one."""

    @property
    def status(self) -> int:
        """The status of HTTP."""

    @property
    def text(self) -> str:
        """The body."""


Post = Callable[[str, bytes], Answer]


@dataclass(frozen=True)
class WitnessAt:
    """One witness of a policy: where it is asked, under which names, and what it may sign with."""

    url: str
    names: tuple[str, ...]
    keys: tuple[VerifierKey, ...]

    @property
    def label(self) -> str:
        """How people are told of it."""
        return ", ".join(self.names)


def witnesses_of(policy: Policy) -> list[WitnessAt]:
    """Return who can be asked: keys with one address belong to one witness; without one, nobody asks."""
    at: dict[str, list[str]] = {}
    for name, party in policy.witnesses.items():
        if party.url:
            at.setdefault(party.url.rstrip("/"), []).append(name)
    return [
        WitnessAt(url, tuple(names), tuple(policy.witnesses[name].key for name in names))
        for url, names in at.items()
    ]


@dataclass(frozen=True)
class Cosignature:
    """A cosignature that was verified: its line, by which key, and the POSIX time that it states."""

    signature: Signature
    key: VerifierKey
    stated_at: int


class WitnessError(Exception):
    """There is no cosignature; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class WitnessRefused(WitnessError):
    """It does not know us, or we do not understand each other: somebody must set something right."""


class WitnessContradicts(WitnessError):
    """It knows another tree of our log, or a larger one: it was cut back, restored or forked.

    Attributes:
        held: the size that it says it holds, None when it did not say.
    """

    def __init__(self, sentence: str, held: int | None) -> None:
        super().__init__(sentence)
        self.held = held


def ask(
    witness: WitnessAt, note: Note, old: int, proof_from: ProofFrom, post: Post
) -> list[Cosignature]:
    """Return the witness's cosignatures on a checkpoint, verified.

    Args:
        witness: whom to ask.
        note: the signed checkpoint.
        old: the size that it is believed to hold; 0 if unknown.
        proof_from: makes consistency proofs.
        post: carries a body to an address; what it raises passes through.

    Raises:
        WitnessRefused: it cosigned nothing, and asking again cannot help.
        WitnessContradicts: it knows another history of this log.
    """
    checkpoint = Checkpoint.of_text(note.text)
    for _ in range(TRIES):
        submission = Submission(old, proof_from(old) if old else (), bytes(note))
        answer = post(witness.url + PATH, bytes(submission))
        if answer.status == HTTPStatus.OK:
            return _verified(witness, note, answer.text)
        if answer.status != HTTPStatus.CONFLICT:
            raise _refusal(witness, checkpoint, answer)
        held = _held(witness, answer)
        if held > checkpoint.size:
            raise WitnessContradicts(
                f"The witness {witness.label} holds {held} entries of {checkpoint.origin}, and this "
                f"log has {checkpoint.size}: entries that were published are missing here.",
                held,
            )
        if held == old == checkpoint.size:
            raise WitnessContradicts(
                f"The witness {witness.label} holds another tree of {held} entries of "
                f"{checkpoint.origin}: the log was forked.",
                held,
            )
        old = held
    raise WitnessRefused(f"The witness {witness.label} says another size each time it is asked.")


def _held(witness: WitnessAt, answer: Answer) -> int:
    try:
        return number_of(answer.text.removesuffix("\n"))
    except TlogError as error:
        raise WitnessRefused(
            f"The witness {witness.label} refuses the size and does not say which it holds."
        ) from error


def _refusal(witness: WitnessAt, checkpoint: Checkpoint, answer: Answer) -> WitnessError:
    said = "".join(each for each in answer.text[:_SHOWN] if each.isprintable()).strip()
    quoted = f" (“{said}”)" if said else ""
    who = f"The witness {witness.label}"
    match answer.status:
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            return WitnessContradicts(
                f"{who} does not find that the {checkpoint.size} entries of {checkpoint.origin} "
                f"continue what it knows{quoted}: the log was forked.",
                None,
            )
        case HTTPStatus.NOT_FOUND:
            return WitnessRefused(f"{who} does not know the log {checkpoint.origin}{quoted}.")
        case HTTPStatus.FORBIDDEN:
            return WitnessRefused(f"{who} does not know our signing key{quoted}.")
    return WitnessRefused(f"{who} answered {answer.status}{quoted}.")


def _verified(witness: WitnessAt, note: Note, body: str) -> list[Cosignature]:
    """Return the cosignatures of the witness's known keys; lines of others are ignored."""
    try:
        answered = Note.of(f"{note.text}\n{body}".encode())
        found = [
            Cosignature(signature, key, key.verify(note.text, signature.payload) or 0)
            for signature in answered.signatures
            for key in cosigners(witness.keys)
            if signature.is_by(key)
        ]
    except TlogError as error:
        raise WitnessRefused(
            f"The witness {witness.label} answered with no valid cosignature: {error}"
        ) from error
    if not found:
        raise WitnessRefused(f"The witness {witness.label} signed with keys that are not its own.")
    if not all(0 < each.stated_at <= LATEST for each in found):
        raise WitnessRefused(f"The witness {witness.label} states a time that is none.")
    return found


def cosigners(keys: Collection[VerifierKey]) -> list[VerifierKey]:
    """Return the keys that make cosignatures."""
    return [key for key in keys if key.type.is_cosignature]
