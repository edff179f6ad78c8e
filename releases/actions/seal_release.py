"""Seal a release: fix a set of artifact versions under one digest."""

from collections.abc import Sequence

from django.db import transaction

from audit.record import record
from catalog.errors import AlreadyExists
from catalog.models import ArtifactVersion, Project, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields
from releases.audit_events import ReleaseEvent
from releases.canonical import digest_of
from releases.errors import ReleaseRefused
from releases.models import Release, ReleaseItem

MAX_ITEMS = 100


@transaction.atomic(durable=True)
def seal_release(
    project: Project,
    *,
    version: str,
    artifact_versions: Sequence[int],
    notes: str = "",
    by: User,
) -> Release:
    """Seal the artifact versions as one release.

    Args:
        artifact_versions: ids of versions in the same project, each artifact once.

    Raises:
        NotPermitted: ``by`` may not seal releases here.
        ReleaseRefused: empty, too many, unknown or foreign versions, one artifact twice.
        InvalidInput: the version or the notes do not fit.
        AlreadyExists: the project has a release of that version.
    """
    locked = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    require(Permission.SEAL_RELEASE, by, locked)
    versions = _versions(locked, artifact_versions)
    _refuse_taken(locked, version)
    release = Release(
        project=locked,
        version=version,
        notes=notes,
        content_digest=content_digest(versions),
        sealed_by=by,
    )
    check_fields(release, "version", "notes")
    release.save(force_insert=True)
    ReleaseItem.objects.bulk_create(
        ReleaseItem(release=release, artifact_version=item) for item in versions
    )
    record(
        ReleaseEvent.SEALED,
        subject=release,
        by=by,
        content_digest=release.content_digest,
        items=", ".join(str(item) for item in versions),
        digests=[item.digest for item in versions],
    )
    return release


def content_digest(versions: Sequence[ArtifactVersion]) -> str:
    """Return the digest of what is in a release: names, kinds and digests, in the order of names.

    Labels, addresses and the release's own version are left out: the same content has the same digest.
    """
    items = [
        {"artifact": item.artifact.name, "kind": item.artifact.kind, "digest": item.digest}
        for item in versions
    ]
    items.sort(key=lambda item: item["artifact"])
    return digest_of({"release": "gatehouse.release/v1", "items": items})


def _versions(project: Project, ids: Sequence[int]) -> list[ArtifactVersion]:
    if not ids:
        raise ReleaseRefused.of(
            "artifact_versions", "A release needs at least one artifact version."
        )
    if len(ids) > MAX_ITEMS:
        raise ReleaseRefused.of(
            "artifact_versions", f"A release holds at most {MAX_ITEMS} versions."
        )
    found = (
        ArtifactVersion.objects.filter(pk__in=ids, artifact__project=project)
        .select_related("artifact")
        .order_by("artifact__name")
    )
    versions = list(found)
    unknown = sorted(set(ids) - {item.pk for item in versions})
    if unknown:
        listed = ", ".join(map(str, unknown))
        raise ReleaseRefused.of(
            "artifact_versions", f"The project {project.slug} has no artifact version {listed}."
        )
    names = [item.artifact.name for item in versions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or len(ids) != len(versions):
        listed = ", ".join(twice) or "one version"
        raise ReleaseRefused.of(
            "artifact_versions", f"A release holds an artifact once; {listed} is there twice."
        )
    return versions


def _refuse_taken(project: Project, version: str) -> None:
    if Release.objects.filter(project=project, version=version).exists():
        raise AlreadyExists(
            f"The project {project.slug} has a release {version}, and releases never change. "
            "Use another version.",
            fields={"version": ["This version is sealed already."]},
        )
