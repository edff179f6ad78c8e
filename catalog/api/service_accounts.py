"""Machines that may act in a project."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.create_service_account import create_service_account
from catalog.actions.deactivate_service_account import deactivate_service_account
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text
from catalog.models import ServiceAccount, User
from catalog.models import TokenScope as Scope


class ServiceAccountSerializer(serializers.Serializer[Any]):
    """A service account; what it may do there is decided by its roles."""

    username = serializers.CharField(source="user.username")
    project = serializers.CharField(source="project.slug")
    description = serializers.CharField()
    is_active = serializers.BooleanField(source="user.is_active")
    created_at = serializers.DateTimeField()


class NewServiceAccountSerializer(StrictSerializer):
    """A service account to create; the user name is a slug."""

    username = Text(max_length=63)
    description = Text(max_length=300, required=False, allow_blank=True)


class ServiceAccountFilter(filters.FilterSet):
    """Which service accounts."""

    username = filters.CharFilter("user__username")
    is_active = filters.BooleanFilter("user__is_active")


class ServiceAccountsView(Endpoint):
    """``projects/{slug}/service-accounts/``."""

    queryset = ServiceAccount.objects.none()
    filterset_class = ServiceAccountFilter
    required_scope = Scope.ADMIN

    @call(
        "service accounts",
        "List the service accounts of a project",
        name="service_accounts_list",
        answer=ServiceAccountSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        rows = ServiceAccount.objects.filter(project=self.project(slug))
        return self.listed(rows.select_related("user", "project"), ServiceAccountSerializer)

    @call(
        "service accounts",
        "Create a service account",
        name="service_accounts_create",
        body=NewServiceAccountSerializer,
        answer=ServiceAccountSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``manage_service_accounts`` there. It may do nothing until it gets a role."""
        project = self.project(slug)
        fields = self.body(NewServiceAccountSerializer)
        account = create_service_account(project, **fields, by=self.caller)
        return Response(ServiceAccountSerializer(account).data, status=201)


class ServiceAccountView(Endpoint):
    """``service-accounts/{username}/``."""

    @call(
        "service accounts",
        "Read a service account",
        name="service_accounts_read",
        answer=ServiceAccountSerializer,
    )
    def get(self, request: Request, username: str) -> Response:
        """Answer 404 for one of a project you may not see."""
        return Response(ServiceAccountSerializer(visible_account(username, self.caller)).data)


class DeactivateServiceAccountView(Endpoint):
    """``service-accounts/{username}/deactivate/``."""

    required_scope = Scope.ADMIN

    @call(
        "service accounts",
        "Deactivate a service account for good",
        name="service_accounts_deactivate",
        answer=ServiceAccountSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, username: str) -> Response:
        """Needs ``manage_service_accounts`` in its project. Its tokens are revoked."""
        account = visible_account(username, self.caller)
        return Response(
            ServiceAccountSerializer(deactivate_service_account(account, by=self.caller)).data
        )


def visible_account(username: str, caller: User) -> ServiceAccount:
    """Return the service account of that name.

    Raises:
        NotFound: there is none, or the caller may not see its project.
    """
    visible = ServiceAccount.objects.visible_to(caller).select_related("user", "project")
    return one(visible.filter(user__username=username), f"no service account {username!r:.80}")
