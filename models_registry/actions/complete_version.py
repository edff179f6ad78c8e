"""The intake of a version ends: its digest is known, and it becomes an artifact version."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.authors import in_words
from catalog.models import ArtifactVersion, User
from models_registry.audit_events import ModelEvent
from models_registry.clients.port import RunSeen
from models_registry.digesting import (
    FilesRead,
    digest_of_files,
    digest_of_record,
    flavours_of,
    signature_of,
)
from models_registry.models import DigestBasis, Intake, ModelVersion
from models_registry.returning import claim_of, link
from models_registry.snapshot import Metric, add_measured, keep_run

Logged = tuple[Sequence[Metric], str]
NOTHING_LOGGED: Logged = ((), "")
LONGEST_URI = 500
LONGEST_PAUSE = 3600


@transaction.atomic(durable=True)
def claim_version(registry_id: int) -> ModelVersion | None:
    """Take the version whose files have waited longest; None when none waits that nobody is busy with."""
    waiting = ModelVersion.objects.waiting_for_files().filter(model__registry=registry_id)
    related = waiting.select_related("model__registry__project")
    version = related.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
    if version is not None:
        version.intake_due_at = _later(settings.MODELS_LEASE_SECONDS)
        version.intake_tries += 1
        version.save(update_fields=["intake_due_at", "intake_tries"])
    return version


@transaction.atomic(durable=True)
def renew_version(version: ModelVersion) -> None:
    """Keep the version: its files are large."""
    ModelVersion.objects.filter(pk=version.pk, intake=Intake.WAITING).update(
        intake_due_at=_later(settings.MODELS_LEASE_SECONDS)
    )


@transaction.atomic(durable=True)
def postpone_version(version: ModelVersion, sentence: str, *, seconds: int | None = None) -> None:
    """Try again later, after pauses that double; the version's page says why."""
    pause = 5 * 2 ** min(version.intake_tries, 12) if seconds is None else seconds
    ModelVersion.objects.filter(pk=version.pk, intake=Intake.WAITING).update(
        intake_due_at=_later(min(pause, LONGEST_PAUSE)), digest_sentence=sentence
    )


@transaction.atomic(durable=True)
def complete_version(
    version: ModelVersion,
    read: FilesRead,
    run: RunSeen | None = None,
    *,
    logged: Logged = NOTHING_LOGGED,
    by: User,
) -> ModelVersion:
    """Write down what the files are, and register the version as an artifact version.

    Args:
        run: as it is now, if it was still going on when the version was first seen.
        logged: what runs measured of the model, and why nothing is known of it, if it is so.

    The same again, by a second worker, changes nothing.
    """
    row = (
        ModelVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("model__registry__project", "model__artifact")
        .get(pk=version.pk)
    )
    if row.intake == Intake.COMPLETE:
        return row
    claimed = claim_of(row)
    if run is not None:
        keep_run(row, run)
    add_measured(row, *logged)
    digest = _write(row, read)
    row.artifact_version = _register(row, digest, by=by)
    row.save()
    record(
        ModelEvent.VERSION_COMPLETED,
        subject=row,
        by=by,
        digest=digest,
        basis=row.digest_sentence,
        artifact_version=row.artifact_version.pk,
        snapshot=row.snapshot_digest,
        files=len(row.files),
    )
    if claim_of(row) != claimed:
        link(row, by=by)
    return row


def authors_of(row: ModelVersion) -> list[dict[str, str]]:
    """Return who made the version, for the separation of duties: who trained it and who registered it.

    Nobody known means an empty list, which is unknown and never nobody.
    """
    names = dict.fromkeys(name for name in (row.trained_by, row.registered_by) if name)
    return [{"email": name} if "@" in name else {"mlflow": name} for name in names]


def _write(row: ModelVersion, read: FilesRead) -> str:
    """Let the row hold what the files are; return the digest."""
    row.intake = Intake.COMPLETE
    row.download_uri = read.uri
    row.files, row.size = read.files or [], read.size
    row.flavours, row.signature = flavours_of(read.description), signature_of(read.description)
    row.remarks = [*row.remarks, *read.remarks]
    if read.files:
        row.digest_basis, row.digest_sentence = DigestBasis.FILES, read.sentence
        return digest_of_files(read.files)
    row.digest_basis = DigestBasis.RECORD
    row.digest_sentence = (
        f"{read.sentence} The digest is over what MLflow says about the version, not over its files: it "
        "does not show whether they change."
    )
    return digest_of_record(row)


def _register(row: ModelVersion, digest: str, *, by: User) -> ArtifactVersion:
    artifact = row.model.artifact
    artifact.project = row.model.registry.project
    uri = row.download_uri or row.source
    version = ArtifactVersion(
        artifact=artifact,
        version=str(row.number),
        digest=digest,
        uri=uri if len(uri) <= LONGEST_URI else "",
        repository=row.git_repository,
        commit=row.git_commit,
        authors=authors_of(row),
        registered_by=by,
    )
    version.save(force_insert=True)
    record(
        CatalogEvent.ARTIFACT_VERSION_REGISTERED,
        subject=version,
        by=by,
        private={"authors": in_words(version.authors)} if version.authors else {},
        kind=artifact.kind,
        digest=version.digest,
        uri=version.uri,
        repository=version.repository,
        commit=version.commit,
        build_url="",
        number_of_authors=len(version.authors),
    )
    return version


def _later(seconds: int) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
