"""What every parser of evidence is: bytes in, facts and an outcome out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a report says.

    Attributes:
        outcome: what the report says by itself; gates decide what it means.
        facts: what gate expressions read as `evidence`; JSON, finite numbers, no NUL.
        summary: one sentence for people.
    """

    outcome: EvidenceOutcome
    facts: Mapping[str, Json]
    summary: str


class Parser(Protocol):
    """One kind of evidence. `version` changes whenever the same bytes would give other facts."""

    @property
    def kind(self) -> str: ...

    @property
    def version(self) -> str: ...

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Read at most `limit` bytes; raise EvidenceRejected for what is no report of this kind."""
        ...
