"""What was made from a state of data: the lineage the other way round.

It answers "this data is bad: what runs on it?". So what serves now, and what is on its way, is never cut; of
the rest the newest are shown, and a sentence says how many more there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.urls import reverse

from catalog.models import ArtifactKind, ArtifactVersion, Environment, User
from deployments.lineage.reports import reports_of
from deployments.lineage.states import (
    State,
    records_with,
    reports_with,
    spellings,
    spelt,
    states_of,
)
from deployments.running import what_runs
from models_registry.models import ModelVersion
from releases.comparing.champion import champions_in
from releases.comparing.known import Known, known_of
from releases.models import ChangeRequest, Evidence, ReleaseItem
from releases.parsers.pins import ALGORITHMS, NONE, STRONG, WEAK, algorithm_of
from releases.rows import address_of
from releases.states import FINAL, ChangeRequestState

FOR_A_PAGE: Final = 50
FOR_THE_API: Final = 500
_MOST_NAMES: Final = 5
_ENDED_BADLY: Final = (ChangeRequestState.FAILED, ChangeRequestState.ERRORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A version that was made from it.

    Attributes:
        through: by which data sets, and who says so, in words.
        only_in: ids of the releases of which a report says so; empty where it is said of the version.
    """

    pk: int
    project: str
    name: str
    url: str
    through: Sequence[str]
    only_in: frozenset[int]

    def is_in(self, release: int) -> bool:
        """Return whether what a release brings of it was made from the data."""
        return not self.only_in or release in self.only_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """One that serves in an environment now."""

    use: Use
    environment: str
    environment_url: str
    release: str
    label: str
    url: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A change request that would bring some of them somewhere, or did perhaps: nobody can tell."""

    label: str
    url: str
    state: str
    project: str
    environment: str
    release: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """The answer.

    Attributes:
        names: what the data is called.
        states: what was asked for, and what was prepared from it.
        versions: everything that is shown, what serves or comes among it.
    """

    digest: str
    names: Sequence[str]
    states: Sequence[State]
    serving: Sequence[Serving]
    coming: Sequence[Coming]
    versions: Sequence[Use]
    remarks: Sequence[str]

    @property
    def prepared(self) -> list[State]:
        """The states that pipelines made of it."""
        return [each for each in self.states if each.made_from]


@dataclass(slots=True)
class _Named:
    """Who names one of the states, by id."""

    versions: set[int]
    itself: set[int]
    """Data sets in the catalog: one of the states each."""
    releases: dict[int, set[int]] = field(default_factory=dict)
    """Versions in releases of which a report as a whole names it: version → releases."""

    @property
    def everybody(self) -> set[int]:
        """Every version that may have been made from it."""
        return self.versions | self.itself | self.releases.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What serves in an environment: which version, brought by which change request."""

    environment: Environment
    version: int
    release: int
    name: str
    number: int
    since: datetime | None


def uses_of(digest: str, *, reader: User, most: int) -> Uses:
    """Return what was made from the state with that digest, as far as the reader may see.

    Args:
        most: versions that are shown beside those that serve or are on their way.
    """
    remarks: list[str] = []
    states = states_of(digest, reader=reader, remarks=remarks)
    named = _named(states, reader)
    places = _places(named, reader)
    requests = _requests(named, reader)
    shown = _shown(named, places, requests, most, remarks)
    known = known_of(shown, at=None)
    found = (_use(known[each.pk], states, named) for each in shown)
    uses = {use.pk: use for use in found if use is not None}
    names = _names(known.values(), states[0])
    remarks.extend(_doubts(digest, names, named, reader))
    return Uses(
        digest=digest,
        names=names,
        states=states,
        serving=list(_serving(places, uses)),
        coming=list(_coming(requests, uses)),
        versions=list(uses.values()),
        remarks=[*remarks, *_remarks(states, reader, found_any=bool(uses))],
    )


def _named(states: Sequence[State], reader: User) -> _Named:
    """Read who names one of the states; five queries."""
    digests = spelt(states)
    records = ModelVersion.objects.visible_to(reader).filter(records_with(digests))
    reports = Evidence.objects.visible_to(reader).filter(reports_with(digests))
    itself = ArtifactVersion.objects.visible_to(reader).filter(
        artifact__kind=ArtifactKind.DATASET, digest__in=digests
    )
    said = list(reports.values_list("pk", "artifact_version_id", "release_id"))
    named = _Named(
        versions={pk for pk in records.values_list("artifact_version_id", flat=True) if pk}
        | {version for _, version, _ in said if version},
        itself=set(itself.values_list("pk", flat=True)),
    )
    items = ReleaseItem.objects.filter(
        release__in=_releases_that_say_so(said),
        artifact_version__artifact__kind=ArtifactKind.MODEL,
    )
    for version, release in items.values_list("artifact_version_id", "release_id"):
        named.releases.setdefault(version, set()).add(release)
    return named


def _releases_that_say_so(said: Iterable[tuple[int, int | None, int | None]]) -> list[int]:
    """Return the releases of which a report that still counts names the data, of these reports."""
    meant = {report: release for report, _, release in said if release}
    counting = reports_of(set(meant.values()))
    return [release for release, rows in counting.items() if any(row.pk in meant for row in rows)]


def _places(named: _Named, reader: User) -> list[_Place]:
    """Return where one of them serves; four queries."""
    versions = ArtifactVersion.objects.filter(pk__in=named.everybody)
    artifacts = dict(versions.values_list("artifact_id", "artifact__project_id"))
    visible = Environment.objects.visible_to(reader).filter(project__in=set(artifacts.values()))
    environments = {each.pk: each for each in visible.select_related("project")}
    champions = champions_in(environments, artifacts)
    serving = {
        place: champion
        for (place, _), champion in champions.items()
        if champion.version.pk in named.everybody
    }
    brought = ChangeRequest.objects.filter(number__in={each.number for each in champions.values()})
    release_of = dict(brought.values_list("number", "release_id"))
    return [
        _Place(
            environment=environments[place],
            version=champion.version.pk,
            release=release_of[champion.number],
            name=champion.release,
            number=champion.number,
            since=champion.since,
        )
        for place, champion in serving.items()
    ]


def _requests(named: _Named, reader: User) -> list[ChangeRequest]:
    """Return the change requests that would bring one of them somewhere, the newest first; three queries.

    Also those that did not arrive, where nobody knows whether all that they had changed was put back.
    """
    found = ChangeRequest.objects.visible_to(reader)
    found = found.filter(release__items__artifact_version__in=named.everybody).distinct()
    ended = found.filter(state__in=_ENDED_BADLY)
    places = Environment.objects.filter(pk__in=ended.values("environment"))
    doubted = [doubt.number for _, now in what_runs(places) for doubt in now.doubts]
    found = found.filter(~Q(state__in=FINAL) | Q(number__in=doubted))
    related = found.select_related("project", "environment", "release")
    return list(related.prefetch_related("release__items").order_by("-number"))


def _shown(
    named: _Named,
    places: Iterable[_Place],
    requests: Iterable[ChangeRequest],
    most: int,
    remarks: list[str],
) -> list[ArtifactVersion]:
    """Return what serves or comes, and the newest of the rest; one query."""
    urgent = {each.version for each in places} | named.itself
    urgent |= {item.artifact_version_id for each in requests for item in each.release.items.all()}
    others = sorted(named.everybody - urgent, reverse=True)
    if len(others) > most:
        remarks.append(
            f"Of those that neither serve nor are on their way, the newest {most} of {len(others)} are shown."
        )
    kept = (urgent & named.everybody) | set(others[:most])
    rows = ArtifactVersion.objects.filter(pk__in=kept).select_related("artifact__project")
    return list(rows.order_by("-pk"))


def _use(known: Known, states: Sequence[State], named: _Named) -> Use | None:
    """Return the use; None for a version whose newest reports name none of the states any more."""
    version = known.version
    direct = list(_through(known, states))
    if version.pk in named.itself:
        direct.append("the data itself, in the catalog")
    releases = named.releases.get(version.pk, set())
    if not direct and not releases:
        return None
    page = reverse("releases:artifact-version", args=[version.pk])
    return Use(
        pk=version.pk,
        project=version.artifact.project.slug,
        name=str(version),
        url=reverse("models_registry:version", args=[known.record.pk]) if known.record else page,
        through=list(dict.fromkeys(direct)) or ["named by a report about its release"],
        only_in=frozenset() if direct else frozenset(releases),
    )


def _through(known: Known, states: Sequence[State]) -> Iterator[str]:
    meant = {spelling: state for state in states for spelling in spellings(state.digest)}
    for dataset in known.datasets:
        for pin in dataset.pins:
            state = meant.get(pin.digest)
            if state is not None:
                made = f", prepared from {state.made_from}" if state.made_from else ""
                yield f"{dataset.name}{made} ({pin.said_by})"


def _names(known: Iterable[Known], state: State) -> list[str]:
    meant = spellings(state.digest)
    named = (
        dataset.name
        for each in known
        for dataset in each.datasets
        if any(pin.digest in meant for pin in dataset.pins)
    )
    return sorted(set(named))


def _doubts(digest: str, names: Sequence[str], named: _Named, reader: User) -> Iterator[str]:
    """Yield how many others name the data, but not its state: nobody can say that they are not affected.

    Two of MLflow's own digests are made alike, so that another one is of another state (docs/adr/0026).
    """
    shown = names[:_MOST_NAMES]
    poor = Q()
    for name in shown:
        for strength in (NONE,) if algorithm_of(digest) == "mlflow" else (NONE, WEAK):
            poor |= Q(datasets__contains=[{"name": name, "strength": strength}])
    rows = (
        ModelVersion.objects.visible_to(reader).filter(poor)
        if shown
        else ModelVersion.objects.none()
    )
    count = rows.exclude(artifact_version__in=named.everybody).count()
    if count:
        others = "1 other version names" if count == 1 else f"{count} other versions name"
        yield (
            f"{others} {', '.join(shown)} by a digest that does not identify the content, and may have been "
            "made from this state too."
        )


def _serving(places: Iterable[_Place], uses: dict[int, Use]) -> Iterator[Serving]:
    for place in places:
        use = uses.get(place.version)
        if use is not None and use.is_in(place.release):
            environment = place.environment
            yield Serving(
                use=use,
                environment=environment.name,
                environment_url=reverse(
                    "deployments:environment", args=[environment.project.slug, environment.name]
                ),
                release=place.name,
                label=f"CR-{place.number}",
                url=address_of(place.number),
                since=place.since,
            )


def _coming(requests: Iterable[ChangeRequest], uses: dict[int, Use]) -> Iterator[Coming]:
    for request in requests:
        ids = [item.artifact_version_id for item in request.release.items.all()]
        brought = [uses[pk] for pk in ids if pk in uses and uses[pk].is_in(request.release_id)]
        if brought:
            yield Coming(
                label=request.label,
                url=address_of(request.number),
                state=request.state,
                project=request.project.slug,
                environment=request.environment.name,
                release=request.release.version,
                names=[use.name for use in brought],
            )


def _remarks(states: Sequence[State], reader: User, *, found_any: bool) -> Iterator[str]:
    unfinished = ModelVersion.objects.visible_to(reader).filter(
        records_with(spelt(states)), artifact_version=None
    )
    if count := unfinished.count():
        who = "1 model version" if count == 1 else f"{count} model versions"
        yield f"Named by {who} whose intake is not complete; no release has them yet."
    known = ALGORITHMS[algorithm_of(states[0].digest)]
    if found_any and known.strength != STRONG:
        yield (
            f"The digest is {known.words}, {known.proves}: other content may have the same one, so not "
            "everything here need have been made from this data."
        )
