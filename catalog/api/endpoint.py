"""What every view of the REST API stands on, in all apps."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.listing import Fetch
from catalog.errors import NotFound
from catalog.models import Environment, Project, User
from catalog.models import TokenScope as Scope
from catalog.seen import visible_project

Found = TypeVar("Found", bound=Model)


class Endpoint(GenericAPIView[Any]):
    """One address. Reads start from ``visible_to(caller)``; writes call one action each.

    Attributes:
        required_scope: what a token needs for anything but reading.
    """

    required_scope: Scope = Scope.ADMIN
    request: Request

    @property
    def caller(self) -> User:
        """Whoever calls."""
        user = self.request.user
        if not isinstance(user, User):
            raise TypeError("IsAuthenticated stands before every view that asks who calls.")
        return user

    def environment(self, slug: str, name: str) -> Environment:
        """Return the environment that the address names.

        Raises:
            NotFound: there is none, or the caller may not see its project.
        """
        visible = Environment.objects.visible_to(self.caller).select_related("project")
        return one(visible.filter(project__slug=slug, name=name), f"no environment {slug}/{name}")

    def body(
        self, serializer: type[serializers.Serializer[Any]], *, partial: bool = False
    ) -> dict[str, Any]:
        """Return the checked fields of the request's body.

        Raises:
            ValidationError: what is wrong, field by field.
        """
        data = self.request.data
        if not partial:
            with suppress(serializers.ValidationError):
                return dict(_shared(serializer).run_validation(data))
        # Says what is wrong in DRF's own words.
        checked = serializer(data=data, partial=partial)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def project(self, slug: str) -> Project:
        """Return the project that the address names.

        Raises:
            NotFound: there is none, or the caller may not see it.
        """
        found = visible_project(slug, caller=self.caller)
        if found is None:
            raise NotFound(f"There is no project {slug} that you may see.")
        return found

    def listed(
        self, queryset: QuerySet[Any, Any], shape: type[serializers.Serializer[Any]]
    ) -> Response:
        """Return one page of the filtered rows."""
        rows: Sequence[Any] = self.paginate_queryset(self.filter_queryset(queryset)) or []
        return self.get_paginated_response(shape(rows, many=True).data)

    def written(self, document: str, status: int = 200) -> HttpResponse:
        """Return a document that the database has written."""
        return HttpResponse(document, status=status, content_type="application/json")

    def fetched(self, fetch: Fetch) -> HttpResponse:
        """Return one page of documents that the database has written."""
        paginator: Any = self.paginator
        rows = paginator.paginate_fetched(fetch, self.request)
        renderer: Any = self.renderer_classes[0]()
        frame: bytes = renderer.render(paginator.page([]))
        results = ",".join(document for _, document in rows).encode()
        return HttpResponse(
            frame.removesuffix(b"]}") + results + b"]}", content_type="application/json"
        )


@cache
def _shared(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the one instance that only checks: to build one copies every field, each time."""
    return serializer()


def one(queryset: QuerySet[Found, Any], what: str) -> Found:
    """Return the one row.

    Raises:
        NotFound: there is none among those that the caller may see; ``what`` says which, as "no …".
    """
    found: Found | None = queryset.first()
    if found is None:
        raise NotFound(f"There is {what} that you may see.")
    return found
