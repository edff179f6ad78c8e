"""What runs where: what the portal last carried out with success, artifact by artifact.

A release that does not contain an artifact leaves its workload alone, so an environment runs the newest
version of each artifact that was put there, which may come from several releases.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet

from catalog.models import ArtifactKind, Environment
from deployments.models import Deployment, DeploymentState, DeploymentStep, StepState, StepVerb
from releases.comparing.champion import Champion, Champions
from releases.models import ReleaseItem

LOOK_BACK: Final = 20
"""Deployments per environment that are looked at; an artifact last shipped before that is not shown."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """One artifact version that runs in an environment."""

    artifact: str
    kind: str
    version: str
    version_id: int
    digest: str
    release: str
    number: int
    verified: bool
    """Whether what runs was compared: an image by its digest, a model by its address and digest."""


@dataclass(frozen=True, kw_only=True)
class Now:
    """What an environment runs. ``release`` is the one that was put there last."""

    release: str = ""
    release_id: int | None = None
    number: int | None = None
    since: datetime | None = None
    verified: bool = False
    """Whether the digests of the running pods were compared when it was carried out."""
    runs: tuple[Running, ...] = ()

    @property
    def by_artifact(self) -> dict[str, Running]:
        """What runs, by the artifact's name."""
        return {each.artifact: each for each in self.runs}


NOTHING: Final = Now()


def what_runs(environments: "QuerySet[Environment]") -> list[tuple[Environment, Now]]:
    """Return the environments with what runs in each; two queries for any number of them."""
    newest = ArraySubquery(
        _succeeded().filter(environment=OuterRef("pk")).order_by("-id").values("pk")[:LOOK_BACK]
    )
    listed = list(environments.annotate(newest_successes=newest))
    ids = [pk for environment in listed for pk in environment.newest_successes]
    now = _read(Deployment.objects.filter(pk__in=ids)) if ids else {}
    return [(environment, now.get(environment.pk, NOTHING)) for environment in listed]


def runs_in(environment_id: int, *, before: int | None = None) -> Now:
    """Return what runs in one environment, or ran before that deployment; one query."""
    found = _succeeded().filter(environment_id=environment_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    ids = found.order_by("-id").values("pk")[:LOOK_BACK]
    return _read(Deployment.objects.filter(pk__in=ids)).get(environment_id, NOTHING)


def champions_in(
    environments: Collection[int], artifacts: Collection[int], *, before: int | None = None
) -> Champions:
    """Return the version of each artifact that was put on each environment last (settings.CHAMPIONS).

    However long ago that was, and whatever else was put there since: what serves goes on serving.
    """
    deployment = "release__change_requests__deployments"
    asked: dict[str, Any] = {
        f"{deployment}__environment__in": environments,
        f"{deployment}__state": DeploymentState.SUCCEEDED,
        "artifact_version__artifact__in": artifacts,
    }
    if before is not None:
        asked[f"{deployment}__lt"] = before
    rows = (
        ReleaseItem.objects.filter(**asked)
        .annotate(
            environment=F(f"{deployment}__environment"),
            artifact=F("artifact_version__artifact"),
            carried_out=F(deployment),
            since=F(f"{deployment}__finished_at"),
            number=F(f"{deployment}__change_request"),
        )
        .select_related("artifact_version__artifact", "release")
        .order_by("environment", "artifact", "-carried_out")
        .distinct("environment", "artifact")
    )
    return {
        (row.environment, row.artifact): Champion(
            version=row.artifact_version,
            release=row.release.version,
            number=row.number,
            since=row.since,
        )
        for row in rows
    }


def _succeeded() -> "QuerySet[Deployment]":
    return Deployment.objects.filter(state=DeploymentState.SUCCEEDED)


def _read(deployments: "QuerySet[Deployment]") -> dict[int, Now]:
    item = "change_request__release__items__artifact_version"
    verified = DeploymentStep.objects.filter(
        deployment=OuterRef("pk"), verb=StepVerb.VERIFY, state=StepState.DONE
    )
    rows = (
        deployments.annotate(
            was_verified=Exists(verified),
            compared=ArraySubquery(
                verified.filter(record__has_key="artifacts").values("record__artifacts")
            ),
        )
        .order_by("environment_id", "-id", f"{item}__artifact__name")
        .values(
            "pk", "environment_id", "finished_at", "was_verified", "compared",
            number=F("change_request_id"),
            release=F("change_request__release__version"),
            release_key=F("change_request__release_id"),
            artifact=F(f"{item}__artifact__name"),
            kind=F(f"{item}__artifact__kind"),
            version=F(f"{item}__version"),
            version_id=F(f"{item}__id"),
            digest=F(f"{item}__digest"),
        )
    )  # fmt: skip
    by_environment: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_environment[row["environment_id"]].append(dict(row))
    return {environment: _now(found) for environment, found in by_environment.items()}


def _now(rows: Sequence[dict[str, Any]]) -> Now:
    newest = rows[0]
    return Now(
        release=newest["release"],
        release_id=newest["release_key"],
        number=newest["number"],
        since=newest["finished_at"],
        verified=newest["was_verified"],
        runs=tuple(sorted(_newest_of_each(rows), key=lambda each: each.artifact)),
    )


def _newest_of_each(rows: Sequence[dict[str, Any]]) -> Iterator[Running]:
    seen: set[str] = set()
    for row in rows:
        is_carried = row["kind"] == ArtifactKind.IMAGE or _is_compared(row)
        left_alone = row["pk"] != rows[0]["pk"] and not is_carried
        if row["artifact"] in seen or row["artifact"] is None or left_alone:
            continue
        seen.add(row["artifact"])
        yield Running(
            artifact=row["artifact"],
            kind=row["kind"],
            version=row["version"],
            version_id=row["version_id"],
            digest=row["digest"],
            release=row["release"],
            number=row["number"],
            verified=row["was_verified"] and is_carried,
        )


def _is_compared(row: dict[str, Any]) -> bool:
    """Return whether the artifact's own workload was compared; older steps do not say whose it was."""
    return any(row["artifact"] in artifacts for artifacts in row["compared"])
