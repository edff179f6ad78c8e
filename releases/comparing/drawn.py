"""A comparison as pages show it: words, numbers as text, and where the marks of the drawings stand.

Drawings are SVG without a view box: positions are per cent of the width, so that they fit every screen
and nothing in them is scaled. Their numbers stand beside them as text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.urls import reverse

from releases.comparing.comparison import Change, Comparison, MetricLine, ValueLine
from releases.comparing.data import DataLine, in_words
from releases.comparing.judging import item_of
from releases.gates.asks import FOUR_FIFTHS, Fairness, Reproducibility
from releases.gates.change import plain
from releases.gates.fair import Spread, spreads_of
from releases.gates.measures import Measure
from releases.gates.reproducible import Check, checklist
from releases.parsers.pins import ALGORITHMS, algorithm_of

MOST_METRICS: Final = 60
MOST_GROUPS: Final = 40
MOST_VALUES: Final = 100
_SMALLEST_SCALE: Final = Decimal("0.02")
"""Bars reach their full length at 2 % at least, so that noise does not look like news."""
_NOTHING: Final = "–"  # noqa: RUF001 -- a dash as in tables
_HASHES: Final = frozenset({"sha256", "sha512", "md5", "md5-dos2unix"})
_DIGITS: Final = 12
_TONES: Final = {Change.BETTER: "good", Change.WORSE: "bad"}
_WORDS: Final = {
    Change.BETTER: "better",
    Change.WORSE: "worse",
    Change.SAME: "the same",
    Change.DIFFERENT: "different",
    Change.ONLY_CHALLENGER: "only here",
    Change.ONLY_CHAMPION: "not measured here",
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar from the middle, to the right where it is better; per cent of the width."""

    x: str
    width: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """One metric as a row of the table."""

    name: str
    champion: str
    challenger: str
    difference: str
    relative: str
    word: str
    tone: str
    direction: str
    notes: list[str]
    bar: Bar | None


@dataclass(frozen=True, kw_only=True)
class SliceRow:
    """One group: both values, and where their marks stand."""

    group: str
    n: str
    champion: str
    challenger: str
    difference: str
    word: str
    tone: str
    champion_x: str
    challenger_x: str
    left: str
    width: str


@dataclass(frozen=True, kw_only=True)
class SliceChart:
    """One metric by the groups of one attribute."""

    id: str
    title: str
    low: str
    high: str
    rows: list[SliceRow]

    @property
    def has_worse(self) -> bool:
        """Whether some group is worse off: then the page shows it at once."""
        return any(row.tone == "bad" for row in self.rows)

    @property
    def words(self) -> str:
        """What changed, such as ``2 better, 1 worse``."""
        words = [row.word for row in self.rows]
        return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


@dataclass(frozen=True, kw_only=True)
class FairRow:
    """How far the groups of an attribute are apart."""

    attribute: str
    sentence: str
    percent: str
    width: str
    tone: str
    mark: str


@dataclass(frozen=True, kw_only=True)
class DiffRow:
    """One row of ``components/diff_table.html``."""

    name: str
    change: str
    old: str = ""
    new: str = ""
    kind: str = ""
    old_detail: str = ""
    new_detail: str = ""
    is_digest: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Everything that a page shows of one comparison."""

    id: str
    challenger: str
    champion: str
    champion_url: str
    sentence: str
    is_compared: bool
    summary: str = ""
    metrics: list[MetricRow] = field(default_factory=list)
    scale: str = ""
    slices: list[SliceChart] = field(default_factory=list)
    fairness: list[FairRow] = field(default_factory=list)
    parameters: list[DiffRow] = field(default_factory=list)
    parameters_in_words: str = ""
    data: list[DiffRow] = field(default_factory=list)
    data_title: str = ""
    data_in_words: str = ""
    code: list[DiffRow] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    checks_in_words: str = ""
    remarks: list[str] = field(default_factory=list)


def panel_of(comparison: Comparison, environment: str) -> Panel:
    """Return the comparison in words and marks; ``environment`` is where the champion serves."""
    ours = comparison.challenger
    checks = checklist(ours.provenance, Reproducibility()) if ours.record else []
    rows, scale = _metric_rows(comparison.metrics[:MOST_METRICS])
    changed = [line for line in comparison.parameters if line.change != "unchanged"]
    champion = comparison.champion
    return Panel(
        id=str(ours.version.pk),
        challenger=str(item_of(ours.version)),
        champion=str(item_of(champion.version)) if champion else "",
        champion_url=(
            reverse("releases:artifact-version", args=[champion.version.pk]) if champion else ""
        ),
        sentence=_sentence(comparison, environment),
        is_compared=champion is not None and not comparison.is_same,
        summary=_summary(comparison.metrics),
        metrics=rows,
        scale=scale,
        slices=_charts(comparison.slices),
        fairness=[
            row
            for spread in (spreads_of(ours.fairness.facts, Fairness()) if ours.fairness else ())
            if (row := _fair_row(spread)) is not None
        ],
        parameters=[_value_row(line) for line in changed[:MOST_VALUES]] if champion else [],
        parameters_in_words=_parameters_in_words(comparison.parameters, changed),
        data=[_data_row(line) for line in comparison.data[:MOST_VALUES]],
        data_title=_data_title(comparison, environment),
        data_in_words=in_words(comparison.data) if champion else "",
        code=[_value_row(line) for line in comparison.code],
        checks=checks,
        checks_in_words=_checks_in_words(checks),
        remarks=list(ours.record.remarks) if ours.record else [],
    )


def _sentence(comparison: Comparison, environment: str) -> str:
    serving, ours = comparison.serving, item_of(comparison.challenger.version)
    if serving is None:
        return (
            f"No version of {ours.artifact} serves in {environment} yet, so there is nothing to compare "
            "with: this would be the first."
        )
    since = f" since {serving.since:%Y-%m-%d}" if serving.since else ""
    if comparison.is_same:
        return f"{ours} serves in {environment} itself{since}, by CR-{serving.number}."
    return (
        f"{item_of(serving.version)} serves in {environment}{since}, by release {serving.release} "
        f"and CR-{serving.number}."
    )


def _summary(lines: Iterable[MetricLine]) -> str:
    changes = [line.change for line in lines]
    counts = [(change, changes.count(change)) for change in Change]
    said = [f"{count} {_WORDS[change]}" for change, count in counts if count]
    return ", ".join(said)


# ── metrics ─────────────────────────────────────────────────────────────────────────────────────


def _metric_rows(lines: Sequence[MetricLine]) -> tuple[list[MetricRow], str]:
    gains = [abs(line.gain) for line in lines if line.gain is not None]
    full = max([_SMALLEST_SCALE, *gains])
    return [_metric_row(line, full) for line in lines], f"{plain(round(full * 100, 1))} %"


def _metric_row(line: MetricLine, full: Decimal) -> MetricRow:
    return MetricRow(
        name=line.metric,
        champion=_number(line.champion),
        challenger=_number(line.challenger),
        difference=_signed(line.difference),
        relative="" if line.relative is None else f"{_signed(round(line.relative * 100, 1))} %",
        word=_WORDS[line.change],
        tone=_TONES.get(line.change, "neutral"),
        direction=_direction(line.greater_is_better),
        notes=_notes(line),
        bar=_bar(line, full),
    )


def _bar(line: MetricLine, full: Decimal) -> Bar | None:
    if line.gain is None:
        return None
    half = min(abs(line.gain) / full, Decimal(1)) * 50
    left = Decimal(50) if line.gain >= 0 else Decimal(50) - half
    return Bar(x=_percent(left), width=_percent(half), tone=_TONES.get(line.change, "neutral"))


def _notes(line: MetricLine) -> list[str]:
    notes = []
    sources = dict.fromkeys(each.source for each in (line.challenger, line.champion) if each)
    notes.append(" and ".join(sources))
    if line.on_other_data:
        notes.append("measured on other data than the champion")
    return notes


def _direction(greater_is_better: bool | None) -> str:  # noqa: FBT001 -- three words for three values
    if greater_is_better is None:
        return "nobody says which direction is better"
    return "greater is better" if greater_is_better else "smaller is better"


# ── slices ──────────────────────────────────────────────────────────────────────────────────────


def _charts(lines: Sequence[MetricLine]) -> list[SliceChart]:
    groups: dict[tuple[str, str], list[MetricLine]] = {}
    for line in lines:
        attribute = line.slice.partition("=")[0]
        groups.setdefault((attribute, line.metric), []).append(line)
    return [
        _chart(f"{number}", attribute, metric, found[:MOST_GROUPS])
        for number, ((attribute, metric), found) in enumerate(sorted(groups.items()), 1)
    ]


def _chart(key: str, attribute: str, metric: str, lines: Sequence[MetricLine]) -> SliceChart:
    values = [
        each.value
        for line in lines
        for each in (line.challenger, line.champion)
        if each is not None and each.value is not None
    ]
    low, high = min(values, default=Decimal(0)), max(values, default=Decimal(1))
    return SliceChart(
        id=key,
        title=f"{metric} by {attribute}",
        low=plain(low),
        high=plain(high),
        rows=[_slice_row(line, low, high) for line in lines],
    )


def _slice_row(line: MetricLine, low: Decimal, high: Decimal) -> SliceRow:
    ours, theirs = _position(line.challenger, low, high), _position(line.champion, low, high)
    both = ours is not None and theirs is not None
    ends = sorted([ours or Decimal(0), theirs or Decimal(0)])
    n = line.challenger.n if line.challenger else None
    return SliceRow(
        group=line.slice.partition("=")[2],
        n="" if n is None else f"{n:,}",
        champion=_number(line.champion),
        challenger=_number(line.challenger),
        difference=_signed(line.difference),
        word=_WORDS[line.change],
        tone=_TONES.get(line.change, "neutral"),
        champion_x="" if theirs is None else _percent(theirs),
        challenger_x="" if ours is None else _percent(ours),
        left=_percent(ends[0]) if both else "",
        width=_percent(ends[1] - ends[0]) if both else "",
    )


def _position(measure: Measure | None, low: Decimal, high: Decimal) -> Decimal | None:
    """Return the place between 4 and 96 per cent: the marks have a size."""
    if measure is None or measure.value is None:
        return None
    span = high - low
    share = (measure.value - low) / span if span else Decimal("0.5")
    return 4 + share * 92


def _fair_row(spread: Spread) -> FairRow | None:
    """Return the four-fifths ratio of selection rates, whatever the policy asks."""
    if len(spread.groups) < 2 or spread.ratio is None:  # noqa: PLR2004 -- two are needed to compare
        return None
    ratio = spread.ratio
    low, high = spread.lowest, spread.highest
    return FairRow(
        attribute=spread.attribute,
        sentence=(
            f"The selection rate is {_plain(low.value)} for {low.group} (n = {low.n:,}) and "
            f"{_plain(high.value)} for {high.group} (n = {high.n:,})."
        ),
        percent=f"{plain((ratio * 1000).to_integral_value(rounding='ROUND_FLOOR') / 10)} %",
        width=_percent(min(ratio, Decimal(1)) * 100),
        tone="good" if ratio >= FOUR_FIFTHS else "bad",
        mark=_percent(Decimal(80)),
    )


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def _value_row(line: ValueLine) -> DiffRow:
    return DiffRow(name=line.name, change=line.change, old=line.old, new=line.new)


def _data_title(comparison: Comparison, environment: str) -> str:
    if comparison.serving is None or comparison.is_same:
        return "Data it was made from"
    return f"What data changed since {item_of(comparison.serving.version)}, which serves in {environment}"


def _data_row(line: DataLine) -> DiffRow:
    return DiffRow(
        name=line.name,
        change=line.change,
        kind=line.context or "",
        old=_digest(line.old_digest, line.old_said_by),
        new=_digest(line.new_digest, line.new_said_by),
        old_detail=_proves(line.old_digest, line.old_strength, line.old_said_by),
        new_detail=_proves(line.new_digest, line.new_strength, line.new_said_by),
        note=line.sentence,
    )


def _digest(digest: str, said_by: str) -> str:
    """Return enough of it to tell it from another; all of it is in the report and over REST."""
    if digest.startswith("delta:"):
        table, _, version = digest.removeprefix("delta:").rpartition("@")
        return f"version {version} of table {table[:8]}…"
    if digest.partition(":")[0] in _HASHES:
        name, _, value = digest.partition(":")
        return f"{name}:{value[:_DIGITS]}…"
    return digest or ("no digest" if said_by else "")


def _proves(digest: str, strength: str, said_by: str) -> str:
    if not said_by:
        return ""
    proves = ALGORITHMS[algorithm_of(digest, strength=strength)].proves if digest else ""
    return ", ".join(part for part in (proves, f"by the {said_by}") if part)


def _parameters_in_words(every: Sequence[ValueLine], changed: Sequence[ValueLine]) -> str:
    if not every:
        return "No parameters are recorded."
    same = len(every) - len(changed)
    return f"{len(changed)} of {len(every)} differ" + (f", {same} are the same" if same else "")


def _checks_in_words(checks: Sequence[Check]) -> str:
    good = sum(each.outcome.lets_through for each in checks)
    return f"{good} of {len(checks)} points hold"


def _number(measure: Measure | None) -> str:
    if measure is None:
        return _NOTHING
    return (measure.said or "no number") if measure.value is None else _plain(measure.value)


def _plain(value: Decimal | None) -> str:
    return _NOTHING if value is None else plain(value)


def _signed(value: Decimal | None) -> str:
    if value is None:
        return ""
    text = plain(abs(value))
    # A minus sign as wide as the plus, so that columns line up.
    return f"+{text}" if value > 0 else f"−{text}" if value < 0 else "0"  # noqa: RUF001 -- a minus


def _percent(value: Decimal) -> str:
    return f"{value:.2f}%"
