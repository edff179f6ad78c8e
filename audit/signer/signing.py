"""One step of the signer: what was published before, what is committed now, and a signature over it."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit.publishing.places import CHECKPOINT, KEY_HISTORY, KEYS, directory_of, origin_of
from audit.publishing.store import write_whole
from audit.signer.database import (
    Connection,
    Head,
    keep_checkpoint,
    tree_head,
    wait_until_durable,
)
from audit.signer.errors import CannotSign, Refused
from audit.signer.growth import Growth, publish_anew
from audit.signer.keys import KeyFile
from audit.signer.state import KeyUse, State, held, identity
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import TlogError
from audit.tlog.keys import SignatureType, SigningKey
from audit.tlog.notes import Note, open_checkpoint, sign_checkpoint
from audit.tlog.tiles import Edge

_RECOVER: Final = (
    "Nothing is put into the tree or signed until the log is recovered:  manage.py recover_log"
)


@dataclass
class Signer:
    """The signer's work on one connection at a time.

    Attributes:
        log_root: where the logs are published.
        state_file: its memory.
        key_file: its keys.
        adopting: believe the published checkpoint if there is no memory.
    """

    log_root: Path
    state_file: Path
    key_file: KeyFile
    adopting: bool = False
    _state: State | None = None
    _identity: tuple[int, int] | None = None
    _published: tuple[Checkpoint, tuple[str, ...]] | None = field(default=None, repr=False)

    def step(self, connection: Connection) -> bool:
        """Sign and publish what is new; return whether anything was.

        Raises:
            Refused: the database does not hold what was signed.
            CannotSign: keys or memory are not in order.
            OSError: files could not be written.
            psycopg.Error: the database did not answer.
        """
        with held(self.state_file):
            return self._step(connection)

    def _step(self, connection: Connection) -> bool:
        head = tree_head(connection)
        if head is None or not head.size:
            self._refuse_emptiness()
            return False
        state = self._remembered(connection, head)
        _refuse_another_tree(state, head)
        if self._published is None:
            publish_anew(connection, state, head.incarnation, self._directory(head))
        keys = self._signing_keys(state, head)
        if head.size > state.size:
            wait_until_durable(connection)
            state = Growth(state, head, self._directory(head)).grown(connection)
        self._remember(state.signed_by([str(key.verifier) for key in keys]))
        return self._publish(connection, head, keys)

    # ── what it remembers ────────────────────────────────────────────────────────────────────────

    def _remember(self, state: State) -> None:
        if state != self._state:
            state.save(self.state_file)
            self._state, self._identity = state, identity(self.state_file)

    def _remembered(self, connection: Connection, head: Head) -> State:
        now = identity(self.state_file)
        if self._state is not None and now == self._identity:
            return self._state
        self._published = None
        self._state, self._identity = State.load(self.state_file), now
        state = self._state or self._first_state(connection, head)
        self._refuse_older_memory(state, head)
        return state

    def _refuse_emptiness(self) -> None:
        state = State.load(self.state_file)
        if state and state.size:
            raise Refused(_restored(state.origin, 0, state.size))

    def _first_state(self, connection: Connection, head: Head) -> State:
        """Return the memory of a signer that signs for the first time, or believes what is published."""
        published = self._read_published(head)
        if published is None:
            self._refuse_unknown_checkpoint(head)
            return State(head.origin, Edge())
        if not self.adopting:
            raise CannotSign(
                f"{published.size} entries of {published.origin} are published, and the signer's memory "
                f"{self.state_file} is missing. Put it back from a copy, or let the signer believe the "
                "published checkpoint once:  manage.py signer --adopt"
            )
        if published.size > head.size:
            raise Refused(_restored(published.origin, head.size, published.size))
        signed = Head(head.origin, head.incarnation, published.size, published.root)
        blank = State(head.origin, Edge(), _published_keys(self._directory(head)))
        return Growth(blank, signed, self._directory(head)).grown(connection)

    def _refuse_unknown_checkpoint(self, head: Head) -> None:
        path = self._directory(head) / CHECKPOINT
        if path.exists():
            raise CannotSign(
                f"{path} is torn, or signed by none of the keys in {self.key_file.path}, and the signer's "
                f"memory {self.state_file} is missing: a second log of this name would begin. Put memory and "
                "keys back from a copy. If a new log shall begin here, move the old one's files away first."
            )

    def _refuse_older_memory(self, state: State, head: Head) -> None:
        published = self._read_published(head) if state.origin == head.origin else None
        if published and published.size > state.size:
            raise CannotSign(
                f"{published.size} entries of {published.origin} are published under the signer's key, and "
                f"its memory {self.state_file} ends at {state.size}: it was put back from an older copy. "
                "Remove it and let the signer believe the published checkpoint once:  "
                "manage.py signer --adopt"
            )

    def _read_published(self, head: Head) -> Checkpoint | None:
        """Return the published checkpoint if one of the present keys signed it."""
        try:
            raw = (self._directory(head) / CHECKPOINT).read_bytes()
            keys = [key.verifier for key in self._named_keys(head)]
            return open_checkpoint(raw, keys)[0]
        except (OSError, TlogError):
            return None

    # ── with what it signs ───────────────────────────────────────────────────────────────────────

    def _named_keys(self, head: Head) -> list[SigningKey]:
        """Return the keys under the name of the log: a log that was opened anew has another name."""
        expected = origin_of(self.key_file.name, head.incarnation)
        if head.origin != expected:
            raise CannotSign(
                f"The database's log is called {head.origin}, and the keys of {self.key_file.path} sign "
                f"{expected}. Give both one name (LOG_ORIGIN)."
            )
        return [
            key.named(head.origin) if key.type is SignatureType.ED25519 else key
            for key in self.key_file.read()
        ]

    def _signing_keys(self, state: State, head: Head) -> list[SigningKey]:
        keys = self._named_keys(head)
        signing = [key for key in keys if state.may_sign(str(key.verifier))]
        if not any(key.type is SignatureType.ED25519 for key in signing):
            raise CannotSign(
                f"No key of {self.key_file.path} was announced in the log {head.origin}. Put the former key "
                "back into the file beside the new one, and announce that:  "
                f"manage.py announce_signer_key '{keys[0].verifier}'"
            )
        return signing

    # ── what it gives away ───────────────────────────────────────────────────────────────────────

    def _directory(self, head: Head) -> Path:
        return directory_of(self.log_root, head.incarnation)

    def _publish(self, connection: Connection, head: Head, keys: list[SigningKey]) -> bool:
        state = self._state
        if state is None:
            return False
        signers = tuple(str(key.verifier) for key in keys)
        if self._published == (state.checkpoint, signers):
            return False
        note = sign_checkpoint(state.checkpoint, keys, at=int(time.time()))
        directory = self._directory(head)
        _write_if_changed(directory / KEYS, _key_lines(state))
        _write_if_changed(directory / KEY_HISTORY, _key_history(state))
        self._write_checkpoint(directory / CHECKPOINT, state.checkpoint, note)
        keep_checkpoint(connection, state.checkpoint, note)
        self._published = (state.checkpoint, signers)
        return True

    @staticmethod
    def _write_checkpoint(path: Path, checkpoint: Checkpoint, note: Note) -> None:
        """Write the checkpoint, with the cosignatures that the same one has already."""
        try:
            before = Note.of(path.read_bytes())
        except (OSError, TlogError):
            before = Note("", ())
        if before.text == checkpoint.text:
            ours = {(each.name, each.key_id) for each in note.signatures}
            note = note.and_signatures(
                each for each in before.signatures if (each.name, each.key_id) not in ours
            )
        write_whole(path, bytes(note))


def _refuse_another_tree(state: State, head: Head) -> None:
    if head.origin != state.origin:
        raise Refused(
            f"The database holds the log {head.origin}, and {state.origin} was signed. If a new log was "
            f"opened on purpose, finish that; otherwise this is another database. {_RECOVER}"
        )
    if head.size < state.size:
        raise Refused(_restored(state.origin, head.size, state.size))
    if head.size == state.size and head.root != state.edge.root():
        raise Refused(
            f"The tree of {head.size} entries of {head.origin} in the database is another than the one "
            f"that was signed. {_RECOVER}"
        )


def _restored(origin: str, held: int, signed: int) -> str:
    return (
        f"The database holds {held} entries of {origin}, and {signed} are signed: it was restored from an "
        f"older state. {_RECOVER}"
    )


def _write_if_changed(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        write_whole(path, data)


def _key_lines(state: State) -> bytes:
    """Return the verifier keys: those that sign now first."""
    uses = sorted(state.keys, key=lambda use: use.until is not None)
    return "".join(f"{use.vkey}\n" for use in uses).encode()


def _key_history(state: State) -> bytes:
    return json.dumps([vars(use) for use in state.keys], indent=1).encode() + b"\n"


def _published_keys(directory: Path) -> tuple[KeyUse, ...]:
    """Return the history of the keys as it was published; none if it cannot be read."""
    try:
        return tuple(KeyUse(**use) for use in json.loads((directory / KEY_HISTORY).read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()
