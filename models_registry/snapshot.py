"""What the portal keeps of a model version at intake, from what MLflow says of it and of its run."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from models_registry.clients.port import RunSeen, VersionSeen
from models_registry.models import ModelVersion, RegisteredModel

Metric = dict[str, Any]
"""One of ``ModelVersion.metrics``."""

_DATA: Final = frozenset({"dataset", "dataset_digest"})
MOST_PAIRS: Final = 2000
"""Parameters, tags or metrics of one version; the rest is left out, and a remark says so."""
LONGEST_VALUE: Final = 5000
# Large, and of no use: every file of every logged model, and the whole difference of a working copy.
_LEFT_OUT: Final = frozenset({"mlflow.log-model.history", "mlflow.source.git.diff"})
_GIT: Final = "mlflow.source.git."
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})
_KEPT: Final = (
    "number", "source", "mlflow_model_id", "run_id", "run_name", "run_link", "experiment_id",
    "run_status", "run_tags", "parameters", "metrics", "datasets", "git_commit", "git_branch",
    "git_repository", "git_dirty", "trained_by", "registered_by",
)  # fmt: skip
"""What the snapshot's digest is over; live fields and the files are not in it."""


def version_row(model: RegisteredModel, seen: VersionSeen, run: RunSeen | None) -> ModelVersion:
    """Return a new row with the whole snapshot but for the files; unsaved."""
    row = ModelVersion(model=model, number=seen.number)
    follow(row, seen)
    row.registered_at = seen.created_at
    row.source, row.run_id, row.run_link = seen.source, seen.run_id[:100], seen.run_link
    row.mlflow_model_id = (seen.model_id or _model_in(seen.source))[:100]
    row.registered_by = seen.registered_by[:254]
    keep_run(row, run)
    return row


def follow(row: ModelVersion, seen: VersionSeen) -> None:
    """Let the live fields say what MLflow says now."""
    row.status, row.stage = seen.status[:40], seen.stage[:40]
    row.description = seen.description
    row.tags = _bounded(seen.tags, "tags", [])
    row.fingerprint = seen.fingerprint


def keep_run(row: ModelVersion, run: RunSeen | None) -> None:
    """Write what MLflow says of the run into an unsaved row, or one whose intake is not complete."""
    remarks: list[str] = []
    if run is None:
        remarks.append(_no_run(row.run_id))
    else:
        _keep(row, run, remarks)
    if not row.registered_by:
        remarks.append(
            "MLflow does not say who registered the version, since nobody signs in there; who trained "
            "it stands for both."
        )
    row.remarks = remarks
    row.snapshot_digest = digest_of(row)


def add_measured(row: ModelVersion, logged: Sequence[Metric], remark: str = "") -> None:
    """Add what MLflow 3 knows of the model itself to what the version's run says, which stays as it is.

    The run's own values get the data that they were measured on. Of other runs, such as an evaluation's, the
    last value of each metric on each data set is added, with the run.

    Args:
        logged: from ``ModelRegistry.logged_metrics``.
        remark: why nothing is known of them, if it is so.
    """
    own = {_when(each): each for each in logged if each["run"] == row.run_id}
    for metric in row.metrics:
        metric |= {
            name: own[_when(metric)][name] for name in _DATA & own.get(_when(metric), {}).keys()
        }
    last: dict[tuple[str, ...], Metric] = {}
    for each in sorted(logged, key=lambda each: (each["step"], each["at"])):
        if each["run"] != row.run_id:
            said = (each["key"], each["run"], *(str(each.get(name, "")) for name in sorted(_DATA)))
            last[said] = each
    others = sorted(last.values(), key=lambda each: (each["key"], -each["at"], each["run"]))
    remarks = list(row.remarks)
    row.metrics = _first([*row.metrics, *others], "metrics", remarks)
    row.remarks = [*remarks, remark] if remark else remarks
    row.snapshot_digest = digest_of(row)


def _when(metric: Metric) -> tuple[str, int, int]:
    return metric["key"], metric["step"], metric["at"]


def digest_of(row: ModelVersion) -> str:
    """Return the digest of the snapshot: SHA-256 of its JSON with sorted keys."""
    said = {name: getattr(row, name) for name in _KEPT}
    return f"sha256:{hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _keep(row: ModelVersion, run: RunSeen, remarks: list[str]) -> None:
    tags = run.tags
    row.run_name, row.experiment_id = run.name, run.experiment_id[:100]
    row.run_status, row.run_began_at, row.run_ended_at = run.status[:40], run.began_at, run.ended_at
    row.run_tags = _bounded(
        {key: value for key, value in tags.items() if key not in _LEFT_OUT}, "run tags", remarks
    )
    row.parameters = _bounded(run.parameters, "parameters", remarks)
    row.metrics = _first(sorted(run.metrics, key=lambda each: str(each["key"])), "metrics", remarks)
    row.datasets = _first(run.datasets, "datasets", remarks)
    row.git_commit = tags.get(f"{_GIT}commit", "")[:64]
    row.git_branch = tags.get(f"{_GIT}branch", "")[:255]
    row.git_repository = tags.get(f"{_GIT}repoURL", "")[:500]
    row.git_dirty = _truth(tags.get(f"{_GIT}dirty", ""))
    row.trained_by = run.user[:254]


def _bounded(values: Mapping[str, str], what: str, remarks: list[str]) -> dict[str, str]:
    kept = dict(sorted(values.items())[:MOST_PAIRS])
    if len(kept) < len(values):
        remarks.append(f"Only the first {MOST_PAIRS} of {len(values)} {what} are kept.")
    long = [key for key, value in kept.items() if len(value) > LONGEST_VALUE]
    if long:
        remarks.append(f"{len(long)} of the {what} are kept with {LONGEST_VALUE} characters only.")
    return {key: value[:LONGEST_VALUE] for key, value in kept.items()}


def _first(rows: Sequence[dict[str, Any]], what: str, remarks: list[str]) -> list[dict[str, Any]]:
    if len(rows) > MOST_PAIRS:
        remarks.append(f"Only the first {MOST_PAIRS} of {len(rows)} {what} are kept.")
    return list(rows[:MOST_PAIRS])


def _no_run(run_id: str) -> str:
    if run_id:
        return f"The run {run_id} is not in MLflow, so nothing is known of parameters, metrics and data."
    return "It was registered without a run, so nothing is known of parameters, metrics and data."


def _truth(said: str) -> bool | None:
    word = said.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _model_in(source: str) -> str:
    found = source.removeprefix("models:/")
    return found if found != source and found.startswith("m-") else ""
