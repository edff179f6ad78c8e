"""What data changed since the champion: the same, another state, added, removed, or it cannot be said.

Digests are compared only with digests that were made alike. The same weak digest proves nothing, so it is
"cannot be said"; another digest made alike means other content, however weak it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from releases.comparing.datasets import Dataset, Pin
from releases.parsers.pins import ALGORITHMS, STRONG

CHANGES: Final = ("changed", "unknown", "added", "removed", "unchanged")
"""In the order in which people want to see them."""
_WORDS: Final = {
    "changed": "changed",
    "unknown": "cannot be said",
    "added": "added",
    "removed": "removed",
    "unchanged": "the same",
}


@dataclass(frozen=True, kw_only=True)
class DataLine:
    """A data set that went into one of the two, or both. ``sentence`` says why the change is that."""

    name: str
    context: str
    change: str
    old_digest: str
    old_strength: str
    new_digest: str
    new_strength: str
    sentence: str = ""
    old_said_by: str = ""
    new_said_by: str = ""


def lines_of(new: Sequence[Dataset], old: Sequence[Dataset] | None) -> list[DataLine]:
    """Return one line for each data set of either; ``old`` is None where nothing serves."""
    lines = list(_lines(new, old))
    return sorted(lines, key=lambda line: CHANGES.index(line.change))


def in_words(lines: Sequence[DataLine]) -> str:
    """Return how many of each, such as ``1 changed, 2 the same``."""
    changes = [line.change for line in lines]
    return ", ".join(
        f"{changes.count(change)} {_WORDS[change]}" for change in CHANGES if change in changes
    )


def _lines(new: Sequence[Dataset], old: Sequence[Dataset] | None) -> Iterator[DataLine]:
    if old is None:
        yield from (_line(None, each, "added", "") for each in new)
        return
    left: dict[str, list[Dataset]] = defaultdict(list)
    for each in old:
        left[each.name].append(each)
    says, said = _sources(new), _sources(old)
    for ours in sorted(new, key=lambda each: not _has_same_state(each, left[each.name])):
        theirs = _other_side(ours, left[ours.name])
        if theirs is not None:
            left[ours.name].remove(theirs)
            yield _line(theirs, ours, *_compared(theirs, ours))
        else:
            yield _line(None, ours, *_alone(ours, said, "added", "The champion's"))
    for each in (each for named in left.values() for each in named):
        yield _line(each, None, *_alone(each, says, "removed", "This version's"))


def _other_side(ours: Dataset, left: Sequence[Dataset]) -> Dataset | None:
    """Return the same data set of the other side; of several the one in the same state."""
    same = [each for each in left if _is_same(ours, each)]
    return next((each for each in same if _has_same_state(ours, [each])), next(iter(same), None))


def _has_same_state(ours: Dataset, others: Sequence[Dataset]) -> bool:
    digests = {pin.digest for pin in ours.pins if pin.digest}
    return any(
        _is_same(ours, each) and digests & {pin.digest for pin in each.pins} for each in others
    )


def _sources(datasets: Sequence[Dataset]) -> set[str]:
    """Return who names data at all."""
    return {pin.said_by for each in datasets for pin in each.pins}


def _is_same(ours: Dataset, theirs: Dataset) -> bool:
    if ours.key == theirs.key:
        return True
    return ours.name == theirs.name and not (ours.context and theirs.context)


def _compared(old: Dataset, new: Dataset) -> tuple[str, str]:
    """Return change and sentence of a data set that both name."""
    for ours in new.pins:
        for theirs in old.pins:
            if ours.digest and theirs.digest and ours.algorithm == theirs.algorithm:
                return _judged(theirs, ours)
    for each, whose in ((old, "the champion"), (new, "this version")):
        if not each.best.digest:
            return "unknown", f"No digest is recorded for {whose}."
    words = [ALGORITHMS[each.best.algorithm].words for each in (old, new)]
    return (
        "unknown",
        f"Named by {words[0]} for the champion and by {words[1]} here; the two cannot be compared.",
    )


def _judged(old: Pin, new: Pin) -> tuple[str, str]:
    """Return change and sentence of two digests that were made alike."""
    words = ALGORITHMS[new.algorithm].words
    if old.digest != new.digest:
        return "changed", f"Another {words}{_versions(old, new)}."
    if STRONG in {old.strength, new.strength}:
        return "unchanged", f"The same {words}."
    return "unknown", f"The same {words}, which is {ALGORITHMS[new.algorithm].proves}."


def _versions(old: Pin, new: Pin) -> str:
    if new.algorithm != "delta":
        return ""
    (table, _, before), (other, _, after) = (
        pin.digest.removeprefix("delta:").rpartition("@") for pin in (old, new)
    )
    return f": {before} then, {after} now" if table == other else ", of another table"


def _alone(each: Dataset, others: set[str], change: str, whose: str) -> tuple[str, str]:
    """Return change and sentence of a data set of one side only; the other may have kept silent."""
    silent = [pin.said_by for pin in each.pins if pin.said_by not in others]
    if len(silent) == len(each.pins):
        return "unknown", f"{whose} {silent[0]} names no data, or there is none."
    return change, ""


def _line(old: Dataset | None, new: Dataset | None, change: str, sentence: str) -> DataLine:
    shown = _pair(old, new)
    named = new or old
    if named is None:
        raise ValueError("A line is about a data set of one of the two.")
    return DataLine(
        name=named.name,
        context=named.context,
        change=change,
        sentence=sentence,
        old_digest=shown[0].digest if shown[0] else "",
        old_strength=shown[0].strength if shown[0] else "",
        old_said_by=shown[0].said_by if shown[0] else "",
        new_digest=shown[1].digest if shown[1] else "",
        new_strength=shown[1].strength if shown[1] else "",
        new_said_by=shown[1].said_by if shown[1] else "",
    )


def _pair(old: Dataset | None, new: Dataset | None) -> tuple[Pin | None, Pin | None]:
    """Return the two digests to show: made alike where there are such, else the best of each."""
    if old is None or new is None:
        return (old.best if old else None), (new.best if new else None)
    for ours in new.pins:
        for theirs in old.pins:
            if ours.digest and ours.algorithm == theirs.algorithm:
                return theirs, ours
    return old.best, new.best
