"""Could somebody train this model again: a checklist with a sentence for each point."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from releases.gates.asks import CheckName, Reproducibility
from releases.gates.gate import Gate, GateOutcome, Item
from releases.outcomes import GateVerdict

#: What an environment file may be called; MLflow writes the first three beside every model.
ENVIRONMENT_FILES: Final = (
    "requirements.txt", "conda.yaml", "python_env.yaml", "pyproject.toml", "uv.lock", "poetry.lock",
    "environment.yml", "environment.yaml", "Pipfile.lock",
)  # fmt: skip
IMAGE_TAGS: Final = ("gatehouse.image", "mlflow.docker.image.uri")
"""Tags of a run that say in which image it was trained; the second is set by MLflow Projects."""
_NAMED: Final = 5
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_BY_DIGEST: Final = re.compile(r"(^|@)sha256:[0-9a-f]{64}\Z")
_STRENGTHS: Final = {"none": 0, "weak": 1, "strong": 2}


@dataclass(frozen=True)
class Provenance:
    """Where an item comes from, as far as anybody says.

    Attributes:
        has_record: whether a model registry said how it was trained; of other items only the commit and
            the image are known.
        commit: commit of the code; empty if nobody says.
        is_dirty: whether the working copy had changes that are in no commit; None: nobody says.
        parameters: how many are recorded.
        datasets: ``{"name", "strength"}`` each; the strength of the best digest that anybody names.
        files: paths of the model's files; None if they could not be read.
        image: the image it was trained in, or which it is.
    """

    has_record: bool
    commit: str = ""
    is_dirty: bool | None = None
    parameters: int = 0
    datasets: Sequence[Mapping[str, Any]] = ()
    files: Sequence[str] | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One point: pass, fail or inconclusive, what was seen, and what would satisfy it."""

    name: CheckName
    title: str
    outcome: GateVerdict
    sentence: str
    satisfied_by: str = ""


_Answer = tuple[GateVerdict, str, str]


def checklist(provenance: Provenance, asked: Reproducibility) -> list[Check]:
    """Return every point that is asked for and makes sense for the item."""
    return [
        Check(name, TITLES[name], *_POINTS[name](provenance, asked))
        for name in asked.checks
        if provenance.has_record or name in _OF_EVERYTHING
    ]


def judge_reproducibility(
    gate: Gate, asked: Reproducibility, item: Item, provenance: Provenance
) -> GateOutcome:
    """Ask the whole checklist about one item."""
    if item.kind == "model" and not provenance.has_record:
        return GateOutcome(
            GateVerdict.INCONCLUSIVE,
            f"{item} did not come from a model registry, so nothing is known of how it was trained.",
            gate.satisfied_by or "Register the version in MLflow, from the run that trained it.",
        )
    checks = checklist(provenance, asked)
    open_ones = [each for each in checks if each.outcome != GateVerdict.PASS]
    if not open_ones:
        said = f"{len(checks)} of {len(checks)} points hold."
        return GateOutcome(GateVerdict.PASS, f"{item}: {said}")
    refused = any(each.outcome == GateVerdict.FAIL for each in open_ones)
    unclear = any(each.outcome == GateVerdict.INCONCLUSIVE for each in open_ones)
    verdict = gate.refusal if refused else GateVerdict.INCONCLUSIVE
    if unclear and verdict == GateVerdict.WARN:
        verdict = GateVerdict.INCONCLUSIVE
    return GateOutcome(
        verdict,
        f"{item}: {' '.join(each.sentence for each in open_ones)}",
        gate.satisfied_by or " ".join(each.satisfied_by for each in open_ones),
    )


def _commit(provenance: Provenance, _asked: Reproducibility) -> _Answer:
    if _COMMIT.fullmatch(provenance.commit):
        return GateVerdict.PASS, f"The code is commit {provenance.commit[:12]}.", ""
    if provenance.commit:
        return (
            GateVerdict.FAIL,
            f"{provenance.commit!r:.60} is said to be the commit, and is none: 7 to 64 hexadecimal digits.",
            "Train from a Git checkout, so that MLflow records mlflow.source.git.commit.",
        )
    return (
        GateVerdict.INCONCLUSIVE,
        "Nobody says from which commit it was made.",
        "Train from a Git checkout, so that MLflow records mlflow.source.git.commit.",
    )


def _clean_tree(provenance: Provenance, _asked: Reproducibility) -> _Answer:
    match provenance.is_dirty:
        case False:
            return GateVerdict.PASS, "The working copy had no changes of its own.", ""
        case True:
            return (
                GateVerdict.FAIL,
                "The working copy had changes that are in no commit.",
                "Commit the changes and train again.",
            )
        case _:
            return (
                GateVerdict.INCONCLUSIVE,
                "Nobody says whether the working copy had changes of its own.",
                "Let the training set the run's tag mlflow.source.git.dirty to false.",
            )


def _parameters(provenance: Provenance, _asked: Reproducibility) -> _Answer:
    if provenance.parameters:
        count = provenance.parameters
        number = "1 parameter is" if count == 1 else f"{count} parameters are"
        return GateVerdict.PASS, f"{number} recorded.", ""
    return (
        GateVerdict.INCONCLUSIVE,
        "No parameter of the training is recorded.",
        "Log the parameters in the run (mlflow.log_params), the seed among them.",
    )


def _dataset(provenance: Provenance, asked: Reproducibility) -> _Answer:
    if not provenance.datasets:
        return (
            GateVerdict.INCONCLUSIVE,
            "Nobody says on which data it was trained.",
            "Log the data set as an input of the run (mlflow.log_input) with a digest of its content.",
        )
    least = _STRENGTHS[asked.dataset_strength]
    poor = [each for each in provenance.datasets if _STRENGTHS.get(each["strength"], 0) < least]
    if not poor:
        number = len(provenance.datasets)
        sets = "The data set is" if number == 1 else f"All {number} data sets are"
        return GateVerdict.PASS, f"{sets} named by a digest that is strong enough.", ""
    names = ", ".join(str(each["name"]) for each in poor[:_NAMED])
    if all(each["strength"] == "none" for each in poor):
        return GateVerdict.FAIL, f"No digest is recorded for the data {names}.", _BETTER_DIGEST
    return (
        GateVerdict.FAIL,
        f"The digest of {names} does not identify the content, such as MLflow's own over the first rows.",
        _BETTER_DIGEST,
    )


_BETTER_DIGEST: Final = (
    "Upload a dvc.lock or a report about data sets as evidence, or log the data with a digest of its "
    "content: a DVC hash, a version of a Delta table, a SHA-256."
)


def _environment(provenance: Provenance, _asked: Reproducibility) -> _Answer:
    if provenance.files is None:
        return (
            GateVerdict.INCONCLUSIVE,
            "The model's files could not be read, so nobody knows whether they say what to install.",
            "Let the portal reach the model's files, or register the version again.",
        )
    found = [path for path in provenance.files if path.rpartition("/")[2] in ENVIRONMENT_FILES]
    if found:
        return GateVerdict.PASS, f"What to install is in {', '.join(found[:_NAMED])}.", ""
    return (
        GateVerdict.FAIL,
        "No file beside the model says what to install.",
        f"Log the model with {', '.join(ENVIRONMENT_FILES[:3])}, as MLflow does by itself.",
    )


def _image(provenance: Provenance, _asked: Reproducibility) -> _Answer:
    if not provenance.image:
        return (
            GateVerdict.INCONCLUSIVE,
            "Nobody says in which image it was trained.",
            f"Set the run's tag {IMAGE_TAGS[0]} to the image with its digest: name@sha256:….",
        )
    if _BY_DIGEST.search(provenance.image):
        return GateVerdict.PASS, f"The image is named by its digest: {provenance.image}.", ""
    return (
        GateVerdict.FAIL,
        f"The image {provenance.image} is named by a tag, which may be moved.",
        "Name the image by its digest: name@sha256:….",
    )


TITLES: Final[Mapping[CheckName, str]] = {
    CheckName.COMMIT: "Commit known",
    CheckName.CLEAN_TREE: "Working copy clean",
    CheckName.PARAMETERS: "Parameters recorded",
    CheckName.DATASET: "Data named by digest",
    CheckName.ENVIRONMENT: "Environment file there",
    CheckName.IMAGE: "Image by digest",
}
_POINTS: Final[Mapping[CheckName, Callable[[Provenance, Reproducibility], _Answer]]] = {
    CheckName.COMMIT: _commit,
    CheckName.CLEAN_TREE: _clean_tree,
    CheckName.PARAMETERS: _parameters,
    CheckName.DATASET: _dataset,
    CheckName.ENVIRONMENT: _environment,
    CheckName.IMAGE: _image,
}
_OF_EVERYTHING: Final = frozenset({CheckName.COMMIT, CheckName.IMAGE})
