"""What ran in an environment at a moment, artifact by artifact."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.models import Event
from catalog.audit_events import CatalogEvent
from catalog.models import ArtifactKind, Environment
from deployments.audit_events import DeploymentEvent
from deployments.running import LOOK_BACK
from portal.moment.history import History, data_of, object_id
from releases.audit_events import ReleaseEvent
from releases.models import ChangeRequest, ReleaseItem


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One artifact version that ran.

    Attributes:
        item: of the release that brought it.
        release: that release's version.
        number: of the change request that put it there.
        put_there: the entry that says so.
        verified: the entry that says that its digest was compared with what ran, if any does.
        registered: the entry of its registration.
    """

    item: ReleaseItem
    release: str
    number: int
    put_there: Event
    verified: Event | None
    registered: Event | None

    @property
    def version(self) -> Any:
        """The artifact version."""
        return self.item.artifact_version


@dataclass
class Running:
    """What ran.

    Attributes:
        newest: the change request that was carried out last; None when none was.
        since: the entry of its end.
        until: the entry of the next one's end, if there was one since.
        runs: what ran, by the artifact's name.
        sealed: the entry of the release's sealing.
        problems: sentences: where the tables do not say what the entries say.
    """

    newest: ChangeRequest | None = None
    since: Event | None = None
    until: Event | None = None
    sealed: Event | None = None
    runs: list[Ran] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def what_ran(environment: Environment, history: History) -> Running:
    """Return what the entries say; as many queries for any history."""
    here = {"project": history.project, "facts__data__environment": environment.name}
    ended = history.events(ReleaseEvent.DEPLOYED).filter(**here).order_by("-pk")[:LOOK_BACK]
    put = {object_id(event): event for event in history.sound(reversed(list(ended)))}
    later = history.later(ReleaseEvent.DEPLOYED).filter(**here).order_by("pk").first()
    if not put:
        return Running(until=history.keep(later))
    requests = _requests(put)
    number, since = max(put.items(), key=lambda each: each[1].pk)
    found = Running(
        newest=requests.get(number), since=history.kept(since), until=history.keep(later)
    )
    order = sorted(put, key=lambda each: put[each].pk, reverse=True)
    brought = list(_newest_of_each([requests[each] for each in order if each in requests]))
    _add_proofs(found, brought, put, history)
    return found


def _requests(put: Mapping[int, Event]) -> dict[int, ChangeRequest]:
    rows = ChangeRequest.objects.filter(pk__in=put).select_related("release", "requested_by")
    return rows.prefetch_related("release__items__artifact_version__artifact").in_bulk()


def _newest_of_each(
    requests: Sequence[ChangeRequest],
) -> Iterator[tuple[ChangeRequest, ReleaseItem]]:
    """Yield what each artifact was last brought by; of older releases only containers stay."""
    seen: set[int] = set()
    for position, request in enumerate(requests):
        for item in request.release.items.all():
            artifact = item.artifact_version.artifact
            left_alone = position > 0 and artifact.kind != ArtifactKind.IMAGE
            if artifact.pk not in seen and not left_alone:
                seen.add(artifact.pk)
                yield request, item


def _add_proofs(
    found: Running,
    brought: Sequence[tuple[ChangeRequest, ReleaseItem]],
    put: Mapping[int, Event],
    history: History,
) -> None:
    involved = {request.pk: request for request, _ in brought}
    proofs = _proofs(involved, [item for _, item in brought], history)
    for request in involved.values():
        sealed = proofs.get((ReleaseEvent.SEALED, request.release.audit_stream))
        found.problems += _differences(request, put[request.pk], sealed)
        if request == found.newest:
            found.sealed = history.keep(sealed)
    for request, item in sorted(brought, key=lambda each: each[1].artifact_version.artifact.name):
        version = item.artifact_version
        verified = proofs.get(
            (DeploymentEvent.VERIFIED, f"{request.audit_stream} {version.digest}")
        )
        found.runs.append(
            Ran(
                item=item,
                release=request.release.version,
                number=request.pk,
                put_there=history.kept(put[request.pk]),
                verified=history.keep(verified),
                registered=history.keep(
                    proofs.get((CatalogEvent.ARTIFACT_VERSION_REGISTERED, version.audit_stream))
                ),
            )
        )


def _proofs(
    requests: Mapping[int, ChangeRequest], items: Sequence[ReleaseItem], history: History
) -> dict[tuple[str, str], Event]:
    """Return the entries of sealing, registering and comparing, by kind and stream; one query."""
    streams = [
        *(request.audit_stream for request in requests.values()),
        *(request.release.audit_stream for request in requests.values()),
        *(item.artifact_version.audit_stream for item in items),
    ]
    kinds = (
        ReleaseEvent.SEALED,
        CatalogEvent.ARTIFACT_VERSION_REGISTERED,
        DeploymentEvent.VERIFIED,
    )
    found: dict[tuple[str, str], Event] = {}
    for event in history.sound(history.events(*kinds).filter(stream__in=streams).order_by("pk")):
        if event.type == DeploymentEvent.VERIFIED:
            images = str(data_of(event).get("images", ""))
            for item in items:
                if item.artifact_version.digest in images:
                    found[event.type, f"{event.stream} {item.artifact_version.digest}"] = event
        else:
            found[event.type, event.stream] = event
    return found


def _differences(request: ChangeRequest, put: Event, sealed: Event | None) -> Iterator[str]:
    """Yield where the rows of a release say something else than the entries."""
    release, said = request.release, data_of(put)
    if said.get("content_digest") != release.content_digest:
        yield f"The content of {release.version} is not what {request} put there by its entry."
    if sealed is None:
        yield f"No entry says that {release.version} was sealed before that moment."
        return
    digests = sorted(item.artifact_version.digest for item in release.items.all())
    if sorted(data_of(sealed).get("digests", [])) != digests:
        yield f"The items of {release.version} are not those that its entry says were sealed."
