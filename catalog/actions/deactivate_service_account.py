"""A machine that shall act no more."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.grants import sync_grants
from catalog.locking import locked
from catalog.models import ServiceAccount, User
from catalog.permissions import Permission, require


@transaction.atomic(durable=True)
def deactivate_service_account(account: ServiceAccount, *, by: User) -> ServiceAccount:
    """Deactivate the account for good: its tokens are revoked and its grants end. Twice is no harm.

    Raises:
        NotPermitted: without ``manage_service_accounts`` in its project.
    """
    machine = locked(account.user)
    project = locked(account.project)
    require(Permission.MANAGE_SERVICE_ACCOUNTS, by, project)
    if machine.is_active:
        machine.is_active = False
        machine.save(update_fields=["is_active"])
        revoked = machine.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
        sync_grants(project)
        record(
            CatalogEvent.SERVICE_ACCOUNT_DEACTIVATED,
            subject=project,
            by=by,
            account=machine.username,
            account_id=machine.pseudonym,
            tokens_revoked=revoked,
        )
    return ServiceAccount.objects.select_related("user", "project").get(pk=account.pk)
