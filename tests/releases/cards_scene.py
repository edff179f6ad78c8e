"""A credit model with people round it, for everything about model cards."""

from dataclasses import dataclass

from catalog.models import ArtifactVersion, User
from releases.actions.review_card import review_card
from releases.actions.save_card import save_card
from releases.models import CardRevision, ModelCard
from tests.releases.scene import Scene, make_scene

CONTENT = {
    "overview": "Decides on consumer loans.\n\nReplaces model 7.",
    "intended_use": ["Consumer loans up to 50,000", "Together with a loan officer's look"],
    "out_of_scope": ["Mortgages", "Loans to companies"],
    "users": ["Loan officers"],
    "limitations": ["Thin files: fewer than 6 months"],
    "tradeoffs": ["Slower by 2 ms, better by 0.02"],
    "ethics": [{"name": "Age as a proxy", "mitigation": "Fairness gate by age"}],
    "fairness": [{"group": "18 to 30", "harms": "Refused more often", "mitigation": "Watched"}],
    "approach": "supervised",
    "task": "classification",
    "architecture_family": "gradient boosting",
    "architecture": "HistGradientBoosting",
    "inputs": ["income: double"],
    "outputs": ["probability of default: double"],
    "datasets": [
        {
            "name": "loans",
            "description": "training",
            "digest": f"sha256:{'1' * 64}",
            "link": "s3://lake/loans/2019-2026.parquet",
            "classification": "confidential",
            "sensitive": "income; age",
            "owner": "Retail credit",
            "steward": "Credit data",
            "custodian": "Data platform",
        },
        {"name": "validation"},
    ],
    "metrics": [
        {"type": "auc", "value": "0.803"},
        {"type": "auc", "value": "0.769", "slice": "age=18-30", "low": "0.75", "high": "0.79"},
    ],
    "licence": "Apache-2.0",
    "references": [{"url": "https://example.com/paper", "type": "documentation", "comment": "How"}],
}


@dataclass
class CardScene:
    """``mei`` and ``lena`` train, ``viktor`` validates, ``ines`` owns the product, ``dana`` writes code."""

    scene: Scene

    def __getattr__(self, name: str) -> User:
        return getattr(self.scene, name)

    def version(self, artifact: str = "credit-model") -> ArtifactVersion:
        return self.scene.version(artifact, kind="model")

    def saved(self, version: ArtifactVersion = None, *, by: User = None, **more) -> CardRevision:
        content = more.pop("content", CONTENT)
        fields = {"owner": self.ines, "risk_tier": "high", **more}
        return save_card(version or self.version(), content, **fields, by=by or self.mei)

    def reviewed(self, revision: CardRevision = None, **more) -> ModelCard:
        card = (revision or self.saved()).card
        review_card(card, revision=card.revision, **{"by": self.viktor, **more})
        card.refresh_from_db()
        return card


def make_card_scene() -> CardScene:
    scene = make_scene()
    scene.person("mei", "data-scientist")
    scene.person("lena", "data-scientist")
    scene.person("viktor", "validator")
    scene.person("ines", "product-owner")
    scene.person("olga")
    return CardScene(scene)
