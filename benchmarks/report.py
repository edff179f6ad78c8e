"""The table, and the same as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results" / "latest.json"


@dataclass(frozen=True)
class Row:
    """One line of the table. ``goal`` is the bound of ``ratio``; None is for information."""

    what: str
    baseline: str
    ours: str
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None where there is none."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.ratio <= self.at_most if self.at_most is not None else None


_HEADS = ("what", "baseline", "ours", "ratio", "goal", "met")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    words = {True: "yes", False: "no", None: ""}
    cells = [
        (row.what, row.baseline, row.ours, f"{row.ratio:.2f}", row.goal, words[row.met])
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [_HEADS, *cells]) for column in range(len(_HEADS))]
    rule = tuple("-" * width for width in widths)
    lines = [_HEADS, rule, *cells]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def keep(rows: Sequence[Row], *, quick: bool) -> Path:
    """Write benchmarks/results/latest.json and return its path."""
    RESULTS.parent.mkdir(exist_ok=True)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "rows": [asdict(row) | {"goal": row.goal, "met": row.met} for row in rows],
    }
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return RESULTS
