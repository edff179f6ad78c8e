"""What one version of a policy says that another does not."""

from collections.abc import Iterable
from dataclasses import dataclass

from releases.policy_document.document import Policy
from releases.policy_document.in_words import Section, sections_of


@dataclass(frozen=True, slots=True)
class Change:
    """One section in both versions; None where a version has none."""

    name: str
    kind: str
    change: str
    old: Section | None
    new: Section | None


def difference(old: Policy, new: Policy) -> list[Change]:
    """Return every section of both, in the newer one's order, then what was taken away."""
    before, after = _by_name(sections_of(old)), _by_name(sections_of(new))
    names = [*after, *(name for name in before if name not in after)]
    return [_change(before.get(name), after.get(name)) for name in names]


def _by_name(sections: Iterable[Section]) -> dict[tuple[str, str], Section]:
    return {(section.kind, section.key): section for section in sections}


def _change(old: Section | None, new: Section | None) -> Change:
    present = new or old
    if present is None:
        raise ValueError("A section is in one of the two.")
    if old is None:
        change = "added"
    elif new is None:
        change = "removed"
    else:
        change = "unchanged" if old == new else "changed"
    return Change(present.name, present.kind, change, old, new)
