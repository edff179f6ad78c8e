"""What a lineage is made of, read in a constant number of queries and never more than the bounds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.urls import reverse

from catalog.models import ArtifactKind, ArtifactVersion, Environment
from deployments.lineage.graph import Carried, Facts, Graph, Made, Released, Run, Stage, graph_of
from deployments.lineage.reports import reports_of
from deployments.lineage.states import address_of_data
from deployments.models import Deployment, DeploymentState
from deployments.running import runs_in
from models_registry.models import ModelVersion
from releases.comparing.champion import champions_in
from releases.comparing.datasets import datasets_of
from releases.comparing.known import Known, known_of
from releases.models import Evidence, Release
from releases.rows import address_of


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of each is shown at most."""

    datasets: int
    releases: int
    versions: int
    deployments: int


FOR_A_PAGE: Final = Bounds(datasets=14, releases=8, versions=10, deployments=12)
FOR_THE_API: Final = Bounds(datasets=500, releases=100, versions=300, deployments=300)
_SHORT: Final = 10


def lineage_of(version: ArtifactVersion, *, bounds: Bounds) -> Graph:
    """Return the lineage of a version; ten queries. It needs artifact and project."""
    environments = list(Environment.objects.filter(project=version.artifact.project))
    champions = champions_in([each.pk for each in environments], [version.artifact_id])
    serving = {each.number for each in champions.values() if each.version.pk == version.pk}
    remarks: list[str] = []
    releases = _releases(
        Release.objects.filter(items__artifact_version=version), serving, bounds, remarks
    )
    versions = _in_releases([version], releases, bounds, remarks)
    made = _made(versions, {version.pk}, bounds, remarks)
    released = _released(releases, bounds, remarks)
    here = Deployment.objects.filter(environment__in=environments)
    return graph_of(
        Facts(
            versions=made,
            releases=released,
            deployments=_carried(here, releases, serving, bounds, remarks),
            addresses=_addresses([*made, *released]),
            remarks=remarks,
        )
    )


def lineage_of_record(record: ModelVersion, *, bounds: Bounds) -> Graph:
    """Return the lineage of a model version. It needs model, artifact, registry and project.

    Before its digest is known it is in no release: only where it comes from.
    """
    version = record.artifact_version
    if version is None:
        return _unfinished(record, bounds)
    version.artifact = record.model.artifact
    version.artifact.project = record.model.registry.project
    return lineage_of(version, bounds=bounds)


def _unfinished(record: ModelVersion, bounds: Bounds) -> Graph:
    remarks: list[str] = []
    made = Made(
        id=f"model-version:{record.pk}",
        name=str(record),
        kind=ArtifactKind.MODEL,
        digest="",
        url=_model_page(record),
        pk=None,
        is_subject=True,
        datasets=_bounded(datasets_of(record, ()), bounds, str(record), remarks),
        run=_run(record),
    )
    remarks.append("Its digest is not known yet, so it cannot be in a release.")
    return graph_of(Facts(versions=[made], addresses=_addresses([made]), remarks=remarks))


def lineage_of_environment(environment: Environment, *, bounds: Bounds) -> Graph:
    """Return what is behind everything that runs in an environment; ten queries."""
    now = runs_in(environment.pk)
    remarks: list[str] = []
    shown = now.runs[: bounds.versions]
    if len(shown) < len(now.runs):
        remarks.append(f"{len(shown)} of the {len(now.runs)} artifacts that run there are shown.")
    ids = {each.version_id for each in shown}
    serving = {each.number for each in shown}
    versions = list(ArtifactVersion.objects.filter(pk__in=ids).select_related("artifact__project"))
    found = Release.objects.filter(change_requests__number__in=serving)
    releases = _releases(found, serving, bounds, remarks)
    made = _made(sorted(versions, key=_model_first), ids, bounds, remarks)
    released = _released(releases, bounds, remarks)
    here = Deployment.objects.filter(environment=environment, change_request__in=serving)
    if not now.runs:
        remarks.append(f"Nothing runs in {environment.name} yet.")
    return graph_of(
        Facts(
            versions=made,
            releases=released,
            deployments=_carried(here, releases, serving, bounds, remarks),
            addresses=_addresses([*made, *released]),
            remarks=remarks,
        )
    )


def _model_first(version: ArtifactVersion) -> tuple[bool, str]:
    return version.artifact.kind != ArtifactKind.MODEL, version.artifact.name


# ── releases and where they are ────────────────────────────────────────────────────────────────


def _releases(
    found: "QuerySet[Release]", serving: Iterable[int], bounds: Bounds, remarks: list[str]
) -> list[Release]:
    """Return what serves first, then the newest."""
    serves = Case(
        When(change_requests__number__in=list(serving), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    ids = found.annotate(serves=serves).order_by("serves", "-pk").values_list("pk", "serves")
    kept = list(dict.fromkeys(pk for pk, _ in ids.distinct()[: 2 * bounds.releases + 2]))
    if len(kept) > bounds.releases:
        kept = kept[: bounds.releases]
        remarks.append(
            f"It is in more releases than the {bounds.releases} that are shown: those that serve, then "
            "the newest."
        )
    rows = Release.objects.filter(pk__in=kept).select_related("project")
    return sorted(rows.prefetch_related("items"), key=lambda release: -release.pk)


def _released(releases: Sequence[Release], bounds: Bounds, remarks: list[str]) -> list[Released]:
    """Return the releases with the data that their own newest reports name; one query."""
    reports = reports_of([each.pk for each in releases])
    return [
        Released(
            pk=release.pk,
            name=release.version,
            detail=_counted(len(release.items.all()), "item"),
            url=reverse("releases:release", args=[release.project.slug, release.version]),
            sealed_at=release.sealed_at,
            items=frozenset(item.artifact_version_id for item in release.items.all()),
            datasets=_bounded(
                datasets_of(None, reports[release.pk]), bounds, str(release), remarks
            ),
            stages=list(_stages(reports[release.pk])),
        )
        for release in releases
    ]


def _carried(
    here: "QuerySet[Deployment]",
    releases: Sequence[Release],
    serving: set[int],
    bounds: Bounds,
    remarks: list[str],
) -> list[Carried]:
    """Return one attempt per release and environment: the newest that succeeded, else the newest."""
    succeeded = Case(
        When(change_request__in=serving, state=DeploymentState.SUCCEEDED, then=Value(0)),
        When(state=DeploymentState.SUCCEEDED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    release, environment = "change_request__release_id", "environment_id"
    rows = list(
        here.filter(change_request__release__in=[each.pk for each in releases])
        .annotate(succeeded=succeeded)
        .order_by(release, environment, "succeeded", "-pk")
        .distinct(release, environment)
        .select_related("change_request", "environment")
    )
    rows.sort(key=lambda row: (row.environment.position, -row.pk))
    if len(rows) > bounds.deployments:
        remarks.append(f"{bounds.deployments} of {len(rows)} deployments are shown.")
    return [_one(row, serving) for row in rows[: bounds.deployments]]


def _one(row: Deployment, serving: set[int]) -> Carried:
    state = str(row.state)
    if row.state == DeploymentState.SUCCEEDED:
        state = "serving" if row.change_request_id in serving else "replaced"
    return Carried(
        pk=row.pk,
        release=row.change_request.release_id,
        environment=row.environment.name,
        detail=row.change_request.label,
        state=state,
        at=row.finished_at or row.started_at,
        url=address_of(row.change_request_id),
    )


# ── versions and where they come from ──────────────────────────────────────────────────────────


def _in_releases(
    subjects: Sequence[ArtifactVersion],
    releases: Sequence[Release],
    bounds: Bounds,
    remarks: list[str],
) -> list[ArtifactVersion]:
    """Return the subjects and what stands beside them in the releases, newest first; one query."""
    ids = {each.pk for each in subjects}
    beside = (
        ArtifactVersion.objects.filter(release_items__release__in=[each.pk for each in releases])
        .exclude(pk__in=ids)
        .distinct()
        .select_related("artifact__project")
        .order_by("-pk")
    )
    room = bounds.versions - len(subjects)
    rows = list(beside[: room + 1])
    if len(rows) > room:
        remarks.append(f"{room} of the versions that stand beside it in releases are shown.")
    return [*subjects, *rows[:room]]


def _made(
    versions: Sequence[ArtifactVersion], subjects: set[int], bounds: Bounds, remarks: list[str]
) -> list[Made]:
    """Return the versions; where they come from only of the subjects. Two queries."""
    known = known_of([each for each in versions if each.pk in subjects], at=None)
    return [_version(each, known.get(each.pk), bounds, remarks) for each in versions]


def _version(
    version: ArtifactVersion, known: Known | None, bounds: Bounds, remarks: list[str]
) -> Made:
    record = known.record if known else None
    datasets = known.datasets if known else ()
    return Made(
        id=f"version:{version.pk}",
        name=str(version),
        kind=version.artifact.kind,
        digest=version.digest,
        url=(
            _model_page(record)
            if record
            else reverse("releases:artifact-version", args=[version.pk])
        ),
        pk=version.pk,
        is_subject=known is not None,
        datasets=_bounded(datasets, bounds, str(version), remarks),
        stages=list(_stages(known.data)) if known else (),
        run=_run(record) if record else None,
    )


def _bounded(
    datasets: Sequence[Any], bounds: Bounds, name: str, remarks: list[str]
) -> Sequence[Any]:
    if len(datasets) > bounds.datasets:
        remarks.append(f"{bounds.datasets} of {len(datasets)} data sets of {name} are shown.")
    return datasets[: bounds.datasets]


def _stages(reports: Sequence[Evidence]) -> Iterator[Stage]:
    for report in reports:
        for each in report.facts.get("stages", ()):
            yield Stage(reads=frozenset(each["reads"]), makes=frozenset(each["makes"]))


def _run(record: ModelVersion) -> Run | None:
    if not record.run_id:
        return None
    commit = f"commit {record.git_commit[:_SHORT]}" if record.git_commit else "commit not known"
    return Run(
        id=f"run:{record.model.registry_id}:{record.run_id}",
        name=record.run_name or record.run_id[:_SHORT],
        detail=f"{commit}, with changes of its own" if record.git_dirty else commit,
        url=f"{_model_page(record)}#origin-title",
    )


def _model_page(record: ModelVersion) -> str:
    return reverse("models_registry:version", args=[record.pk])


def _addresses(named: Sequence[Made | Released]) -> Mapping[str, str]:
    """Return for each digest the page that says what else was made from it."""
    digests = {each.best.digest for one in named for each in one.datasets}
    return {digest: address_of_data(digest) for digest in digests if digest}


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
