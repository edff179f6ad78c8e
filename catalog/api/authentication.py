"""Who calls: a bearer token, and what that token opens at most."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.db.models import Model
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from catalog.errors import NotPermitted
from catalog.models import ApiToken, User
from catalog.models import TokenScope as Scope
from catalog.statement import rows_of
from catalog.tokens import TOKEN, digest_of

if TYPE_CHECKING:
    from rest_framework.views import APIView  # loads these classes itself, by the settings' names

REFUSED: Final = (
    "The bearer token is not valid: it is unknown, ran out, was revoked, "
    "or its account may no longer sign in."
)
_KEPT: Final = "token_account"
"""Where the answer is kept on the request: the idempotency middleware asks before the view does."""
USE_NOTED_EVERY: Final = timedelta(minutes=1)

# Skips the row when another request is noting the same: the time is then right anyway.
_NOTE_USE = """
UPDATE catalog_apitoken SET last_used_at = %s WHERE id IN (
    SELECT id FROM catalog_apitoken WHERE id = %s FOR UPDATE SKIP LOCKED
)
"""


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer gh_…``. What is wrong with a token is told to nobody."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, ApiToken] | None:
        """Return the account and its token, None when no bearer token came; one query.

        Raises:
            AuthenticationFailed: the token is not good, for whatever reason.
        """
        plain_request = request._request if isinstance(request, Request) else request  # noqa: SLF001 -- there is no public way to it
        found = getattr(plain_request, _KEPT, None)
        if found is None:
            found = account_of(plain_request.headers.get("Authorization", ""))
            setattr(plain_request, _KEPT, found)
        return found

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge, which makes the refusal a 401."""
        if "Authorization" in request.headers:
            return 'Bearer realm="Gatehouse", error="invalid_token"'
        return 'Bearer realm="Gatehouse"'


def account_of(authorization: str) -> tuple[User, ApiToken] | None:
    """Return the account and the token that the header's value names, None when it is no bearer token."""
    scheme, _, plain = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    if not TOKEN.fullmatch(plain.strip()):
        raise AuthenticationFailed(REFUSED)
    now = datetime.now(UTC)
    token = _usable(digest_of(plain.strip()), now)
    if token is None:
        raise AuthenticationFailed(REFUSED)
    _note_use(token, now)
    return token.user, token


def _usable(digest: str, now: datetime) -> ApiToken | None:
    """Return the token with its account: ``ApiToken.objects.usable()``, not composed at every call."""
    rows = rows_of(_statement(), {"digest": digest, "now": now})
    if not rows:
        return None
    row = rows[0]
    of_token, of_account = _columns(ApiToken), _columns(User)
    token: ApiToken = ApiToken.from_db(connection.alias, of_token, row[: len(of_token)])
    token.user = User.from_db(connection.alias, of_account, row[len(of_token) :])
    return token


@cache
def _statement() -> str:
    columns = [f'token."{name}"' for name in _columns(ApiToken)]
    columns += [f'account."{name}"' for name in _columns(User)]
    return f"""
        SELECT {", ".join(columns)}
        FROM catalog_apitoken token JOIN catalog_user account ON account.id = token.user_id
        WHERE token.digest = %(digest)s AND token.expires_at > %(now)s AND token.revoked_at IS NULL
          AND account.is_active
    """  # noqa: S608 -- composed of the models' own columns


@cache
def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def ensure_still_good(request: Request) -> None:
    """Refuse a call that has been held while its token ran out or was revoked; a session stays as it came.

    Raises:
        AuthenticationFailed: the token is no longer good.
    """
    token = request.auth
    if isinstance(token, ApiToken) and not ApiToken.objects.usable().filter(pk=token.pk).exists():
        raise AuthenticationFailed(REFUSED)


def _note_use(token: ApiToken, now: datetime) -> None:
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE_USE, [now, token.pk])


class TokenScope(BasePermission):
    """A token opens what its scopes say: ``read`` for reading, the view's ``required_scope`` for the rest.

    Scopes only narrow. What the account may do at all is asked by the action.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Let the call through, or refuse it with the scope that it lacks."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        required = Scope.READ if request.method in SAFE_METHODS else scope_of(view)
        if required not in token.scopes:
            held = ", ".join(sorted(token.scopes)) or "none"
            raise NotPermitted(
                f"This needs a token with the scope {str(required)!r}; this one has {held}.",
                extra={"required_scope": str(required)},
            )
        return True


def scope_of(view: "APIView") -> Scope:
    """Return the scope that writing through the view needs; ``admin`` where it names none."""
    return getattr(view, "required_scope", Scope.ADMIN)
