"""Somebody looked at a finding and says what became of it."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.errors import InvalidInput
from catalog.models import User
from catalog.permissions import Permission, require
from catalog.validation import check_text
from models_registry.audit_events import ModelEvent
from models_registry.errors import AlreadySettled
from models_registry.models import Finding, FindingState

LONGEST_COMMENT = 2000


@transaction.atomic(durable=True)
def settle_finding(finding: Finding, *, comment: str, by: User) -> Finding:
    """Settle the finding. What changed in MLflow is not undone by that.

    Raises:
        NotPermitted: without ``manage_project``.
        AlreadySettled: somebody did before.
        InvalidInput: the comment is empty or too long.
    """
    row = (
        Finding.objects.select_for_update(of=("self",), no_key=True)
        .select_related("model__registry__project")
        .get(pk=finding.pk)
    )
    require(Permission.MANAGE_PROJECT, by, row.model.registry.project)
    if row.state == FindingState.SETTLED:
        raise AlreadySettled("Somebody settled this finding before; its comment says why.")
    row.comment = check_text("comment", comment, longest=LONGEST_COMMENT).strip()
    if not row.comment:
        raise InvalidInput.of("comment", "Say what became of it.")
    row.state, row.settled_at, row.settled_by = FindingState.SETTLED, timezone.now(), by
    row.save(update_fields=["state", "comment", "settled_at", "settled_by"])
    record(
        ModelEvent.FINDING_SETTLED,
        subject=row.model,
        by=by,
        private={"comment": row.comment},
        what=row.sentence,
        finding=row.pk,
    )
    return row
