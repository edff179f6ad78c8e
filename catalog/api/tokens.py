"""Tokens: issued once, shown once, revoked at any time."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.issue_token import issue_token
from catalog.actions.revoke_token import revoke_token
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.service_accounts import visible_account
from catalog.api.strict import Choice, Moment, StrictSerializer, Text
from catalog.models import ApiToken, ServiceAccount, User
from catalog.models import TokenScope as Scope
from catalog.permissions import administers


class TokenSerializer(serializers.Serializer[Any]):
    """A token, but for the token itself."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="user.username")
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="Its first characters, to know it by.")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class IssuedTokenSerializer(TokenSerializer):
    """A new token with the token itself: the only time anybody sees it."""

    token = serializers.CharField(
        allow_null=True, help_text="Null when an idempotent call is answered again."
    )


class NewTokenSerializer(StrictSerializer):
    """A token to issue. Scopes only narrow what the account's roles allow."""

    name = Text(max_length=100)
    scopes = serializers.ListField(child=Choice(Scope.choices), max_length=len(Scope.choices))
    expires_at = Moment()


class TokenFilter(filters.FilterSet):
    """Which tokens."""

    usable = filters.BooleanFilter(method="only_usable")

    def only_usable(
        self,
        queryset: QuerySet[ApiToken],
        name: str,
        value: bool,  # noqa: FBT001 -- django-filter's form
    ) -> QuerySet[ApiToken]:
        """Return those that open something now, or those that do not."""
        good = ApiToken.objects.usable().values("pk")
        return queryset.filter(pk__in=good) if value else queryset.exclude(pk__in=good)


class Tokens(Endpoint):
    """The tokens of one account."""

    queryset = ApiToken.objects.none()
    filterset_class = TokenFilter
    required_scope = Scope.ADMIN

    def page(self, account: User) -> Response:
        """Answer with a page of its tokens."""
        return self.listed(
            ApiToken.objects.filter(user=account).select_related("user"), TokenSerializer
        )

    def issue(self, account: User) -> Response:
        """Issue one; the kept answer of an idempotent call does not hold it."""
        fields = self.body(NewTokenSerializer)
        used = self.request.auth
        within = used.scopes if isinstance(used, ApiToken) else None
        token, plain = issue_token(account, **fields, within=within, by=self.caller)
        shown = dict(TokenSerializer(token).data)
        response = Response(shown | {"token": plain}, status=201)
        response["Cache-Control"] = "no-store"
        response.kept_instead = shown | {"token": None}  # type: ignore[attr-defined]  # read by the idempotency middleware
        return response


class AccountTokensView(Tokens):
    """``service-accounts/{username}/tokens/``."""

    @call(
        "tokens",
        "List the tokens of a service account",
        name="service_account_tokens_list",
        answer=TokenSerializer(many=True),
    )
    def get(self, request: Request, username: str) -> Response:
        """Revoked and expired ones too."""
        return self.page(visible_account(username, self.caller).user)

    @call(
        "tokens",
        "Issue a token for a service account",
        name="service_account_tokens_issue",
        body=NewTokenSerializer,
        answer=IssuedTokenSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, username: str) -> Response:
        """Needs ``manage_service_accounts`` in its project. The token is shown in this answer only."""
        return self.issue(visible_account(username, self.caller).user)


class MyTokensView(Tokens):
    """``me/tokens/``."""

    @call("tokens", "List your tokens", name="my_tokens_list", answer=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Revoked and expired ones too."""
        return self.page(self.caller)

    @call(
        "tokens",
        "Issue a token for yourself",
        name="my_tokens_issue",
        body=NewTokenSerializer,
        answer=IssuedTokenSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """A token cannot issue one that opens more than itself. It is shown in this answer only."""
        return self.issue(self.caller)


class RevokeTokenView(Endpoint):
    """``tokens/{id}/revoke/``."""

    required_scope = Scope.ADMIN

    @call(
        "tokens", "Revoke a token", name="tokens_revoke", answer=TokenSerializer, scope=Scope.ADMIN
    )
    def post(self, request: Request, pk: int) -> Response:
        """One's own, or of a service account one manages. Twice is no harm."""
        token = one(_visible(self.caller).filter(pk=pk), f"no token {pk}")
        return Response(TokenSerializer(revoke_token(token, by=self.caller)).data)


def _visible(caller: User) -> QuerySet[ApiToken]:
    tokens = ApiToken.objects.select_related("user")
    if administers(caller):
        return tokens
    machines = ServiceAccount.objects.visible_to(caller).values("user_id")
    return tokens.filter(Q(user=caller) | Q(user__in=machines))
