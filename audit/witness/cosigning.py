"""Carry each new checkpoint to the witnesses, and keep what they answer.

A log goes on without its witnesses: what is missing is shown, nothing waits for them. What a witness says
against us raises an alarm.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

import psycopg
from django.utils import timezone

from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind, WitnessStanding
from audit.models import Checkpoint, Tree
from audit.outgoing import OutgoingError, post
from audit.publishing.reader import LogFiles
from audit.tlog.keys import VerifierKey
from audit.tlog.notes import Note, Signature
from audit.tlog.policy_file import Policy
from audit.witness.client import (
    Cosignature,
    WitnessAt,
    WitnessContradicts,
    WitnessError,
    WitnessRefused,
    ask,
    witnesses_of,
)
from audit.witness.clocks import compare_clocks
from audit.witness.trust import log_directory

LONGEST_PAUSE: Final = 300.0
"""Seconds until a witness that does not cosign is asked again, at most; the first pause is a second."""
_HEADERS: Final = {"content-type": "text/plain; charset=utf-8", "user-agent": "Gatehouse"}

log = logging.getLogger("gatehouse.courier")

Outcome = list[Cosignature] | WitnessError | OutgoingError | OSError


@dataclass
class _Pause:
    until: float = 0.0
    seconds: float = 1.0


@dataclass
class Cosigning:
    """Asks the witnesses of a policy.

    Attributes:
        policy: who they are, and how many suffice.
        signer_url: the database, as the role that may add cosignatures.
        clock: seconds that only go forwards.
    """

    policy: Policy
    signer_url: str
    clock: Callable[[], float] = time.monotonic
    _pauses: dict[str, _Pause] = field(default_factory=dict)

    def round(self) -> int:
        """Ask every witness that is due for the newest checkpoint; return how many cosigned it.

        Raises:
            DatabaseError: the database does not answer.
            psycopg.Error: likewise.
        """
        tree = Tree.objects.get()
        checkpoint = newest_checkpoint(tree)
        if checkpoint is None:
            return 0
        due = self._due(checkpoint)
        if not due:
            return 0
        files, note = LogFiles(log_directory(tree)), Note.of(checkpoint.note.encode())

        def proof_from(old: int) -> tuple[bytes, ...]:
            return tuple(files.consistency_path(old, checkpoint.size))

        known = dict(WitnessStanding.objects.values_list("label", "size"))
        with ThreadPoolExecutor(max_workers=len(due)) as threads:
            # One that does not answer keeps nobody waiting but itself.
            asked = [
                (witness, threads.submit(_asked, witness, note, known, checkpoint, proof_from))
                for witness in due
            ]
            return sum(self._keep(tree, checkpoint, each, reply.result()) for each, reply in asked)

    def _due(self, checkpoint: Checkpoint) -> list[WitnessAt]:
        signed = set(checkpoint.cosignatures.values_list("name", "key_id"))
        return [
            witness
            for witness in witnesses_of(self.policy)
            if self._pause_of(witness).until <= self.clock()
            and not any((key.name, key.key_id.hex()) in signed for key in witness.keys)
        ]

    def _pause_of(self, witness: WitnessAt) -> _Pause:
        return self._pauses.setdefault(witness.url, _Pause())

    def _keep(
        self, tree: Tree, checkpoint: Checkpoint, witness: WitnessAt, outcome: Outcome
    ) -> int:
        if isinstance(outcome, list):
            self._pauses.pop(witness.url, None)
            self._store(checkpoint, outcome)
            stated_at = _note_standing(witness, checkpoint.size, outcome)
            compare_clocks(timezone.now(), stated_at, whose=f"the witness {witness.label}")
            lift_alarm(
                AlarmKind.WITNESS,
                f"The witness {witness.label} cosigned {checkpoint.size} entries.",
                about=witness.label,
            )
            return 1
        pause = self._pause_of(witness)
        pause.until = self.clock() + pause.seconds
        pause.seconds = min(2 * pause.seconds, LONGEST_PAUSE)
        sentence = str(getattr(outcome, "sentence", outcome))
        log.warning(sentence)
        _note_trouble(witness, sentence)
        if isinstance(outcome, WitnessContradicts) and not _is_overtaken(tree, checkpoint, outcome):
            raise_alarm(AlarmKind.WITNESS, sentence, about=witness.label)
        return 0

    def _store(self, checkpoint: Checkpoint, cosignatures: Sequence[Cosignature]) -> None:
        with psycopg.connect(self.signer_url, connect_timeout=5) as signer:
            for each in cosignatures:
                line = str(each.signature).removesuffix("\n")
                stated_at = datetime.fromtimestamp(each.stated_at, UTC)
                values = [checkpoint.pk, each.key.name, each.key.key_id.hex(), line, stated_at]
                signer.execute(_ADD, values)
            if self.policy.is_satisfied_by(self._cosigners(signer, checkpoint)):
                signer.execute(_MEET, [checkpoint.pk])

    def _cosigners(
        self, signer: "psycopg.Connection[tuple[str]]", checkpoint: Checkpoint
    ) -> list[VerifierKey]:
        """Return whose cosignatures are there, each verified once more."""
        lines = signer.execute(_LINES, [checkpoint.pk]).fetchall()
        signatures = [Signature.of_line(line) for (line,) in lines]
        note = Note(Note.of(checkpoint.note.encode()).text, tuple(signatures))
        return [each.key for each in note.verified_by(self.policy.witness_keys)]


_ADD: Final = """
INSERT INTO audit_cosignature (checkpoint_id, name, key_id, line, stated_at)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_LINES: Final = "SELECT line FROM audit_cosignature WHERE checkpoint_id = %s ORDER BY id"
_MEET: Final = "INSERT INTO audit_quorum (checkpoint_id) VALUES (%s) ON CONFLICT DO NOTHING"


def newest_checkpoint(tree: Tree) -> Checkpoint | None:
    """Return the newest signed checkpoint of the present log; None before the first entry is signed."""
    rows = Checkpoint.objects.filter(origin=tree.origin, size__gt=0)
    return rows.order_by("-size").first()


def _asked(
    witness: WitnessAt,
    note: Note,
    known: dict[str, int],
    checkpoint: Checkpoint,
    proof_from: Callable[[int], tuple[bytes, ...]],
) -> Outcome:
    """Ask one witness; what went wrong is returned, since this runs in a thread of its own."""
    # What it held of a log of another name says nothing about this one: it will say so.
    old = min(known.get(witness.label, 0), checkpoint.size)
    try:
        return ask(witness, note, old, proof_from, partial(post, headers=_HEADERS))
    except (WitnessError, OutgoingError, OSError) as error:
        return error
    except ValueError as error:
        return WitnessRefused(f"The proof for the witness {witness.label} cannot be made: {error}")


def _is_overtaken(tree: Tree, asked: Checkpoint, contradiction: WitnessContradicts) -> bool:
    """Whether the witness only knows a checkpoint that was signed after we looked."""
    newest = newest_checkpoint(tree)
    held = contradiction.held
    return held is not None and newest is not None and asked.size < held <= newest.size


def _note_standing(witness: WitnessAt, size: int, cosignatures: Sequence[Cosignature]) -> datetime:
    stated_at = datetime.fromtimestamp(max(each.stated_at for each in cosignatures), UTC)
    WitnessStanding.objects.update_or_create(
        label=witness.label,
        defaults={
            "url": witness.url,
            "size": size,
            "cosigned_at": stated_at,
            "asked_at": timezone.now(),
            "trouble": "",
        },
    )
    return stated_at


def _note_trouble(witness: WitnessAt, sentence: str) -> None:
    WitnessStanding.objects.update_or_create(
        label=witness.label,
        defaults={"url": witness.url, "asked_at": timezone.now(), "trouble": sentence},
    )
