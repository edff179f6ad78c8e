"""The bytes of evidence go when their time is over; hash, outcome and facts stay on record."""

from datetime import datetime
from typing import Any, Final

from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone

from audit.privacy.holds import held
from audit.privacy.models import HoldKind
from audit.privacy.pruning import Pruned
from audit.privacy.retention import RetentionClass
from releases.models import ChangeRequest, Evidence
from releases.states import FINAL, ChangeRequestState
from releases.storage import name_of

_MOST_IN_AN_EVENT: Final = 500
"""Hashes that fit into one entry."""

_OLD: Final = """
SELECT v.id, v.sha256 FROM releases_evidence v JOIN catalog_user u ON u.id = v.added_by_id
WHERE v.pruned_at IS NULL AND v.added_at < %(before)s
    AND NOT (v.project_id IN (SELECT id FROM catalog_project WHERE slug = ANY(%(projects)s)))
    AND NOT u.pseudonym = ANY(%(subjects)s)
    AND NOT coalesce(v.release_id = ANY(%(releases)s), false)
    AND NOT coalesce(v.artifact_version_id IN (
        SELECT artifact_version_id FROM releases_releaseitem WHERE release_id = ANY(%(releases)s)), false)
    AND NOT EXISTS (
        SELECT FROM releases_changerequest cr LEFT JOIN releases_releaseitem i ON i.release_id = cr.release_id
        WHERE cr.state = ANY(%(open)s)
            AND (cr.release_id = v.release_id OR i.artifact_version_id = v.artifact_version_id))
ORDER BY v.id LIMIT %(most)s
"""


def prune_evidence(_kept: RetentionClass, before: datetime, most: int) -> Pruned:
    """Mark reports as pruned; their files go after the commit, and those of a run that died with them.

    What an open change request stands on stays, and so does what a hold is on.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLD, _parameters(before, min(most, _MOST_IN_AN_EVENT)))
        chosen = cursor.fetchall()
    Evidence.objects.filter(pk__in=[pk for pk, _ in chosen]).update(pruned_at=timezone.now())
    transaction.on_commit(remove_pruned_files, robust=True)
    return Pruned(len(chosen), {"sha256": [digest for _, digest in chosen]} if chosen else {})


def _parameters(before: datetime, most: int) -> dict[str, Any]:
    numbers = [int(number) for number in held(HoldKind.CHANGE_REQUEST)]
    releases = ChangeRequest.objects.filter(number__in=numbers).values_list("release_id", flat=True)
    return {
        "before": before,
        "projects": held(HoldKind.PROJECT),
        "subjects": held(HoldKind.SUBJECT),
        "releases": list(releases),
        "open": [str(state) for state in ChangeRequestState if state not in FINAL],
        "most": most,
    }


def remove_pruned_files() -> None:
    """Remove the files that no report needs any more. Twice is no harm."""
    pruned = Evidence.objects.filter(pruned_at__isnull=False).values_list("sha256", flat=True)
    needed = Evidence.objects.filter(pruned_at=None, sha256__in=pruned)
    still = set(needed.values_list("sha256", flat=True))
    for digest in sorted(set(pruned) - still):
        storages["evidence"].delete(name_of(digest))
