"""What is known of artifact versions: how they were trained, and everything that measured them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from catalog.models import ArtifactKind, ArtifactVersion
from models_registry.models import DigestBasis, ModelVersion
from releases.comparing.datasets import Dataset, datasets_of
from releases.gates.measures import Measure, Measures, number_of
from releases.gates.reproducible import IMAGE_TAGS, Provenance
from releases.models import DATA_KINDS, Evidence
from releases.outcomes import EvidenceOutcome

METRICS: Final = "metrics report"
FAIRNESS: Final = "fairness report"
MLFLOW: Final = "MLflow run"
_KINDS: Final = ("metrics", "fairness", *DATA_KINDS)


@dataclass(frozen=True)
class Known:
    """One version. Reports that have run out, and those that say nothing, are left out."""

    version: ArtifactVersion
    record: ModelVersion | None = None
    metrics: Evidence | None = None
    fairness: Evidence | None = None
    data: Sequence[Evidence] = ()
    """Reports about the data it was made from: a dvc.lock, a report about data sets."""

    @cached_property
    def measures(self) -> Measures:
        """What somebody measured: the metrics report is believed first, then fairness, then MLflow."""
        return Measures.of([*self._reported(), *self._by_slice(), *self._logged()])

    @property
    def reports(self) -> list[Evidence]:
        """The reports that count."""
        return [each for each in (self.metrics, self.fairness) if each is not None]

    @property
    def inputs(self) -> list[str]:
        """Digests of everything that was read: part of what people sign."""
        read = [f"sha256:{each.sha256}" for each in self.reports]
        return [*read, self.record.snapshot_digest] if self.record else read

    @property
    def origins(self) -> list[str]:
        """Digests of what the provenance was read from: what people sign of a checklist."""
        return [*self.inputs, *(f"sha256:{each.sha256}" for each in self.data)]

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The data it was made from, as far as anybody says."""
        return datasets_of(self.record, self.data)

    @property
    def provenance(self) -> Provenance:
        """How it came to be, as far as anybody says."""
        record = self.record
        if record is None:
            is_image = self.version.artifact.kind == ArtifactKind.IMAGE
            image = f"{self.version.uri}@{self.version.digest}" if is_image else ""
            return Provenance(has_record=False, commit=self.version.commit, image=image)
        tags: Mapping[str, str] = record.run_tags
        files = [each["path"] for each in record.files]
        return Provenance(
            has_record=True,
            commit=record.git_commit,
            is_dirty=record.git_dirty,
            parameters=len(record.parameters),
            datasets=[
                {"name": each.name, "strength": each.best.strength} for each in self.datasets
            ],
            files=files if record.digest_basis == DigestBasis.FILES else None,
            image=next((tags[name] for name in IMAGE_TAGS if tags.get(name)), ""),
        )

    def _reported(self) -> Iterator[Measure]:
        if self.metrics is None:
            return
        dataset = self.metrics.facts.get("dataset", "")
        said = dataset if isinstance(dataset, str) else ""
        for name, value in _numbers(self.metrics.facts):
            yield Measure(name, "", number_of(value), METRICS, dataset=said)

    def _by_slice(self) -> Iterator[Measure]:
        if self.fairness is None:
            return
        facts: Mapping[str, Any] = self.fairness.facts
        dataset = facts["dataset"].get("digest") or facts["dataset"].get("name", "")
        for each in facts["slices"]:
            where = f"{each['attribute']}={each['value']}"
            for name, value in each["metrics"].items():
                yield Measure(name, where, number_of(value), FAIRNESS, n=each["n"], dataset=dataset)

    def _logged(self) -> Iterator[Measure]:
        for each in self.record.metrics if self.record else ():
            # MLflow has no slices; the name says it: auc__region=north.
            name, _, where = str(each["key"]).partition("__")
            is_slice = bool(name) and "=" in where
            value = each["value"]
            yield Measure(
                name if is_slice else str(each["key"]),
                where if is_slice else "",
                None if value is None else number_of(value),
                f"{MLFLOW} {each['run'][:8]}" if each.get("run") else MLFLOW,
                said=each.get("said", ""),
                dataset=each.get("dataset_digest") or each.get("dataset", ""),
            )


def known_of(versions: Sequence[ArtifactVersion], *, at: datetime | None) -> dict[int, Known]:
    """Return what is known of the versions, by id; two queries for any number. They need their artifacts.

    Args:
        at: when reports must not have run out; None: what a version was made from does not run out.
    """
    ids = {version.pk for version in versions}
    records = ModelVersion.objects.filter(artifact_version__in=ids).select_related("model")
    by_version = {each.artifact_version_id: each for each in records}
    rows = Evidence.objects.filter(artifact_version__in=ids, kind__in=_KINDS).order_by(
        "artifact_version_id", "kind", "-id"
    )
    newest = {
        (row.artifact_version_id, row.kind): row
        for row in rows.distinct("artifact_version_id", "kind")
        if _counts(row, at)
    }
    return {
        version.pk: Known(
            version=version,
            record=by_version.get(version.pk),
            metrics=newest.get((version.pk, "metrics")),
            fairness=newest.get((version.pk, "fairness")),
            data=[newest[version.pk, kind] for kind in DATA_KINDS if (version.pk, kind) in newest],
        )
        for version in versions
    }


def _counts(row: Evidence, at: datetime | None) -> bool:
    """The newest report counts or none does: an older one does not come back when it runs out."""
    return says_something(row) and (at is None or row.valid_until is None or row.valid_until > at)


def says_something(row: Evidence) -> bool:
    """Return whether a report got to an answer, good or bad."""
    return row.outcome not in {EvidenceOutcome.ERROR, EvidenceOutcome.INCONCLUSIVE}


def _numbers(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{name}", value
