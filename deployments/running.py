"""What runs where: what the portal last carried out with success, artifact by artifact.

A release that does not contain an artifact leaves its workload alone, so an environment runs the newest
version of each artifact that was put there, which may come from several releases.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import F, QuerySet

from catalog.models import ArtifactKind, Environment
from catalog.statement import rows_of
from deployments.models import DeploymentState
from releases.comparing.champion import Champion, Champions
from releases.models import ReleaseItem

LOOK_BACK: Final = 20
"""Deployments per environment that are looked at; an artifact last shipped before that is not shown.

Since the oldest of them as many are looked at that failed or errored so that nobody can tell what runs.
"""

_LATELY: Final = f"""
SELECT d.id, d.environment_id, d.finished_at, d.change_request_id, r.version, r.id,
    EXISTS (
        SELECT FROM deployments_deploymentstep s
        WHERE s.deployment_id = d.id AND s.verb = 'verify' AND s.state = 'done'
    ),
    EXISTS (
        SELECT FROM deployments_deploymentstep s
        WHERE s.deployment_id = d.id AND s.verb = 'verify' AND s.state = 'done'
          AND s.record -> 'artifacts' ? a.name
    ),
    a.kind <> 'image' AND EXISTS (
        SELECT FROM deployments_deploymentstep s
        WHERE s.deployment_id = d.id AND s.verb = 'verify' AND s.record ? 'artifacts'
    ) AND NOT EXISTS (
        SELECT FROM deployments_deploymentstep s
        WHERE s.deployment_id = d.id AND s.verb = 'verify' AND s.record -> 'artifacts' ? a.name
    ),
    a.name, a.kind, v.version, v.id, v.digest, d.state = 'succeeded'
FROM unnest(%(environments)s::bigint[]) AS place (id)
CROSS JOIN LATERAL (
    WITH done AS (
        SELECT * FROM deployments_deployment
        WHERE environment_id = place.id AND state = 'succeeded'
          AND (%(before)s::bigint IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT {LOOK_BACK}
    )
    SELECT * FROM done
    UNION ALL
    (
        SELECT * FROM deployments_deployment bad
        WHERE bad.environment_id = place.id AND bad.state IN ('failed', 'errored')
          AND bad.id > coalesce((SELECT min(id) FROM done), 0)
          AND (%(before)s::bigint IS NULL OR bad.id < %(before)s)
          AND EXISTS (
            SELECT FROM deployments_deploymentstep s
            WHERE s.deployment_id = bad.id AND CASE bad.state
                WHEN 'errored' THEN s.verb <> 'plan' AND s.state IN ('done', 'failed')
                -- Skipped when the cluster could not even be asked.
                ELSE s.verb = 'put_back' AND s.state IN ('failed', 'skipped')
            END
          )
        ORDER BY bad.id DESC LIMIT {LOOK_BACK}
    )
) d
JOIN releases_changerequest cr ON cr.number = d.change_request_id
JOIN releases_release r ON r.id = cr.release_id
LEFT JOIN releases_releaseitem i ON i.release_id = r.id
LEFT JOIN catalog_artifactversion v ON v.id = i.artifact_version_id
LEFT JOIN catalog_artifact a ON a.id = v.artifact_id
ORDER BY d.environment_id, d.id DESC, a.name
"""  # noqa: S608 -- composed of constants


class _Item(NamedTuple):
    """One item of one of the last deployments; a release without items has one without an artifact."""

    deployment: int
    environment: int
    finished_at: datetime
    number: int
    release: str
    release_id: int
    was_verified: bool
    was_compared: bool
    """Whether the artifact's own workload was; older steps do not say whose it was."""
    was_left_alone: bool
    """Whether the cluster's target had no workload for it, so that nothing was done about it."""
    artifact: str | None
    kind: str
    version: str
    version_id: int
    digest: str
    arrived: bool
    """Whether the deployment succeeded; else it left nobody knows what there."""

    @property
    def is_carried(self) -> bool:
        """Whether the deployment put the artifact somewhere."""
        return self.kind == ArtifactKind.IMAGE or self.was_compared

    @property
    def is_certain(self) -> bool:
        """Whether the deployment put the artifact there for certain.

        Without workloads of ours there is nothing to compare: somebody's word, or an outside executor's, is
        given for everything in the release.
        """
        return self.arrived and (self.is_carried or not self.was_verified)


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
    """Whether what runs was compared: an image by its digest, a model by its address and digest; and nothing
    has happened since after which nobody can tell."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A change request that did not arrive and could not be put back, or whose end nobody saw."""

    number: int
    artifacts: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What that means, for people."""
        return (
            f"CR-{self.number} did not arrive, and nobody knows whether all that it had changed was put "
            f"back: {', '.join(self.artifacts)}. The next change request that puts it there makes it certain."
        )


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
    doubts: tuple[Doubt, ...] = ()
    """Newest first; only about artifacts that nothing has put there for certain since."""

    @property
    def by_artifact(self) -> dict[str, Running]:
        """What runs, by the artifact's name."""
        return {each.artifact: each for each in self.runs}


NOTHING: Final = Now()


def what_runs(environments: "QuerySet[Environment]") -> list[tuple[Environment, Now]]:
    """Return the environments with what runs in each; two queries for any number of them."""
    listed = list(environments)
    now = _read([environment.pk for environment in listed])
    return [(environment, now.get(environment.pk, NOTHING)) for environment in listed]


def runs_in(environment_id: int, *, before: int | None = None) -> Now:
    """Return what runs in one environment, or ran before that deployment; one query."""
    return _read([environment_id], before).get(environment_id, NOTHING)


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


def _read(environments: Sequence[int], before: int | None = None) -> dict[int, Now]:
    rows = rows_of(_LATELY, {"environments": list(environments), "before": before})
    by_environment: dict[int, list[_Item]] = defaultdict(list)
    for item in map(_Item._make, rows):
        by_environment[item.environment].append(item)
    return {environment: _now(items) for environment, items in by_environment.items()}


def _now(items: Sequence[_Item]) -> Now:
    doubts = _doubts(items)
    arrived = [item for item in items if item.arrived]
    if not arrived:
        return Now(doubts=doubts)
    newest = arrived[0]
    return Now(
        release=newest.release,
        release_id=newest.release_id,
        number=newest.number,
        since=newest.finished_at,
        verified=newest.was_verified and not doubts,
        runs=tuple(sorted(_newest_of_each(arrived, doubts), key=lambda each: each.artifact)),
        doubts=doubts,
    )


def _doubts(items: Sequence[_Item]) -> tuple[Doubt, ...]:
    """Return what nobody knows: per artifact, unless something newer put it there for certain."""
    seen: set[str] = set()
    doubted: dict[int, list[str]] = {}
    for item in items:
        if item.artifact is None or item.artifact in seen:
            continue
        if item.arrived:
            if item.is_certain:
                seen.add(item.artifact)
        elif not item.was_left_alone:
            doubted.setdefault(item.number, []).append(item.artifact)
            seen.add(item.artifact)
    return tuple(Doubt(number=number, artifacts=tuple(each)) for number, each in doubted.items())


def _newest_of_each(items: Sequence[_Item], doubts: Sequence[Doubt]) -> Iterator[Running]:
    seen: set[str] = set()
    doubted = {artifact for doubt in doubts for artifact in doubt.artifacts}
    for item in items:
        left_alone = item.deployment != items[0].deployment and not item.is_carried
        if item.artifact is None or item.artifact in seen or left_alone:
            continue
        seen.add(item.artifact)
        yield Running(
            artifact=item.artifact,
            kind=item.kind,
            version=item.version,
            version_id=item.version_id,
            digest=item.digest,
            release=item.release,
            number=item.number,
            verified=item.was_verified and item.is_carried and item.artifact not in doubted,
        )
