"""Train the demo's credit model; run by MLflow's own interpreter, against MLFLOW_TRACKING_URI.

Nothing of the portal is imported here: this is what a data scientist's own script looks like.
"""

from dataclasses import dataclass
from typing import Any, Final

import mlflow
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

NAME: Final = "credit-risk"
_SEED: Final = 20261


@dataclass(frozen=True)
class Attempt:
    """One training: by whom, from which commit, on which months of loans, with what."""

    user: str
    commit: str
    months: str
    rows: int
    model: Any
    is_dirty: bool = False


ATTEMPTS: Final = (
    Attempt(
        "meit", "5d1c" * 10, "2026-01 to 2026-06", 1500, LogisticRegression(C=0.5, max_iter=500)
    ),
    Attempt(
        "lvogt",
        "a94f" * 10,
        "2026-01 to 2026-09",
        2400,
        LogisticRegression(C=2.0, class_weight="balanced", max_iter=500),
    ),
)


def loans(rows: int) -> pd.DataFrame:
    """Return made-up loans; ``bad`` says which were not paid back."""
    chance = np.random.default_rng(_SEED)
    frame = pd.DataFrame(
        {
            "income": chance.normal(3200, 900, rows).clip(800),
            "debt": chance.gamma(2.0, 2500, rows),
            "age": chance.integers(18, 80, rows).astype(float),
            "late_payments": chance.poisson(0.6, rows).astype(float),
        }
    )
    danger = frame["debt"] / frame["income"] * 0.5 + frame["late_payments"] * 0.9 - 1.8
    frame["bad"] = (chance.random(rows) < 1 / (1 + np.exp(-danger))).astype(int)
    return frame


def train(attempt: Attempt) -> None:
    """Train, measure, log and register one version."""
    frame = loans(attempt.rows)
    cut = int(attempt.rows * 0.75)
    training, test = frame[:cut], frame[cut:]
    features = [name for name in frame.columns if name != "bad"]
    tags = {
        "mlflow.user": attempt.user,
        "mlflow.source.git.commit": attempt.commit,
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "https://git.example.com/credit-scoring/credit-risk",
        "mlflow.source.git.dirty": str(attempt.is_dirty).lower(),
    }
    with mlflow.start_run(run_name=f"loans {attempt.months}", tags=tags):
        source = f"s3://lake/loans/{attempt.months.replace(' to ', '_')}.parquet"
        for part, context in ((training, "training"), (test, "validation")):
            data = mlflow.data.from_pandas(part, source=source, name="loans", targets="bad")
            mlflow.log_input(data, context=context)
        mlflow.log_params({**attempt.model.get_params(), "features": ", ".join(features)})
        model = attempt.model.fit(training[features], training["bad"])
        mlflow.log_metrics(measured(model, test[features], test["bad"]))
        signature = mlflow.models.infer_signature(test[features], model.predict(test[features]))
        mlflow.sklearn.log_model(
            model, name="model", signature=signature, registered_model_name=NAME
        )


def measured(model: Any, features: pd.DataFrame, truth: pd.Series) -> dict[str, float]:
    """Return how well the model tells good loans from bad ones."""
    said, likely = model.predict(features), model.predict_proba(features)[:, 1]
    return {
        "auc": roc_auc_score(truth, likely),
        "accuracy": accuracy_score(truth, said),
        "f1": f1_score(truth, said),
        "precision": precision_score(truth, said, zero_division=0),
        "recall": recall_score(truth, said),
    }


def main() -> None:
    """Train what is not there yet; the first one is the champion."""
    client = mlflow.MlflowClient()
    there = len(client.search_model_versions(f"name='{NAME}'"))
    mlflow.set_experiment("credit-scoring")
    for attempt in ATTEMPTS[there:]:
        train(attempt)
    if not there:
        client.set_registered_model_alias(NAME, "champion", "1")


if __name__ == "__main__":
    main()
