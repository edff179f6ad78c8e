"""The comparison on pages: against which environment, and the parts that a page draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from catalog.models import ArtifactKind, ArtifactVersion, Environment
from releases.comparing.champion import Champion, champions_in
from releases.comparing.comparison import Comparison, compare
from releases.comparing.drawn import Panel, panel_of
from releases.comparing.known import known_of
from releases.evaluation import policy_in_force
from releases.policy_document import Policy


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An environment whose champion one may choose."""

    name: str
    is_current: bool
    serves: str


@dataclass(frozen=True, kw_only=True)
class Against:
    """A comparison against one environment, and the other environments."""

    environment: Environment
    comparison: Comparison
    panel: Panel
    choices: list[Choice]
    url: str
    """The page on which one chooses."""


def compared_in(version: ArtifactVersion, asked: str = "") -> Against | None:
    """Return the comparison with what serves in an environment; None in a project without one.

    Args:
        version: with artifact and project.
        asked: the environment's name; else the last of the path where another version serves, else the
            last of the path.
    """
    path = list(version.artifact.project.environments.order_by("position"))
    if not path:
        return None
    found = champions_in([each.pk for each in path], [version.artifact_id])
    champions = {environment: champion for (environment, _), champion in found.items()}
    environment = _chosen(path, champions, version, asked)
    comparison = comparison_of(version, champions.get(environment.pk), policy_of(environment.pk))
    return Against(
        environment=environment,
        comparison=comparison,
        panel=panel_of(comparison, environment.name),
        url=reverse("releases:artifact-version", args=[version.pk]),
        choices=[
            Choice(
                name=each.name,
                is_current=each.pk == environment.pk,
                serves=champions[each.pk].version.version if each.pk in champions else "",
            )
            for each in path
        ],
    )


def comparison_of(
    version: ArtifactVersion, serving: Champion | None, policy: Policy | None
) -> Comparison:
    """Return the comparison with that champion; two queries. ``version`` needs its artifact."""
    versions = [version, serving.version] if serving else [version]
    known = known_of(versions, at=timezone.now())
    theirs = known[serving.version.pk] if serving else None
    return compare(known[version.pk], theirs, serving, policy)


def policy_of(environment_id: int) -> Policy | None:
    """Return what is in force there: it knows which direction of a metric is better."""
    version = policy_in_force(environment_id)
    return Policy.from_document(version.document) if version else None


def is_compared(version: ArtifactVersion) -> bool:
    """Whether a comparison makes sense: other artifacts have no metrics of their own."""
    return version.artifact.kind == ArtifactKind.MODEL


def _chosen(
    path: Sequence[Environment],
    champions: dict[int, Champion],
    version: ArtifactVersion,
    asked: str,
) -> Environment:
    named = next((each for each in path if each.name == asked), None)
    if named is not None:
        return named
    others = [
        each
        for each in path
        if each.pk in champions and champions[each.pk].version.digest != version.digest
    ]
    return others[-1] if others else path[-1]
