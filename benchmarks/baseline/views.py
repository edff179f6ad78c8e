"""The plain ways: a bare view, DRF's ModelViewSet, and a Django template."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from rest_framework import serializers, viewsets

from benchmarks.baseline.models import (
    Approval,
    AuditRow,
    Build,
    ChangeRequest,
    Event,
    FlatChangeRequest,
    GateResult,
)

PAGE_SIZE = 50


def bare(_request: HttpRequest) -> HttpResponse:
    """Answer at once: what the framework and the server cost."""
    return JsonResponse({"decision": "pending", "done": False, "reasons": []})


class FlatSerializer(serializers.ModelSerializer[FlatChangeRequest]):
    """All columns."""

    class Meta:
        model = FlatChangeRequest
        fields = "__all__"


class FlatViewSet(viewsets.ModelViewSet[FlatChangeRequest]):
    """Read one, list them."""

    queryset = FlatChangeRequest._default_manager.all()
    serializer_class = FlatSerializer
    filterset_fields = ["project_id", "state"]


class BuildSerializer(serializers.ModelSerializer[Build]):
    """All columns but who and when."""

    class Meta:
        model = Build
        fields = "__all__"
        read_only_fields = ["registered_by", "registered_at"]


class BuildViewSet(viewsets.ModelViewSet[Build]):
    """Create one, with its audit row in the same transaction."""

    queryset = Build._default_manager.all()
    serializer_class = BuildSerializer

    @transaction.atomic
    def perform_create(self, serializer: Any) -> None:
        """Save the row and say so in the log."""
        build = serializer.save(registered_by=self.request.user)
        AuditRow._default_manager.create(
            actor=self.request.user,
            action="create",
            object_type="build",
            object_id=build.pk,
            data=serializer.data,
        )


_WITH_RELATIONS = ChangeRequest._default_manager.select_related(
    "project", "environment", "release", "requested_by"
)


@login_required
def page_of_list(request: HttpRequest) -> HttpResponse:
    """Show change requests: one query, one template."""
    rows = _WITH_RELATIONS.all()
    if "project" in request.GET:
        rows = rows.filter(project__slug=request.GET["project"])
    if "state" in request.GET:
        rows = rows.filter(state=request.GET["state"])
    count = int(request.GET.get("rows", PAGE_SIZE))
    return render(request, "baseline/list.html", {"rows": rows[:count]})


@login_required
def page_of_one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one change request with its gates, approvals and events."""
    context = {
        "row": get_object_or_404(_WITH_RELATIONS, pk=number),
        "gates": GateResult._default_manager.filter(change_request=number),
        "approvals": Approval._default_manager.filter(change_request=number).select_related(
            "person"
        ),
        "events": Event._default_manager.filter(stream=f"change-request/{number}"),
    }
    return render(request, "baseline/one.html", context)
