"""Saved views for machines: filters of the log under names, own ones and those of a project's readers."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.reach import some_reach
from audit.api.strict import Strict
from audit.forms import EventFilter
from audit.reach import Reach
from audit.saved.changes import (
    SHARED_BY_PROJECT,
    NotYours,
    Sharing,
    ViewRefused,
    delete_view,
    rename_view,
    replace_view,
    save_view,
)
from audit.saved.models import LONGEST_NAME, SavedView
from audit.saved.queries import filter_of, query_of

T = TypeVar("T")

_LARGEST: Final = 2**63 - 1
_SCOPE: Final = {"x-scope": "admin"}
_FIELDS: Final = ", ".join(f"`{name}`" for name in EventFilter.base_fields)


class SavedViewSerializer(serializers.Serializer[Any]):
    """A view. It opens nothing: everybody sees in it what they may read."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    filter = serializers.SerializerMethodField(help_text=f"Of {_FIELDS} those that are used.")
    shared_with = serializers.CharField(
        source="project", allow_null=True, help_text="The project whose log's readers see it too."
    )
    owner = serializers.CharField(source="owner.username")
    created_at = serializers.DateTimeField()

    def get_filter(self, view: SavedView) -> dict[str, str]:
        """Return the filter's fields."""
        return filter_of(view.query)


class WantedViewSerializer(Strict):
    """A view as it is to be."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    filter = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        help_text=f"Of {_FIELDS}; as on the page of the log.",
    )
    share = serializers.BooleanField(
        required=False,
        help_text=(
            "With those who read the log of the filter's project, which must be named. Left out, a new view "
            "is not shared, and a replaced one stays shared as it was."
        ),
    )


class ViewNameSerializer(Strict):
    """What the view is called from now on."""

    name = serializers.CharField(max_length=LONGEST_NAME)


class SavedViewsView(GenericAPIView[SavedView]):
    """``audit/views/``."""

    queryset = SavedView.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="List the saved views of the log",
        operation_id="audit_views_list",
        responses={200: SavedViewSerializer(many=True)},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request) -> Response:
        """Your own, and those that are shared with the readers of a log that you may read."""
        found = SavedView.objects.for_reader(request.user, some_reach(request.user))
        rows = self.paginate_queryset(found.select_related("owner").order_by("-pk")) or []
        return self.get_paginated_response(SavedViewSerializer(rows, many=True).data)

    @extend_schema(
        tags=["audit"],
        summary="Save a view of the log",
        operation_id="audit_views_save",
        request=WantedViewSerializer,
        responses={201: SavedViewSerializer},
        extensions=_SCOPE,
    )
    def post(self, request: Request) -> Response:
        """Under a name that is unique among your own."""
        wanted, sharing = _wanted(request, some_reach(request.user))
        share_with = None if isinstance(sharing, Sharing) else sharing
        made = _done(lambda: save_view(**wanted, share_with=share_with, by=request.user))
        return Response(SavedViewSerializer(made).data, status=201)


class SavedViewView(GenericAPIView[SavedView]):
    """``audit/views/{id}/``."""

    queryset = SavedView.objects.none()

    @extend_schema(
        tags=["audit"],
        summary="Read a saved view",
        operation_id="audit_views_read",
        responses={200: SavedViewSerializer},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> Response:
        """One of your own, or a shared one."""
        return Response(SavedViewSerializer(_visible(request, pk)).data)

    @extend_schema(
        tags=["audit"],
        summary="Replace a saved view",
        operation_id="audit_views_replace",
        request=WantedViewSerializer,
        responses={200: SavedViewSerializer},
        extensions=_SCOPE,
    )
    def put(self, request: Request, pk: int) -> Response:
        """Another filter and name; without `share` it stays shared as it was. Only its owner may."""
        view = _visible(request, pk)
        wanted, share_with = _wanted(request, some_reach(request.user))
        replaced = _done(
            lambda: replace_view(view, **wanted, share_with=share_with, by=request.user)
        )
        return Response(SavedViewSerializer(replaced).data)

    @extend_schema(
        tags=["audit"],
        summary="Rename a saved view",
        operation_id="audit_views_rename",
        request=ViewNameSerializer,
        responses={200: SavedViewSerializer},
        extensions=_SCOPE,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Only its owner may."""
        view = _visible(request, pk)
        asked = ViewNameSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        name: str = asked.validated_data["name"]
        renamed = _done(lambda: rename_view(view, name, by=request.user))
        return Response(SavedViewSerializer(renamed).data)

    @extend_schema(
        tags=["audit"],
        summary="Delete a saved view",
        operation_id="audit_views_delete",
        request=None,
        responses={204: None},
        extensions=_SCOPE,
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Only its owner may."""
        view = _visible(request, pk)
        _done(lambda: delete_view(view, by=request.user))
        return Response(status=204)


def _visible(request: Request, pk: int) -> SavedView:
    visible = SavedView.objects.for_reader(request.user, some_reach(request.user))
    found = visible.select_related("owner").filter(pk=pk).first() if pk <= _LARGEST else None
    if found is None:
        raise NotFound(f"There is no saved view {pk} that you may use.")
    return found


def _wanted(request: Request, reach: Reach) -> tuple[dict[str, Any], str | Sharing | None]:
    """Return what a view is to be and whom it is to be shared with, as the actions take them."""
    asked = WantedViewSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    wanted = asked.validated_data
    if unknown := sorted(set(wanted["filter"]) - set(EventFilter.base_fields)):
        raise ValidationError({"filter": [f"There is no filter {name:.40}." for name in unknown]})
    form = EventFilter(reach, wanted["filter"])
    if not form.is_valid():
        said = [f"{name}: {' '.join(map(str, why))}" for name, why in form.errors.items()]
        raise ValidationError({"filter": said})
    project: str = form.cleaned_data["project"]
    if wanted.get("share") and not project:
        raise ValidationError({"share": [SHARED_BY_PROJECT]})
    sharing = (project if wanted["share"] else None) if "share" in wanted else Sharing.AS_IT_IS
    return {"name": wanted["name"], "query": query_of(wanted["filter"])}, sharing


def _done(deed: Callable[[], T]) -> T:
    try:
        return deed()
    except NotYours as error:
        raise PermissionDenied(str(error)) from error
    except ViewRefused as error:
        raise ValidationError({error.field: [str(error)]}) from error
