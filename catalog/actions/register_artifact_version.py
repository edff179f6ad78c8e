"""CI tells of what it built: a version of an artifact, by digest."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from audit.prepared import prepared
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.authors import check_authors, in_words
from catalog.errors import Conflict, DigestConflict
from catalog.locking import locked
from catalog.models import Artifact, ArtifactVersion, Project, User
from catalog.permissions import Permission, require
from catalog.validation import complaints_of, refuse

Author = Mapping[str, str]


@transaction.atomic(durable=True)
def register_artifact_version(  # noqa: PLR0913 -- what CI tells, field by field
    project: Project,
    *,
    artifact: str,
    kind: str,
    version: str,
    digest: str,
    uri: str = "",
    repository: str = "",
    commit: str = "",
    authors: Sequence[Author] = (),
    build_url: str = "",
    by: User,
) -> tuple[ArtifactVersion, bool]:
    """Return the version and whether it is new. The same again changes nothing and records nothing.

    The same means: the same label, digest, repository, commit and authors, as far as the call names them.
    Where the bytes lie and which build says so may differ from one run of a pipeline to the next; what
    was said first stays.

    Raises:
        NotPermitted: without ``register_artifact`` there.
        InvalidInput: a field does not fit.
        DigestConflict: the label stands for another digest.
        Conflict: the artifact is of another kind, or the version was registered with another source.
    """
    require(Permission.REGISTER_ARTIFACT, by, project)
    thing = Artifact(project=project, name=artifact, kind=kind)
    wanted = ArtifactVersion(
        artifact=thing,
        version=version,
        digest=digest,
        uri=uri,
        repository=repository,
        commit=commit,
        build_url=build_url,
        registered_by=by,
    )
    _check(thing, wanted, authors)
    wanted.artifact = kept = _locked_artifact(thing)
    if kept.kind != thing.kind:
        raise Conflict(
            f"{thing.name} is registered as {kept.kind}, and cannot also be {thing.kind}."
        )
    found = _found(wanted)
    if found:
        _refuse_difference(found, wanted)
        return found, False
    wanted.save(force_insert=True)
    record(
        CatalogEvent.ARTIFACT_VERSION_REGISTERED,
        subject=wanted,
        by=by,
        private={"authors": in_words(wanted.authors)} if wanted.authors else {},
        kind=kept.kind,
        digest=wanted.digest,
        uri=wanted.uri,
        repository=wanted.repository,
        commit=wanted.commit,
        build_url=wanted.build_url,
        number_of_authors=len(wanted.authors),
    )
    return wanted, True


# By hand: pipelines register all day, and to compose or to plan these two takes longer than to run them.
_LOCK = (
    "SELECT id, kind FROM catalog_artifact WHERE project_id = %s AND name = %s FOR NO KEY UPDATE"
)
_IS_THERE = "SELECT 1 FROM catalog_artifactversion WHERE artifact_id = %s AND version = %s"


def _locked_artifact(thing: Artifact) -> Artifact:
    """Return the artifact's row, new or not; of two identical calls the second finds what the first wrote."""
    rows = prepared(_LOCK, [thing.project_id, thing.name])
    if rows:
        [(pk, kind)] = rows
        return Artifact(pk=pk, project=thing.project, name=thing.name, kind=kind)
    made, _ = Artifact.objects.get_or_create(
        project=thing.project, name=thing.name, defaults={"kind": thing.kind}
    )
    kept = locked(made)
    kept.project = thing.project
    return kept


def _found(wanted: ArtifactVersion) -> ArtifactVersion | None:
    """Return the version of that label, if there is one; asked when the artifact is locked."""
    if not prepared(_IS_THERE, [wanted.artifact_id, wanted.version]):
        return None
    return ArtifactVersion.objects.select_related("artifact").get(
        artifact=wanted.artifact, version=wanted.version
    )


def _check(thing: Artifact, wanted: ArtifactVersion, authors: Sequence[Author]) -> None:
    about = complaints_of(thing, "name", "kind")
    if "name" in about:
        about["artifact"] = about.pop("name")  # as the caller calls it
    about |= complaints_of(wanted, "version", "digest", "uri", "repository", "commit", "build_url")
    wanted.authors, about_authors = check_authors(authors)
    refuse(about | about_authors)


def _refuse_difference(found: ArtifactVersion, wanted: ArtifactVersion) -> None:
    if found.digest != wanted.digest:
        sentence = (
            f"{found.artifact.name} {found.version} is {found.digest} and cannot also be "
            f"{wanted.digest}: a label never moves. Register the new bytes under another version."
        )
        raise DigestConflict(
            sentence,
            fields={"digest": [sentence]},
            extra={"registered_digest": found.digest, "given_digest": wanted.digest},
        )
    for name in ("repository", "commit", "authors"):
        said = getattr(wanted, name)
        if said and said != getattr(found, name):
            sentence = (
                f"{found} was registered with another value of {name!r}, and a version never changes. "
                "Register it under another version."
            )
            raise Conflict(sentence, fields={name: [sentence]})
