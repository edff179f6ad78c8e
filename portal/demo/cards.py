"""The model cards of the demo: one that is complete and reviewed, and one whose review is overdue."""

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from catalog.models import ArtifactVersion, User
from releases.actions.import_card import import_card
from releases.actions.review_card import review_card
from releases.actions.save_card import save_card
from releases.cards.snapshot import begun
from releases.models import CardRevision

WORDS: Final[Mapping[str, Any]] = {
    "overview": "Estimates how likely a consumer loan is not paid back, from the application and the credit "
    "bureau's record.",
    "intended_use": [
        "Consumer loans up to 50,000, from applicants with an account for at least six months",
        "Together with a loan officer, who can decide against it",
    ],
    "out_of_scope": ["Mortgages and loans to companies", "Collecting debts", "Setting prices"],
    "users": ["Loan officers", "The appeals desk"],
    "limitations": [
        "Applicants with a thin file: fewer than six months on record",
        "Income that is declared and not verified",
        "Nothing is known about years of high unemployment: the data begin in 2019",
    ],
    "tradeoffs": ["A shallow forest: some accuracy is given up for reasons that can be told"],
    "ethics": [
        {
            "name": "Age and region may stand in for each other",
            "mitigation": "Fairness gate by sex and age; quarterly look at regions",
        },
        {
            "name": "A refusal follows somebody for years",
            "mitigation": "Every refusal names its reasons and can be appealed",
        },
    ],
    "fairness": [
        {
            "group": "Applicants of 18 to 30",
            "harms": "Fewer are accepted than in other groups",
            "mitigation": "Four-fifths rule before every release",
        }
    ],
    "approach": "supervised",
    "task": "classification",
    "architecture_family": "gradient boosting",
    "architecture": "HistGradientBoostingClassifier",
    "inputs": ["38 numbers of the application and the bureau's record"],
    "outputs": ["Probability of default between 0 and 1"],
    "licence": "Proprietary",
    "references": [
        {
            "url": "https://git.demo.example/credit-scoring/credit-model",
            "type": "vcs",
            "comment": "How it is trained",
        }
    ],
}
README: Final = """---
license: other
license_name: Proprietary
pipeline_tag: tabular-classification
library_name: scikit-learn
tags:
- credit
---

# credit-model 8

## Model description

As model 7, with income verified against payroll.

## Bias, Risks, and Limitations

- Payroll is not known for the self-employed.
"""


def write_reviewed(version: ArtifactVersion, people: Mapping[str, User]) -> CardRevision:
    """Let the team write the whole card, and the validator confirm it."""
    content, source, _ = begun(version)
    revision = save_card(
        version,
        {**content, **WORDS},
        owner=people["ines"],
        risk_tier="critical",
        note="As agreed with the loan officers.",
        source=source,
        by=people["lena"],
    )
    review_card(
        revision.card,
        revision=revision.number,
        comment="Limitations agree with what validation found.",
        by=people["viktor"],
    )
    return revision


def write_provisional(version: ArtifactVersion, people: Mapping[str, User]) -> CardRevision:
    """Import what the training left, complete it, and have it confirmed for a day only."""
    import_card(version, io.BytesIO(README.encode()), file_name="README.md", by=people["mei"])
    imported = CardRevision.objects.get(card__artifact_version=version)
    content, _, _ = begun(version)
    revision = save_card(
        version,
        {**content, **imported.content},
        owner=people["ines"],
        risk_tier="critical",
        note="Everything else is as for model 7.",
        by=people["mei"],
    )
    review_card(
        revision.card,
        revision=revision.number,
        next_review_at=timezone.now() + timedelta(days=1),
        comment="For staging. To be looked at again when the fairness report is here.",
        by=people["lena"],
    )
    return revision
