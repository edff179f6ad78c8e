"""A token that shall open nothing more."""

from django.db import transaction
from django.utils import timezone

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.locking import locked
from catalog.models import ApiToken, User, UserKind
from catalog.permissions import Permission, require
from catalog.standing import require_superuser


@transaction.atomic(durable=True)
def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """Revoke a token at once; doing it twice is no harm.

    Raises:
        NotPermitted: it is neither one's own, nor of a service account one manages, nor is ``by`` a
            superuser.
    """
    token = locked(token)
    if token.user.kind == UserKind.SERVICE:
        if token.user_id != by.pk:  # a leaked token may be revoked with itself
            project = token.user.service_account.project
            require(Permission.MANAGE_SERVICE_ACCOUNTS, by, project)
    elif token.user_id != by.pk:
        require_superuser(by, "revoke somebody else's token")
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record(
            CatalogEvent.TOKEN_REVOKED,
            subject=token,
            by=by,
            private={"account": name_of(token.user)},
            account_id=token.user.pseudonym,
        )
    return token
