"""The credit models of the demo as MLflow said of them, and what was measured group by group.

Their MLflow is part of the invented history: what was taken in from it stays here, and nobody reads it now.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import timezone

from catalog.models import ArtifactVersion, Project, User, the_portal
from models_registry.actions.change_registry import change_registry
from models_registry.actions.complete_version import complete_version
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.actions.lease import claim, release
from models_registry.actions.take_in_models import take_in_models
from models_registry.actions.take_in_versions import take_in_versions
from models_registry.clients.port import ModelSeen, RunSeen, VersionSeen
from models_registry.digesting import FilesRead
from models_registry.models import ModelVersion, Registry, RetrainingRequest
from models_registry.naming import RETRAINING_TAG
from portal.demo.cast import DOMAIN

NAME: Final = "credit-model"
_HOLDER: Final = "worker"
_ADDRESS: Final = "https://mlflow.demo.example"
_IMAGE: Final = "registry.demo.example/credit-scoring/training@sha256:"
_FILES: Final = ("MLmodel", "conda.yaml", "model.skops", "python_env.yaml", "requirements.txt")
_GROUPS: Final = (
    ("sex", "female", 21_804),
    ("sex", "male", 26_407),
    ("age", "18-30", 9_312),
    ("age", "31-60", 28_950),
    ("age", "over 60", 9_949),
    ("region", "north", 17_420),
    ("region", "south", 30_791),
)


@dataclass(frozen=True)
class Training:
    """One version of the model: what went in, and what came out.

    Attributes:
        rates: share of applications that are accepted, group by group as in ``_GROUPS``.
        separation: AUC, likewise.
        loans: name of the training data's state; its digest is over that.
        weak: trained beside DVC's pipeline, so that MLflow's own digest is all there is.
    """

    number: int
    auc: float
    brier: float
    rates: tuple[float, ...]
    separation: tuple[float, ...]
    parameters: Mapping[str, str]
    loans: str
    is_dirty: bool | None = False
    weak: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)


_FOREST: Final = {
    "algorithm": "gradient boosting", "learning_rate": "0.05", "max_depth": "4", "n_estimators": "400",
    "min_samples_leaf": "40", "subsample": "0.8", "seed": "20261", "features": "38",
}  # fmt: skip
TRAININGS: Final = {
    each.number: each
    for each in (
        Training(
            7, 0.781, 0.142,
            rates=(0.412, 0.468, 0.374, 0.463, 0.441, 0.447, 0.440),
            separation=(0.776, 0.784, 0.752, 0.788, 0.779, 0.790, 0.775),
            parameters=_FOREST,
            loans="2019-2025",
            metrics={"log_loss": 0.447, "calibration_error": 0.031, "latency_ms": 11.0},
        ),
        Training(
            8, 0.803, 0.137,
            rates=(0.429, 0.461, 0.391, 0.459, 0.437, 0.452, 0.441),
            separation=(0.801, 0.805, 0.769, 0.811, 0.798, 0.794, 0.808),
            parameters=_FOREST | {"n_estimators": "600", "features": "41", "income": "verified"},
            loans="2019-2026-06",
            metrics={"log_loss": 0.431, "calibration_error": 0.024, "latency_ms": 13.5},
        ),
        Training(
            9, 0.806, 0.131,
            rates=(0.433, 0.458, 0.398, 0.456, 0.438, 0.450, 0.443),
            separation=(0.803, 0.808, 0.771, 0.813, 0.801, 0.797, 0.811),
            parameters=_FOREST
            | {"n_estimators": "600", "features": "41", "income": "verified", "calibration": "isotonic"},
            loans="2019-2026-06",
            is_dirty=True,
            metrics={"log_loss": 0.424, "calibration_error": 0.011, "latency_ms": 13.6},
        ),
        Training(
            10, 0.802, 0.138,
            rates=(0.424, 0.466, 0.378, 0.465, 0.446, 0.456, 0.443),
            separation=(0.799, 0.804, 0.766, 0.810, 0.797, 0.796, 0.806),
            parameters=_FOREST | {"n_estimators": "600", "features": "29", "income": "verified"},
            loans="2019-2026-06",
            weak=True,
            metrics={"log_loss": 0.436, "calibration_error": 0.027, "latency_ms": 9.2},
        ),
        Training(
            11, 0.797, 0.139,
            rates=(0.401, 0.472, 0.332, 0.471, 0.455, 0.461, 0.437),
            separation=(0.793, 0.800, 0.741, 0.812, 0.797, 0.801, 0.795),
            parameters=_FOREST | {"n_estimators": "300", "features": "29", "income": "declared"},
            loans="2019-2026-06",
            weak=True,
            metrics={"log_loss": 0.439, "calibration_error": 0.029, "latency_ms": 6.1},
        ),
    )
}  # fmt: skip


def open_lab(project: Project, *, by: User) -> Registry:
    """Name the registry of the invented history, and the model in it."""
    spec = RegistrySpec(tracking_url=_ADDRESS, name_pattern=NAME)
    registry = create_registry(project, "laboratory", spec, by=by)
    _claim(registry)
    seen = ModelSeen(NAME, created_at=timezone.now(), description="Decides on consumer loans.")
    take_in_models(registry, [seen], holder=_HOLDER, by=the_portal())
    release(registry, holder=_HOLDER)
    return registry


def close_lab(registry: Registry, *, by: User) -> None:
    """Let nobody read it any more: there is no such server."""
    spec = RegistrySpec(tracking_url=_ADDRESS, name_pattern=NAME, is_active=False)
    change_registry(registry, spec, by=by)


def take_in(
    registry: Registry, training: Training, author: User, answers: RetrainingRequest | None = None
) -> ArtifactVersion:
    """Let the version come out of the laboratory, with its run; return what may be released."""
    mail = f"{author.username}@{DOMAIN}"
    run = _run(training, mail, {RETRAINING_TAG: answers.own_id} if answers else {})
    seen = VersionSeen(
        model=NAME,
        number=training.number,
        created_at=timezone.now(),
        status="READY",
        source=f"s3://models/credit/{run.run_id}/model",
        run_id=run.run_id,
        registered_by=mail,
    )
    _claim(registry)
    portal = the_portal()
    take_in_versions(registry, [seen], {run.run_id: run}, holder=_HOLDER, by=portal)
    release(registry, holder=_HOLDER)
    waiting = ModelVersion.objects.get(model__registry=registry, number=training.number)
    made = complete_version(waiting, _files(training, seen.source), by=portal).artifact_version
    if made is None:
        raise RuntimeError("The demo went astray: a complete version has no digest.")
    return made


def fairness(training: Training) -> bytes:
    """Return the report of the groups."""
    slices = [
        {
            "attribute": attribute,
            "value": value,
            "n": n,
            "metrics": {"selection_rate": rate, "auc": auc},
        }
        for (attribute, value, n), rate, auc in zip(
            _GROUPS, training.rates, training.separation, strict=True
        )
    ]
    document = {
        "schema": "gatehouse.fairness/v1",
        "model": f"{NAME} {training.number}",
        "dataset": {"name": "validation 2026-09", "digest": _digest("validation 2026-09")},
        "slices": slices,
    }
    return json.dumps(document).encode()


def _claim(registry: Registry) -> None:
    if claim(registry.pk, holder=_HOLDER) is None:
        raise RuntimeError("The demo went astray: somebody else reads the laboratory.")


def _run(training: Training, mail: str, more: Mapping[str, str]) -> RunSeen:
    seed = hashlib.sha256(f"{NAME} {training.number}".encode()).hexdigest()
    tags = {
        "mlflow.source.git.commit": seed[:40],
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "https://git.demo.example/credit-scoring/credit-model",
        "gatehouse.image": _IMAGE + hashlib.sha256(b"training image").hexdigest(),
        **more,
    }
    if training.is_dirty is not None:
        tags["mlflow.source.git.dirty"] = str(training.is_dirty).lower()
    now = timezone.now()
    measured = {"auc": training.auc, "brier": training.brier, **training.metrics}
    at = int(now.timestamp() * 1000)
    return RunSeen(
        run_id=seed[:32],
        name=f"loans {training.loans}",
        experiment_id="4",
        status="FINISHED",
        began_at=now,
        ended_at=now,
        user=mail,
        tags=tags,
        parameters=dict(training.parameters),
        metrics=[
            {"key": key, "value": value, "step": 0, "at": at} for key, value in measured.items()
        ],
        datasets=[
            _dataset("loans", "training", training.loans, weak=training.weak),
            _dataset("validation", "validation", "validation 2026-09"),
        ],
    )


def _dataset(name: str, context: str, state: str, *, weak: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "digest": _digest(state)[7:15] if weak else _digest(state),
        "strength": "weak" if weak else "strong",
        "source_type": "s3",
        "source": f"s3://lake/{state.replace(' ', '-')}/data/{name}.parquet",
        "context": context,
        "columns": [],
    }


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _files(training: Training, uri: str) -> FilesRead:
    files = [
        {
            "path": path,
            "size": 400 + 37 * len(path),
            "sha256": hashlib.sha256(f"{path} {training.number}".encode()).hexdigest(),
        }
        for path in _FILES
    ]
    return FilesRead(
        uri,
        f"The digest is over the {len(files)} files of the model, read by Gatehouse.",
        files=files,
        description={"flavors": {"sklearn": {"sklearn_version": "1.9.1"}}},
    )
