"""A card as pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from releases.cards.fields import BY_NAME, GROUPS, CardField, Shape
from releases.models import CardRevision, ModelCard

SOON: Final = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class ShownField:
    """One field: a text, points, or a table."""

    title: str
    text: str = ""
    points: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, kw_only=True)
class ShownGroup:
    """Fields that belong together; ``lines`` are those of a few words."""

    id: str
    title: str
    lines: list[ShownField] = field(default_factory=list)
    fields: list[ShownField] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Badge:
    """What ``components/badge.html`` draws."""

    label: str
    tone: str
    icon: str


def groups_of(content: Mapping[str, Any]) -> list[ShownGroup]:
    """Return what the card says, group by group; empty fields are left out."""
    groups = [
        _group(number, title, [BY_NAME[name] for name in names if name in content], content)
        for number, (title, names) in enumerate(GROUPS, 1)
    ]
    return [group for group in groups if group.fields or group.lines]


def badges_of(card: ModelCard) -> list[Badge]:
    """Return how the card stands, in words."""
    now = timezone.now()
    badges = [
        Badge(label="Complete", tone="good", icon="circle-check")
        if card.is_complete
        else Badge(label="Incomplete", tone="warn", icon="progress"),
        Badge(label="Reviewed", tone="good", icon="user-check")
        if card.is_reviewed
        else Badge(label="Not reviewed", tone="warn", icon="user-x"),
    ]
    if card.is_overdue(now):
        badges.append(Badge(label="Review overdue", tone="bad", icon="alert-octagon"))
    elif card.next_review_at < now + SOON:
        badges.append(Badge(label="Review due soon", tone="warn", icon="calendar-event"))
    return badges


def import_in_words(revision: CardRevision) -> list[str]:
    """Return what an import did, as sentences; empty for a revision that was not imported."""
    said = (
        ("taken", "Taken over: {}."),
        ("replaced", "Replaced by the document's words: {}."),
        ("kept", "The document has other words for {}; the card's own stayed."),
    )
    return [
        sentence.format(", ".join(revision.taken[name]))
        for name, sentence in said
        if revision.taken.get(name)
    ]


def _group(
    number: int, title: str, said: Sequence[CardField], content: Mapping[str, Any]
) -> ShownGroup:
    short = {Shape.LINE, Shape.WORD}
    return ShownGroup(
        id=f"group-{number}",
        title=title,
        lines=[_shown(each, content[each.name]) for each in said if each.shape in short],
        fields=[_shown(each, content[each.name]) for each in said if each.shape not in short],
    )


def _shown(field: CardField, value: Any) -> ShownField:
    if field.shape == Shape.POINTS:
        return ShownField(title=field.title, points=value)
    if field.shape != Shape.ROWS:
        return ShownField(title=field.title, text=value)
    used = [column for column in field.columns if any(row.get(column.name) for row in value)]
    return ShownField(
        title=field.title,
        columns=[column.label for column in used],
        rows=[[row.get(column.name, "") for column in used] for row in value],
    )
