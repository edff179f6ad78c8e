"""Verify an event now: from the stored bytes up to the signatures, and say what was done.

Nothing that was computed before is believed: the entry is hashed again, the path is read from the published
tiles, the checkpoint's signatures are verified with the keys that this installation trusts. It is this
portal's word all the same; the ``.tlog-proof`` lets anybody do it without the portal.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

import orjson

from audit.doctor.finding import rows
from audit.models import Checkpoint, Event, Tree
from audit.parts import part_of
from audit.record import commitment
from audit.salted import Salted, salted_values
from audit.sealing import log_files, newest_checkpoint, note_of
from audit.times import in_utc
from audit.tlog.errors import TlogError
from audit.tlog.keys import VerifierKey
from audit.tlog.merkle import check_inclusion, inclusion_path
from audit.tlog.notes import Verified, open_checkpoint
from audit.tlog.policy_file import Policy
from audit.tlog.tiles import TileNodes
from audit.witness.trust import NoPolicy, log_keys, witness_policy

DONE: Final = "done"
FAILED: Final = "failed"
WAITING: Final = "waiting"
SKIPPED: Final = "skipped"
ERRORED: Final = "errored"

_SHOWN: Final = 16
_PLACE: Final = "Place in the log"
_INCLUSION: Final = "Inclusion"
_SIGNATURE: Final = "Signature of the log"
_WITNESSES: Final = "Witnesses"

_BESIDE: Final = """
SELECT e.id, l.idx, l.leaf_hash, coalesce(s.last_seq, 0), (SELECT count(*) FROM audit_event n
    WHERE n.stream = e.stream AND n.stream_seq BETWEEN e.stream_seq - 1 AND e.stream_seq + 1), r.reason
FROM audit_event e
    LEFT JOIN audit_leaf l ON l.event_id = e.id
    LEFT JOIN audit_refusedentry r ON r.event_id = e.id
    LEFT JOIN audit_stream s ON s.stream = e.stream
WHERE e.id = ANY(%s)
"""


class _Beside(NamedTuple):
    """What stands beside an event.

    Attributes:
        idx: of its leaf, if it has one.
        leaf_hash: as the tree has it.
        last: the last number of its stream.
        around: how many events have its number, the one before, or the one after.
        refused: why it was kept out of the tree, if it was.
    """

    idx: int | None
    leaf_hash: bytes | None
    last: int
    around: int
    refused: str | None


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; named so that the component of steps draws it.

    Attributes:
        name: what.
        state: ``done`` (it holds), ``failed``, ``waiting`` (not yet), ``skipped`` (nothing to look at) or
            ``errored`` (could not be looked at).
        detail: a sentence.
    """

    name: str
    state: str
    detail: str


@dataclass(frozen=True)
class Proven:
    """What verifying one event came to."""

    event: Event
    checks: Sequence[Check]

    @property
    def state(self) -> str:
        """The worst of the checks: failed, errored, waiting, or done."""
        states = {check.state for check in self.checks}
        return next((one for one in (FAILED, ERRORED, WAITING) if one in states), DONE)

    @property
    def failures(self) -> list[str]:
        """What is wrong, in sentences."""
        return [check.detail for check in self.checks if check.state in {FAILED, ERRORED}]


@dataclass(frozen=True)
class ProvenPage:
    """What verifying the events of a page came to."""

    each: Sequence[Proven]

    @property
    def wrong(self) -> list[Proven]:
        """Those that do not verify, or could not be verified."""
        return [one for one in self.each if one.failures]

    @property
    def tone(self) -> str:
        """How the notice looks."""
        if self.wrong:
            return "bad"
        return "good" if self._sealed == len(self.each) else "warn"

    @property
    def title(self) -> str:
        """The result in a few words."""
        if self.wrong:
            return f"{len(self.wrong)} of {len(self.each)} events do not verify"
        return (
            "Every event on this page verifies" if self.tone == "good" else "Not all are sealed yet"
        )

    @property
    def sentence(self) -> str:
        """What was done."""
        return (
            f"{len(self.each)} entries were read and hashed again, and compared with what the page shows; "
            f"{self._sealed} of them were followed along the published tiles to a signed root."
        )

    @property
    def about_the_log(self) -> list[Check]:
        """What was found about the checkpoint that the newest of them leads to."""
        return next(
            (
                [check for check in one.checks if check.name in {_SIGNATURE, _WITNESSES}]
                for one in self.each
                if any(check.name == _SIGNATURE for check in one.checks)
            ),
            [],
        )

    @property
    def _sealed(self) -> int:
        return sum(
            any(c.name == _INCLUSION and c.state == DONE for c in one.checks) for one in self.each
        )


@dataclass(frozen=True)
class _Head:
    """A checkpoint whose signatures were verified, and what was found about them."""

    size: int
    root: bytes
    nodes: TileNodes
    checks: Sequence[Check]


@dataclass
class Prover:
    """Verifies events of one page; keys, checkpoints and tiles are read once for all of them."""

    _heads: dict[int, _Head | Check] = field(default_factory=dict)
    _covering: list[Checkpoint] = field(default_factory=list)

    def prove(self, event: Event, beside: _Beside, kept: Salted) -> Proven:
        """Verify one event.

        Args:
            event: with its entry.
            beside: what stands beside it.
            kept: its names and texts with their salts, by field, as far as they are not erased.
        """
        raw = bytes(event.entry)
        leaf = hashlib.sha256(b"\x00" + raw).digest()
        checks = [_entry(event, raw, leaf), _columns(event, raw), _number(event, beside)]
        if beside.refused is not None:
            checks.append(Check(_PLACE, FAILED, f"It was kept out of the log. {beside.refused}"))
        elif beside.idx is None:
            checks.append(Check(_PLACE, WAITING, _NOT_YET))
        else:
            checks.append(_place(beside, leaf))
            checks += self._in_the_tree(beside.idx, leaf)
        return Proven(event, [*checks, _texts(event, kept)])

    def _in_the_tree(self, index: int, leaf: bytes) -> list[Check]:
        checkpoint = self._checkpoint_above(index)
        if checkpoint is None:
            return [Check("Signed checkpoint", WAITING, _NOT_SIGNED)]
        head = self._head(checkpoint)
        if isinstance(head, Check):
            return [head]
        return [_inclusion(index, leaf, head), *head.checks]

    def _checkpoint_above(self, index: int) -> Checkpoint | None:
        for known in self._covering:
            if known.size > index:
                return known
        found = newest_checkpoint(above=index)
        if found is not None:
            self._covering.append(found)
        return found

    def _head(self, checkpoint: Checkpoint) -> _Head | Check:
        if checkpoint.pk not in self._heads:
            self._heads[checkpoint.pk] = self._opened(checkpoint)
        return self._heads[checkpoint.pk]

    def _opened(self, checkpoint: Checkpoint) -> _Head | Check:
        try:
            keys, policy = self._trusted
            every = [*keys, *(policy.witness_keys if policy else [])]
            said, verified, _ = open_checkpoint(bytes(note_of(checkpoint)), every)
            nodes = TileNodes(said.size, log_files().read)
        except (NoPolicy, TlogError, OSError) as error:
            return Check(_SIGNATURE, FAILED, f"The checkpoint cannot be trusted: {error}")
        checks = (_signature(said.size, verified, keys), _witnesses(verified, policy))
        return _Head(said.size, said.root, nodes, checks)

    @cached_property
    def _trusted(self) -> tuple[list[VerifierKey], Policy | None]:
        return log_keys(Tree.objects.get()), witness_policy()


def prove(event: Event) -> Proven:
    """Verify one event, with the number of queries that it always takes."""
    [proven] = prove_all([event])
    return proven


def prove_all(events: Sequence[Event]) -> list[Proven]:
    """Verify the events of a page; they are read again, with their entries."""
    ids = [event.pk for event in events]
    stored = Event.objects.in_bulk(ids)
    beside = {pk: _Beside(*rest) for pk, *rest in rows(_BESIDE, ids)}
    kept = salted_values(ids)
    prover = Prover()
    return [prover.prove(stored[pk], beside[pk], kept.get(pk, {})) for pk in ids]


_NOT_YET: Final = "It is recorded, and has no place in the log yet. That takes about a second."
_NOT_SIGNED: Final = "No signed checkpoint covers its place yet. That takes about a second."


def _entry(event: Event, raw: bytes, leaf: bytes) -> Check:
    name = "Entry"
    if leaf != bytes(event.leaf_hash):
        return Check(
            name,
            FAILED,
            f"Its {len(raw):,} bytes hash to {_short(leaf)}, and {_short(bytes(event.leaf_hash))} was "
            "recorded: the entry was changed.",
        )
    return Check(
        name,
        DONE,
        f"Its {len(raw):,} bytes were read and hashed again: SHA-256(0x00 ‖ entry) is {_short(leaf)}, as "
        "recorded.",
    )


def _columns(event: Event, raw: bytes) -> Check:
    name = "What pages show"
    try:
        said = orjson.loads(raw)
    except ValueError:
        return Check(name, FAILED, "The entry is no JSON, so that nothing it said can be compared.")
    shown: dict[str, Any] = {
        "at": in_utc(event.recorded_at),
        "body": event.facts,
        "db": event.db_user,
        "id": str(event.uid),
        "s": event.stream,
        "seq": event.stream_seq,
        "v": 1,
    }
    body = said.get("body", {})
    beside = (event.type, event.actor, event.project)
    within = (body.get("type"), body.get("actor", {}).get("id"), body.get("project"))
    if said != shown or beside != within:
        return Check(
            name, FAILED, "The columns beside the entry say something else than the entry."
        )
    return Check(
        name, DONE, "Time, person, kind, project and facts on the page are those in the entry."
    )


def _number(event: Event, beside: _Beside) -> Check:
    name = "Number in its stream"
    seq, last = event.stream_seq, beside.last
    if not 1 <= seq <= last or beside.around != 1 + (seq > 1) + (seq < last):
        return Check(
            name,
            FAILED,
            f"It is number {seq} of {last} in {event.stream}, and a number beside it is missing: an entry "
            "was removed.",
        )
    return Check(
        name,
        DONE,
        f"It is number {seq} of {last} in {event.stream}; no number beside it is missing.",
    )


def _place(beside: _Beside, leaf: bytes) -> Check:
    name = _PLACE
    if beside.leaf_hash is None or bytes(beside.leaf_hash) != leaf:
        return Check(name, FAILED, f"The log holds another hash at index {beside.idx:,}.")
    return Check(name, DONE, f"The log holds this hash at index {beside.idx:,}, counted from 0.")


def _inclusion(index: int, leaf: bytes, head: _Head) -> Check:
    name = _INCLUSION
    try:
        path = inclusion_path(index, head.size, head.nodes)
        check_inclusion(index, head.size, leaf, path, head.root)
    except OSError as error:
        return Check(name, ERRORED, f"The published tiles cannot be read here: {error}.")
    except TlogError as error:
        return Check(name, FAILED, f"The published tiles do not lead to the signed root. {error}")
    hashes = "1 hash" if len(path) == 1 else f"{len(path)} hashes"
    return Check(
        name,
        DONE,
        f"{hashes} from the published tiles lead from it to the root that was signed over {head.size:,} "
        "entries.",
    )


def _signature(size: int, verified: Sequence[Verified], keys: Sequence[VerifierKey]) -> Check:
    name = _SIGNATURE
    signers = [each.key for each in verified if each.key in keys]
    if not signers:
        return Check(
            name,
            FAILED,
            f"No key of the log that is trusted here signed the checkpoint over {size:,}.",
        )
    named = " and ".join(f"{key.name} (key {key.key_id.hex()})" for key in signers)
    return Check(name, DONE, f"The checkpoint over {size:,} entries is signed by {named}.")


def _witnesses(verified: Sequence[Verified], policy: Policy | None) -> Check:
    name = _WITNESSES
    if policy is None or not policy.witnesses:
        return Check(
            name, SKIPPED, "This installation has no witnesses: only its own word stands for it."
        )
    cosigned = [each for each in verified if each.key in policy.witness_keys]
    told = " and ".join(map(_cosigned, cosigned)) or "nobody"
    if not policy.is_satisfied_by([each.key for each in cosigned]):
        return Check(name, WAITING, f"Cosigned by {told}; the policy asks for more.")
    return Check(name, DONE, f"Cosigned by {told}, as the policy asks; their signatures hold.")


def _texts(event: Event, kept: Salted) -> Check:
    name = "Names and texts"
    commitments = part_of(event.facts, "private")
    if not commitments:
        return Check(name, SKIPPED, "The entry commits to no names or texts.")
    wrong = [
        one
        for one, (salt, value) in kept.items()
        if commitments.get(one) != commitment(one, value, salt)
    ]
    if wrong:
        return Check(
            name,
            FAILED,
            f"What is shown as {', '.join(sorted(wrong))} is not what the entry commits to.",
        )
    erased = len(commitments) - len(kept)
    more = f" {erased} more were erased." if erased else ""
    return Check(
        name,
        DONE,
        f"{len(kept)} of {len(commitments)} are kept, and each fits its commitment.{more}",
    )


def _short(digest: bytes) -> str:
    return f"{digest.hex()[:_SHOWN]}…"


def _cosigned(by: Verified) -> str:
    at = datetime.fromtimestamp(by.time or 0, UTC)
    return f"{by.key.name} (key {by.key.key_id.hex()}) at {at:%Y-%m-%d %H:%M:%S} UTC"
