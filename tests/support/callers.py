"""Callers of the REST API, each with a token."""

from datetime import timedelta

from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import ApiToken, TokenScope
from catalog.tokens import new_token


def token_for(user, scopes=tuple(TokenScope.values), **fields):
    """A token's plain text; the row is made directly, since how it came to be is not the point."""
    plain, prefix, digest = new_token()
    fields = {"name": "test", "expires_at": timezone.now() + timedelta(days=1)} | fields
    ApiToken.objects.create(
        user=user, prefix=prefix, digest=digest, scopes=list(scopes), created_by=user, **fields
    )
    return plain


def client_of(user, scopes=tuple(TokenScope.values)):
    """An API client that sends the account's token."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(user, scopes)}")
    return client
