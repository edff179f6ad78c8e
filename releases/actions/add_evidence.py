"""Add evidence: keep the raw bytes, read the facts, let open change requests be evaluated again."""

from datetime import datetime
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.models import ArtifactVersion, User
from catalog.permissions import Permission, require
from releases.entering import enter_evidence
from releases.errors import EvidenceRefused
from releases.models import Evidence, Release
from releases.parsers.port import Parsed
from releases.parsers.registry import ParserRegistry
from releases.storage import hash_of, keep

MAX_FILE_NAME = 255


def add_evidence(
    about: ArtifactVersion | Release,
    *,
    kind: str,
    stream: BinaryIO,
    file_name: str = "",
    valid_until: datetime | None = None,
    by: User,
) -> Evidence:
    """Keep a report and the facts read from it.

    The bytes are hashed and read before the transaction: no row is locked while a large file is parsed.
    They are stored before the row exists; a crash in between leaves a file that nothing points to.

    Args:
        stream: seekable; read from its beginning.

    Raises:
        NotPermitted: ``by`` may not add evidence here.
        EvidenceRefused: unknown kind, too large, or no report of that kind.
    """
    project = about.artifact.project if isinstance(about, ArtifactVersion) else about.project
    require(Permission.ADD_EVIDENCE, by, project)
    parser = ParserRegistry(settings.EVIDENCE_PARSERS).get(kind)
    sha256, size = _hash(stream)
    parsed = parser.parse(stream, limit=settings.EVIDENCE_MAX_BYTES)
    _refuse_past(valid_until)
    keep(stream, sha256)
    evidence = Evidence(
        project=project,
        artifact_version=about if isinstance(about, ArtifactVersion) else None,
        release=about if isinstance(about, Release) else None,
        kind=kind,
        file_name=file_name[-MAX_FILE_NAME:].replace("\x00", ""),
        sha256=sha256,
        size=size,
        parser_version=parser.version,
        valid_until=valid_until,
        added_by=by,
    )
    return _store(evidence, parsed, by=by)


@transaction.atomic(durable=True)
def _store(evidence: Evidence, parsed: Parsed, *, by: User) -> Evidence:
    require(Permission.ADD_EVIDENCE, by, evidence.project)
    return enter_evidence(evidence, parsed, by=by)


def _hash(stream: BinaryIO) -> tuple[str, int]:
    sha256, size = hash_of(stream)
    limit = settings.EVIDENCE_MAX_BYTES
    if size > limit:
        raise EvidenceRefused.of("file", f"The file has {size} bytes; evidence may have {limit}.")
    if size == 0:
        raise EvidenceRefused.of("file", "The file is empty. An empty report is no evidence.")
    return sha256, size


def _refuse_past(valid_until: datetime | None) -> None:
    if valid_until is not None and valid_until <= timezone.now():
        raise EvidenceRefused.of(
            "valid_until", "Evidence that has run out already proves nothing now."
        )
