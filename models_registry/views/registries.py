"""A project's model registries: how the sync with each stands, and its settings."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.models import Project
from catalog.permissions import Permission
from catalog.views.page import Deed, FormPage
from catalog.views.projects import Crumbs, ProjectPage
from models_registry.actions.change_registry import change_registry
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.actions.request_sync import request_sync
from models_registry.forms import NewRegistryForm, RegistryForm, SettleForm
from models_registry.models import Finding, ModelVersion, Registry, Sync, SyncPhase, SyncResult
from models_registry.views.models import findings_of
from models_registry.webhooks import address_of

STOP_POLLING = 286
"""htmx's word for: this part will not change any more."""
_TONES = {
    SyncResult.NEVER: ("neutral", "circle-dashed"),
    SyncResult.SUCCEEDED: ("good", "circle-check"),
    SyncResult.ERRORED: ("unknown", "help-octagon"),
    SyncResult.REFUSED: ("bad", "ban"),
}


class NewRegistry(FormPage, ProjectPage):
    """``/projects/<slug>/new-model-registry/``."""

    template_name = "catalog/project_form.html"
    form_class = NewRegistryForm

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": "New model registry",
            "lead": "An MLflow tracking server. Its registered models become artifacts of the project.",
            "submit_label": "Add the registry",
            "cancel_url": reverse("models_registry:models", args=[self.project.slug]),
        }

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Add it and go there."""
        name = fields.pop("name")
        registry = create_registry(self.project, name, RegistrySpec(**fields), by=self.caller)
        return redirect("models_registry:registry", registry.pk)


class RegistryPage(ProjectPage):
    """``/model-registries/<id>/``."""

    template_name = "models_registry/registry.html"

    @cached_property
    def registry(self) -> Registry:
        """The registry of the address; 404 for one that may not be seen."""
        visible = Registry.objects.visible_to(self.caller).select_related("project", "sync")
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    @cached_property
    def project(self) -> Project:
        """The project of the registry."""
        return self.registry.project

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        models = ("Models", reverse("models_registry:models", args=[self.project.slug]))
        return [*super().crumbs, models]

    def context(self) -> dict[str, Any]:
        """Show its settings, how the sync stands, and what changed without the portal."""
        registry = self.registry
        return {
            **super().context(),
            **standing_of(registry),
            "webhook_url": address_of(registry, settings.PUBLIC_URL),
            "findings": [
                (finding, SettleForm(finding))
                for finding in findings_of(Finding.objects.filter(model__registry=registry))
            ],
            "may_manage": self.held.may(Permission.MANAGE_PROJECT),
            "may_settle": self.held.may(Permission.MANAGE_PROJECT),
        }


class SyncLive(RegistryPage):
    """``/model-registries/<id>/live/``: how the sync stands, asked again while it is busy."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return the part of the page."""
        standing = standing_of(self.registry)
        status = HTTPStatus.OK if standing["is_busy"] else STOP_POLLING
        return render(request, "models_registry/live.html", standing, status=status)


class SyncNow(Deed, RegistryPage):
    """``/model-registries/<id>/sync/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Ask for it."""
        request_sync(self.registry, by=self.caller)
        return "A worker reads the registry now."

    def back(self) -> str:
        """Return to the registry's page."""
        return reverse("models_registry:registry", args=[self.registry.pk])


class EditRegistry(FormPage, RegistryPage):
    """``/model-registries/<id>/edit/``."""

    template_name = "catalog/project_form.html"
    form_class = RegistryForm

    def form(self, data: Any = None) -> RegistryForm:
        """Begin with what is there."""
        names = RegistryForm.base_fields
        return RegistryForm(data, initial={name: getattr(self.registry, name) for name in names})

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": f"Registry {self.registry.name}",
            "lead": "What came from it stays, whatever you change here.",
            "submit_label": "Save",
            "cancel_url": self.back(),
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Change it."""
        change_registry(self.registry, RegistrySpec(**fields), by=self.caller)
        return "The registry is saved, and is read anew."

    def back(self) -> str:
        """Return to the registry's page."""
        return reverse("models_registry:registry", args=[self.registry.pk])


def standing_of(registry: Registry) -> dict[str, Any]:
    """Return how the sync stands, as the page shows it."""
    sync: Sync = registry.sync
    waiting = ModelVersion.objects.filter(
        model__registry=registry, intake="waiting", gone_at=None
    ).count()
    tone, icon = _TONES[SyncResult(sync.result)]
    return {
        "registry": registry,
        "sync": sync,
        "is_busy": sync.is_running or bool(waiting) or sync.result == SyncResult.NEVER,
        "phase": SyncPhase(sync.phase).label if sync.is_running else "",
        "waiting": waiting,
        "tone": tone,
        "icon": icon,
    }
