"""What a model card says, field by field: the one table that forms, documents, comparisons and checks read.

Everything is text, numbers too: CycloneDX and Google's toolkit keep them so, and nothing is rounded.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_TEXT: Final = 8000
LONGEST_POINT: Final = 2000
LONGEST_LINE: Final = 300
MOST_POINTS: Final = 100
MOST_ROWS: Final = 300


class Shape(StrEnum):
    """How a field is written."""

    TEXT = "text"
    LINE = "line"
    WORD = "word"
    POINTS = "points"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Column:
    """One part of a row; with ``words`` it is one of these."""

    name: str
    title: str
    longest: int = LONGEST_LINE
    words: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The title without what it says to those who fill it in."""
        return self.title.partition(" (")[0]


@dataclass(frozen=True, slots=True)
class CardField:
    """One field of a card.

    Attributes:
        name: in documents and in the API.
        columns: of ``ROWS``; a row needs the first.
        words: of ``WORD``.
        is_needed: a card without it is not complete.
    """

    name: str
    title: str
    shape: Shape
    help: str = ""
    columns: tuple[Column, ...] = ()
    words: tuple[str, ...] = ()
    is_needed: bool = False


APPROACHES: Final = (
    "supervised", "unsupervised", "reinforcement-learning", "semi-supervised", "self-supervised",
)  # fmt: skip
"""CycloneDX 1.7, ``modelParameters.approach.type``."""

REFERENCE_KINDS: Final = frozenset(
    {
        "vcs", "issue-tracker", "website", "documentation", "support", "distribution", "license",
        "release-notes", "model-card", "log", "configuration", "evidence", "attestation",
        "threat-model", "adversary-model", "risk-assessment", "static-analysis-report",
        "dynamic-analysis-report", "runtime-analysis-report", "component-analysis-report",
        "maturity-report", "certification-report", "quality-metrics", "patent", "citation", "other",
    }
)  # fmt: skip
"""Of CycloneDX's kinds of external references, those that make sense for a model."""

FIELDS: Final = (
    CardField("overview", "What it is", Shape.TEXT, "In a few sentences, for somebody new."),
    CardField(
        "intended_use",
        "Intended use",
        Shape.POINTS,
        "What it is for, and in which decisions.",
        is_needed=True,
    ),
    CardField(
        "out_of_scope",
        "Not to be used for",
        Shape.POINTS,
        "Uses that look close and are not meant.",
        is_needed=True,
    ),
    CardField("users", "Users", Shape.POINTS, "Who works with its answers.", is_needed=True),
    CardField(
        "limitations",
        "Limitations",
        Shape.POINTS,
        "Where it is known to be wrong, or nobody knows.",
        is_needed=True,
    ),
    CardField("tradeoffs", "Trade-offs", Shape.POINTS, "What was given up for what."),
    CardField(
        "ethics",
        "Ethical considerations",
        Shape.ROWS,
        columns=(
            Column("name", "Risk", LONGEST_POINT),
            Column("mitigation", "What is done about it", LONGEST_POINT),
        ),
        is_needed=True,
    ),
    CardField(
        "fairness",
        "Fairness",
        Shape.ROWS,
        columns=(
            Column("group", "Group at risk"),
            Column("benefits", "Benefits", LONGEST_POINT),
            Column("harms", "Harms", LONGEST_POINT),
            Column("mitigation", "What is done about it", LONGEST_POINT),
        ),
    ),
    CardField("approach", "Approach", Shape.WORD, "How it learned.", words=APPROACHES),
    CardField("task", "Task", Shape.LINE, "Such as classification or regression.", is_needed=True),
    CardField(
        "architecture_family", "Architecture family", Shape.LINE, "Such as gradient boosting."
    ),
    CardField("architecture", "Architecture", Shape.LINE, "The exact one."),
    CardField("inputs", "Inputs", Shape.POINTS, "Formats of what goes in."),
    CardField("outputs", "Outputs", Shape.POINTS, "Formats of what comes out."),
    CardField(
        "datasets",
        "Data",
        Shape.ROWS,
        columns=(
            Column("name", "Name"),
            Column("description", "Description", LONGEST_POINT),
            Column("digest", "Digest"),
            Column("link", "Link", LONGEST_POINT),
            Column("classification", "Classification"),
            Column("sensitive", "Sensitive data (a; b)", LONGEST_POINT),
            Column("owner", "Owner (an organization)"),
            Column("steward", "Steward (an organization)"),
            Column("custodian", "Custodian (an organization)"),
        ),
        is_needed=True,
    ),
    CardField(
        "metrics",
        "Performance",
        Shape.ROWS,
        columns=(
            Column("type", "Metric"),
            Column("value", "Value"),
            Column("slice", "Slice"),
            Column("low", "Lower bound"),
            Column("high", "Upper bound"),
        ),
        is_needed=True,
    ),
    CardField("licence", "Licence", Shape.LINE, "An SPDX identifier, or its name."),
    CardField(
        "references",
        "References",
        Shape.ROWS,
        columns=(
            Column("url", "Address", LONGEST_POINT),
            Column("type", "Kind", words=tuple(sorted(REFERENCE_KINDS))),
            Column("comment", "Comment", LONGEST_POINT),
        ),
    ),
)
GROUPS: Final = (
    ("What it is for", ("overview", "intended_use", "out_of_scope", "users")),
    ("Limits and fairness", ("limitations", "tradeoffs", "ethics", "fairness")),
    (
        "How it is made",
        ("approach", "task", "architecture_family", "architecture", "inputs", "outputs"),
    ),
    ("Data and performance", ("datasets", "metrics")),
    ("Licence and references", ("licence", "references")),
)
"""How pages and the form put the fields together."""

BY_NAME: Final = {field.name: field for field in FIELDS}
