"""What is wrong with a policy document, and where."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """`path` is a JSON path like `$.gates[0].expression`; `sentence` says what is wrong there."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


def hint(name: str, known: Collection[str]) -> str:
    """Return what the author of an unknown `name` may have meant."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}."
