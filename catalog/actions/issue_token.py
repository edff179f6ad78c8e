"""A bearer token for a machine, or for oneself."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.personal import name_of
from audit.record import record
from audit.times import in_utc
from catalog.audit_events import CatalogEvent
from catalog.errors import InvalidInput, NotPermitted
from catalog.locking import locked
from catalog.models import ApiToken, TokenScope, User, UserKind
from catalog.permissions import Permission, require
from catalog.standing import require_superuser
from catalog.tokens import new_token
from catalog.validation import check_fields

LONGEST = timedelta(days=366)


@transaction.atomic(durable=True)
def issue_token(
    account: User,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    within: Collection[str] | None = None,
    by: User,
) -> tuple[ApiToken, str]:
    """Return a new token's row and the token itself, which nobody will see again.

    Args:
        account: whose token it is: a service account, or oneself; another person's only for a superuser.
        name: what it is for.
        scopes: what it opens at most; see ``TokenScope``.
        expires_at: its end, at most 366 days from now.
        within: the scopes of the token by which the call came, if it came by one: a token can issue none
            that opens more than itself.
        by: who issues it.

    Raises:
        NotPermitted: ``by`` may not issue tokens for this account, or not with these scopes.
        InvalidInput: a field does not fit, or the account is deactivated.
    """
    account = locked(account)
    _permit(account, by)
    wanted = _check_scopes(scopes)
    _permit_scopes(account, wanted, within, by)
    _check_account_and_end(account, expires_at)
    plain, prefix, digest = new_token()
    token = ApiToken(
        user=account,
        name=name,
        prefix=prefix,
        digest=digest,
        scopes=wanted,
        expires_at=expires_at,
        created_by=by,
    )
    check_fields(token, "name")
    token.save(force_insert=True)
    record(
        CatalogEvent.TOKEN_ISSUED,
        subject=token,
        by=by,
        private={"account": name_of(account)},
        account_id=account.pseudonym,
        scopes=wanted,
        expires_at=in_utc(expires_at),
        until=f"{expires_at:%Y-%m-%d}",
    )
    return token, plain


def _permit(account: User, by: User) -> None:
    if account.kind == UserKind.SYSTEM:
        raise NotPermitted("The portal's own account has no tokens.")
    if account.kind == UserKind.SERVICE:
        project = account.service_account.project
        require(Permission.MANAGE_SERVICE_ACCOUNTS, by, project)
    elif account.pk != by.pk:
        require_superuser(by, "issue a token for somebody else")


def _check_scopes(scopes: Iterable[str]) -> list[str]:
    listed = [scopes] if isinstance(scopes, str) else list(scopes)
    unknown = [str(scope) for scope in listed if scope not in TokenScope.values]
    if unknown or not listed:
        raise InvalidInput.of(
            "scopes",
            f"{', '.join(unknown) or 'Nothing'}: no such scope. "
            f"Choose from {', '.join(TokenScope.values)}.",
        )
    return [scope for scope in TokenScope.values if scope in listed]


def _permit_scopes(
    account: User, wanted: list[str], within: Collection[str] | None, by: User
) -> None:
    if TokenScope.APPROVE in wanted:
        _permit_signing(account, by)
    if within is not None and (beyond := [scope for scope in wanted if scope not in within]):
        raise NotPermitted(
            f"The token of this call does not open {', '.join(beyond)} itself, so it cannot issue a "
            "token that does."
        )


def _permit_signing(account: User, by: User) -> None:
    if account.kind == UserKind.SERVICE:
        raise InvalidInput.of("scopes", "Only a person signs: no 'approve' for a service account.")
    if account.pk != by.pk and by.kind != UserKind.SYSTEM:
        raise NotPermitted(
            "A token that can sign in somebody's name is issued by that person, "
            "or at the command line of the portal's machine."
        )


def _check_account_and_end(account: User, expires_at: datetime) -> None:
    if not account.is_active:
        raise InvalidInput.of("account", f"The account {account.username} is deactivated.")
    now = timezone.now()
    if not now < expires_at <= now + LONGEST:
        raise InvalidInput.of(
            "expires_at", f"A token ends in the future, at most {LONGEST.days} days from now."
        )
