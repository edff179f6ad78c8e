"""One environment: what runs there, what ran before, how it is reached, and the way back."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from catalog.models import Artifact, ArtifactKind, Environment
from catalog.permissions import Permission
from catalog.views.page import Deed, FormPage
from catalog.views.projects import EnvironmentPart
from deployments.actions.add_binding import BindingSpec, add_binding
from deployments.actions.remove_binding import remove_binding
from deployments.actions.set_target import TargetSpec, set_target
from deployments.forms import BindingForm, TargetForm
from deployments.models import Cluster, Deployment, DeploymentState, Target, WorkloadBinding
from deployments.running import Now, runs_in
from releases.models import ChangeRequest, PolicyActivation
from releases.rows import SHOWN_WITH, address_of, held_up_by, row_of
from releases.states import OPEN, ChangeRequestState

MOST_DEPLOYMENTS = 15
_UNDER_WAY = [*sorted(OPEN), ChangeRequestState.DEPLOYING, ChangeRequestState.VERIFYING]

_LOOKS = {
    DeploymentState.RUNNING: "deploying",
    DeploymentState.WAITING: "current",
    DeploymentState.SUCCEEDED: "done",
    DeploymentState.FAILED: "failed",
    DeploymentState.ERRORED: "errored",
}


class EnvironmentPage(EnvironmentPart):
    """``/projects/<slug>/environments/<name>/``."""

    template_name = "deployments/environment.html"

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """The way here."""
        return super().crumbs[:-1]

    def context(self) -> dict[str, Any]:
        """Show it."""
        environment = self.environment
        now = runs_in(environment.pk)
        past = list(self._past())
        under_way = ChangeRequest.objects.filter(environment=environment, state__in=_UNDER_WAY)
        waiting = list(under_way.select_related(*SHOWN_WITH).order_by("-number")[:20])
        may_submit = self.held.may(Permission.SUBMIT_CHANGE, environment.pk)
        return {
            **super().context(),
            "now": now,
            "again_url": self._again(now, waiting) if may_submit else "",
            "target": self.target,
            "bindings": self._bindings(),
            "policy": self._policy(),
            "past": [self._attempt(each, now.release_id, may_submit=may_submit) for each in past],
            "waiting": [row_of(each, ask=held_up_by(each), with_risk=False) for each in waiting],
            "may_submit": may_submit,
            "may_audit": self.held.may(Permission.VIEW_AUDIT),
            "may_manage": self.held.may(Permission.MANAGE_PROJECT),
            "may_activate": self.held.may(Permission.ACTIVATE_POLICY, environment.pk),
        }

    def environments(self) -> "QuerySet[Environment]":
        """Return what may be seen, with how it is reached."""
        return super().environments().select_related("target__cluster")

    @property
    def target(self) -> Target | None:
        """How the environment is reached, if anybody has said so."""
        return getattr(self.environment, "target", None)

    def _bindings(self) -> list[WorkloadBinding]:
        return list(self.target.bindings.select_related("artifact")) if self.target else []

    def _policy(self) -> PolicyActivation | None:
        activations = self.environment.policy_activations.filter(ended_at=None)
        return activations.select_related("policy_version__policy", "activated_by").first()

    def _past(self) -> "QuerySet[Deployment]":
        attempts = self.environment.deployments.select_related("change_request__release")
        return attempts.order_by("-id")[:MOST_DEPLOYMENTS]

    def _again(self, now: Now, waiting: Sequence[ChangeRequest]) -> str:
        """Return where what arrived last is asked for once more, to make certain what runs; unless it was."""
        is_asked = any(each.release_id == now.release_id for each in waiting)
        if is_asked or not (now.doubts and now.release_id):
            return ""
        page = reverse("releases:new-change-request", args=[self.project.slug])
        return f"{page}?release={now.release_id}&environment={self.environment.pk}"

    def _attempt(self, each: Deployment, now: int | None, *, may_submit: bool) -> dict[str, Any]:
        request = each.change_request
        back = each.state == DeploymentState.SUCCEEDED and request.release_id != now and may_submit
        page = reverse("releases:new-change-request", args=[self.project.slug])
        wish = f"release={request.release_id}&environment={self.environment.pk}&kind=rollback"
        return {
            "deployment": each,
            "request": request,
            "url": address_of(request.number),
            "release": request.release.version,
            "look": _LOOKS[DeploymentState(each.state)],
            "back_url": f"{page}?{wish}" if back else "",
        }


class SetTarget(FormPage, EnvironmentPart):
    """``/projects/<slug>/environments/<name>/target/``."""

    template_name = "catalog/project_form.html"
    form_class = TargetForm

    def form(self, data: Any = None) -> TargetForm:
        """Begin with what is there."""
        target = Target.objects.filter(environment=self.environment).first()
        names = [name for name in TargetForm.base_fields if name != "cluster"]
        there = {name: getattr(target, name) for name in names} if target else {}
        if target:
            there["cluster"] = target.cluster_id
        return TargetForm(data, clusters=Cluster.objects.all(), initial=there)

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": f"How {self.environment.name} is reached",
            "lead": "Part of what people sign: changing it voids the approvals of open change requests.",
            "submit_label": "Save the target",
            "cancel_url": self.environment_url,
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Set it."""
        chosen = fields["cluster"]
        cluster = Cluster.objects.filter(pk=chosen).first() if chosen else None
        spec = TargetSpec(
            executor=fields["executor"],
            cluster=cluster,
            namespace=fields["namespace"],
            webhook_url=fields["webhook_url"],
            webhook_secret=fields["webhook_secret"],
            timeout_seconds=fields["timeout_seconds"],
        )
        set_target(self.environment, spec, by=self.caller)
        return "The target is set."

    def back(self) -> str:
        """Return the environment's page."""
        return self.environment_url


class AddBinding(FormPage, EnvironmentPart):
    """``/projects/<slug>/environments/<name>/bindings/``."""

    template_name = "catalog/project_form.html"
    form_class = BindingForm

    def form(self, data: Any = None) -> BindingForm:
        """Offer the project's images and models."""
        return BindingForm(data, artifacts=self._bindable())

    def _bindable(self) -> "QuerySet[Artifact]":
        kinds = (ArtifactKind.IMAGE, ArtifactKind.MODEL)
        return self.project.artifacts.filter(kind__in=kinds).order_by("name")

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": f"Bind an artifact in {self.environment.name}",
            "lead": "Which container runs an image, or which InferenceService serves a model. Every image of "
            "a release needs one.",
            "submit_label": "Bind it",
            "cancel_url": self.environment_url,
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Bind it."""
        artifact = self._bindable().get(pk=fields.pop("artifact"))
        of_canary = ("canary_hold_seconds", "serving_mode")
        given = {name: value for name, value in fields.items() if name not in of_canary}
        given |= {name: fields[name] for name in of_canary if fields[name] not in {None, ""}}
        binding = add_binding(self.environment, artifact, BindingSpec(**given), by=self.caller)
        return f"{artifact.name} runs in {binding.place} from now on."

    def back(self) -> str:
        """Return the environment's page."""
        return self.environment_url


class RemoveBinding(Deed, EnvironmentPage):
    """``/projects/<slug>/environments/<name>/bindings/<id>/remove/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Unbind it."""
        remove_binding(self.environment, self.kwargs["pk"], by=self.caller)
        return "The binding is gone. What the container runs, it runs on."

    def back(self) -> str:
        """Return the environment's page."""
        return self.environment_url
