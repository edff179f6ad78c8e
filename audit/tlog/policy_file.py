"""Policies (c2sp.org/tlog-policy): which logs are known, which witnesses, and how many of them suffice.

Names are opaque bytes to the format; they are carried here as text in which any byte survives.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from audit.tlog.errors import Malformed
from audit.tlog.keys import SignatureType, VerifierKey

NOBODY: Final = "none"
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE: Final = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Party:
    """A log or a witness: its key, and where it is reached, if that is said."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True)
class Group:
    """Witnesses or groups of which so many must have cosigned."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a policy file says. ``quorum`` names a witness, a group, or ``none``."""

    logs: Sequence[Party]
    witnesses: Mapping[str, Party]
    groups: Mapping[str, Group]
    quorum: str

    @property
    def log_keys(self) -> list[VerifierKey]:
        """The keys of the logs."""
        return [log.key for log in self.logs]

    @property
    def witness_keys(self) -> list[VerifierKey]:
        """The keys of the witnesses."""
        return [witness.key for witness in self.witnesses.values()]

    def is_satisfied_by(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether verified cosignatures by these keys make up the quorum."""
        return self.quorum == NOBODY or self._has_witnessed(self.quorum, cosigners)

    def _has_witnessed(self, name: str, cosigners: Collection[VerifierKey]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in cosigners
        group = self.groups[name]
        return sum(self._has_witnessed(each, cosigners) for each in group.members) >= group.needed

    def __str__(self) -> str:
        lines = [f"log {log.key} {log.url}".rstrip() for log in self.logs]
        lines += [f"witness {name} {w.key} {w.url}".rstrip() for name, w in self.witnesses.items()]
        for name, group in self.groups.items():
            lines.append(f"group {name} {group.needed} {' '.join(group.members)}")
        return "\n".join([*lines, f"quorum {self.quorum}", ""])


@dataclass
class _Reading:
    """A policy as far as it has been read."""

    logs: list[Party] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    grouped: set[str] = field(default_factory=set)
    quorum: str | None = None

    def log(self, vkey: str, url: str = "") -> None:
        key = VerifierKey.of(vkey)
        if key.type is not SignatureType.ED25519:
            raise Malformed(f"The key of the log {key.name} is a cosigner's.")
        self._refuse_twice(key, self.logs)
        self.logs.append(Party(key, url))

    def witness(self, name: str, vkey: str, url: str = "") -> None:
        self._define(name)
        key = VerifierKey.of(vkey)
        if not key.type.is_cosignature:
            raise Malformed(f"The key of the witness {name} is none for cosignatures.")
        self._refuse_twice(key, self.witnesses.values())
        self.witnesses[name] = Party(key, url)

    def group(self, name: str, needed: str, *members: str) -> None:
        self._define(name)
        for member in members:
            self._require_defined(member)
            if member in self.grouped:
                raise Malformed(f"{member} is a member of two groups, or twice of one.")
            self.grouped.add(member)
        words = {"any": 1, "all": len(members)}
        number = words.get(needed) or (int(needed) if re.fullmatch("[0-9]{1,4}", needed) else 0)
        if not 1 <= number <= len(members):
            raise Malformed(f"The group {name} of {len(members)} cannot need {needed}.")
        self.groups[name] = Group(number, members)

    def set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise Malformed("A policy has one quorum.")
        if name != NOBODY:
            self._require_defined(name)
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NOBODY or name in self.witnesses or name in self.groups:
            raise Malformed(f"The name {name} is taken.")

    def _require_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"{name} is not defined above.")

    @staticmethod
    def _refuse_twice(key: VerifierKey, parties: Collection[Party]) -> None:
        if any(party.key.public == key.public for party in parties):
            raise Malformed(f"The key of {key.name} is listed twice.")


def parse_policy(raw: bytes) -> Policy:
    """Read a policy file.

    Raises:
        Malformed: it is none; the sentence says which line.
    """
    reading = _Reading()
    verbs: dict[str, Callable[..., None]] = {
        "log": reading.log,
        "witness": reading.witness,
        "group": reading.group,
        "quorum": reading.set_quorum,
    }
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if _FORBIDDEN.search(line):
            raise Malformed(f"Line {number} of the policy holds a control character.")
        words = _SPACE.split(line.decode("utf-8", "surrogateescape").strip(" \t"))
        if not words[0] or words[0].startswith("#"):
            continue
        try:
            verbs[words[0]](*words[1:])
        except (KeyError, TypeError) as error:
            raise Malformed(f"Line {number} of the policy is none: {words[0]!r:.40}.") from error
        except Malformed as error:
            raise Malformed(f"Line {number} of the policy: {error}") from error
    if reading.quorum is None:
        raise Malformed("A policy says its quorum.")
    return Policy(reading.logs, reading.witnesses, reading.groups, reading.quorum)
