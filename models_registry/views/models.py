"""A project's models, one model, and one version with the snapshot of its intake."""

from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.held import held_in
from catalog.permissions import Permission
from catalog.views.page import Deed, Page
from catalog.views.paging import slice_of
from catalog.views.projects import ProjectPage
from models_registry.actions.settle_finding import settle_finding
from models_registry.aliases import unsettled_orders
from models_registry.forms import AskForm, ModelFilter, SettleForm
from models_registry.models import Finding, FindingState, ModelVersion, RegisteredModel, Registry
from models_registry.retraining_look import retraining_of
from models_registry.sections import sections_of

PAGE_SIZE: Final = 25
MOST_FINDINGS: Final = 30
Crumbs = list[tuple[str, str]]


class ModelsPage(ProjectPage):
    """``/projects/<slug>/models/``."""

    template_name = "models_registry/models.html"
    tab = "models_registry:models"

    def context(self) -> dict[str, Any]:
        """List the models, and how the sync with their registries stands."""
        asked = ModelFilter(self.request.GET or None)
        models = RegisteredModel.objects.filter(registry__project=self.project)
        if asked.is_bound and asked.is_valid() and asked.cleaned_data["q"]:
            models = models.filter(name__istartswith=asked.cleaned_data["q"])
        listed = models.select_related("registry", "artifact").annotate(
            newest=Max("versions__number"),
            open_findings=Count(
                "findings", filter=Q(findings__state=FindingState.OPEN), distinct=True
            ),
        )
        registries = Registry.objects.filter(project=self.project).select_related("sync")
        return {
            **super().context(),
            "shown": slice_of(listed, self.request, size=PAGE_SIZE),
            "filter": asked,
            "registries": list(registries),
            "may_manage": self.held.may(Permission.MANAGE_PROJECT),
        }


class ModelPage(Page):
    """``/models/<id>/``."""

    template_name = "models_registry/model.html"

    @cached_property
    def model(self) -> RegisteredModel:
        """The model of the address; 404 for one that may not be seen."""
        visible = RegisteredModel.objects.visible_to(self.caller)
        related = visible.select_related("registry__project", "artifact")
        return get_object_or_404(related, pk=self.kwargs["pk"])

    def context(self) -> dict[str, Any]:
        """Show its aliases, its versions, and what changed without the portal."""
        model, project = self.model, self.model.registry.project
        held = held_in(project, self.caller)
        retraining = retraining_of(model, held)
        versions = model.versions.select_related("artifact_version").defer(
            "run_tags", "parameters", "metrics", "datasets", "files", "flavours", "signature"
        )
        shown = slice_of(versions, self.request, key="number", descending=True, size=PAGE_SIZE)
        for version in shown.rows:
            version.model = model
        return {
            "model": model,
            "project": project,
            "shown": shown,
            "aliases": sorted(model.aliases.items()),
            "unsettled": unsettled_orders(model),
            "findings": [
                (finding, self.settle_form_of(finding))
                for finding in findings_of(Finding.objects.filter(model=model))
            ],
            "retraining": retraining,
            "ask_form": AskForm(is_hot=retraining.cools_until is not None),
            "may_settle": held.may(Permission.MANAGE_PROJECT),
            "crumbs": crumbs_of(model)[:-1],
        }

    def settle_form_of(self, finding: Finding) -> SettleForm:
        """Return the form of the dialog in which the finding is settled."""
        return SettleForm(finding)


class SettleFinding(Deed, ModelPage):
    """``/model-findings/<id>/settle/``: on the page of the finding's model."""

    @cached_property
    def finding(self) -> Finding:
        """The finding of the address; 404 for one that may not be seen."""
        visible = Finding.objects.visible_to(self.caller)
        related = visible.select_related("model__registry__project", "model__artifact")
        return get_object_or_404(related, pk=self.kwargs["pk"])

    @cached_property
    def model(self) -> RegisteredModel:
        """The model of the finding."""
        return self.finding.model

    @cached_property
    def sent(self) -> SettleForm:
        """What was sent."""
        return SettleForm(self.finding, self.request.POST)

    def form(self, data: Any = None) -> SettleForm:
        """Return the finding's own form: the dialogs of others stay shut when it is refused."""
        return self.sent

    def settle_form_of(self, finding: Finding) -> SettleForm:
        """Return what was sent, where it belongs."""
        return self.sent if finding.pk == self.finding.pk else super().settle_form_of(finding)

    def act(self, fields: dict[str, Any]) -> str:
        """Settle it."""
        settle_finding(self.finding, comment=fields["comment"], by=self.caller)
        return "The finding is settled."

    def back(self) -> str:
        """Return to the model's page."""
        return reverse("models_registry:model", args=[self.model.pk])


class ModelVersionPage(Page):
    """``/model-versions/<id>/``."""

    template_name = "models_registry/version.html"

    @cached_property
    def version(self) -> ModelVersion:
        """The version of the address; 404 for one that may not be seen."""
        visible = ModelVersion.objects.visible_to(self.caller)
        related = visible.select_related("model__registry__project", "artifact_version")
        return get_object_or_404(related, pk=self.kwargs["pk"])

    def context(self) -> dict[str, Any]:
        """Show the snapshot, and what others say about the version."""
        version, model = self.version, self.version.model
        return {
            "version": version,
            "model": model,
            "project": model.registry.project,
            "parameters": sorted(version.parameters.items()),
            "inputs": version.signature.get("inputs", []),
            "outputs": version.signature.get("outputs", []),
            "findings": [
                (each, None) for each in findings_of(Finding.objects.filter(version=version))
            ],
            "sections": sections_of(version, self.caller),
            "crumbs": crumbs_of(model),
        }


def findings_of(findings: "QuerySet[Finding]") -> list[Finding]:
    """Return the findings that a page shows, open ones first, newest first."""
    related = findings.select_related("environment__project", "version", "settled_by")
    return list(related.order_by("state", "-pk")[:MOST_FINDINGS])


def crumbs_of(model: RegisteredModel) -> Crumbs:
    """Return the way to a model's page, with the page."""
    project = model.registry.project
    return [
        ("Projects", reverse("catalog:projects")),
        (project.name, reverse("portal:project", args=[project.slug])),
        ("Models", reverse("models_registry:models", args=[project.slug])),
        (model.name, reverse("models_registry:model", args=[model.pk])),
    ]
