"""Who am I, and what may this token do."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.models import ApiToken
from catalog.permissions import PortalPermission


class TokenInUse(serializers.Serializer[Any]):
    """The token of this very call."""

    prefix = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()


class Me(serializers.Serializer[Any]):
    """The caller."""

    username = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    portal_permissions = serializers.ListField(child=serializers.CharField())
    token = TokenInUse(allow_null=True)


class MeView(Endpoint):
    """``GET /api/v1/me/``."""

    @call("me", "Who calls, and what the token opens", name="me", answer=Me)
    def get(self, request: Request) -> Response:
        """Answer for the account behind the token or the session."""
        held = [str(name) for name in PortalPermission if self.caller.has_perm(name.value)]
        return Response(
            {
                "username": self.caller.username,
                "name": self.caller.display_name,
                "kind": self.caller.kind,
                "portal_permissions": [name.partition(".")[2] for name in held],
                "token": _token(request.auth),
            }
        )


def _token(token: object) -> dict[str, Any] | None:
    if not isinstance(token, ApiToken):
        return None
    return {
        "prefix": token.prefix,
        "name": token.name,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    }
