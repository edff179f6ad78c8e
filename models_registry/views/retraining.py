"""Retraining: its part of a model's page, the page of a request, and what is called."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property

from audit.models import Event
from audit.sentences import with_sentences
from catalog.held import Held, held_in
from catalog.permissions import Permission, require
from catalog.views.page import Deed, FormPage, Page
from catalog.views.projects import Crumbs, ProjectPage
from models_registry.actions.clear_retraining import clear_retraining
from models_registry.actions.request_retraining import request_retraining
from models_registry.actions.set_trigger import (
    FIELDS,
    TriggerSpec,
    change_trigger,
    create_trigger,
)
from models_registry.actions.withdraw_retraining import withdraw_retraining
from models_registry.audit_events import RetrainingEvent
from models_registry.forms import AskForm, ClearForm, TriggerForm, WithdrawForm
from models_registry.models import RegisteredModel, RetrainingRequest, RetrainingTrigger
from models_registry.retraining_look import badge_of, phases_of
from models_registry.states import RetrainingState
from models_registry.views.models import ModelPage, crumbs_of

STOP_POLLING: Final = 286
"""htmx's word for: this part will not change any more."""
MOST_EVENTS: Final = 100
_LOOK_OF_EVENT: Final = {
    str(RetrainingEvent.TRIGGERED): "done",
    str(RetrainingEvent.RUNNING): "running",
    str(RetrainingEvent.NO_ANSWER): "error",
    str(RetrainingEvent.UNCLEAR): "errored",
    str(RetrainingEvent.RETURNED): "done",
    str(RetrainingEvent.FAILED): "failed",
    str(RetrainingEvent.EXPIRED): "expired",
    str(RetrainingEvent.WITHDRAWN): "withdrawn",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of ``components/timeline_entry.html``."""

    sentence: str
    when: datetime
    state: str
    number: int
    url: str = ""


class AskForRetraining(Deed, ModelPage):
    """``/models/<id>/ask-for-retraining/``."""

    form_class = AskForm
    form_name = "ask_form"
    made: RetrainingRequest

    def act(self, fields: dict[str, Any]) -> str:
        """Ask for it."""
        self.made = request_retraining(self.model, **fields, by=self.caller)
        return f"{self.made.label} is made; a worker calls the tool now."

    def back(self) -> str:
        """Go to the request, or return to the model."""
        if hasattr(self, "made"):
            return reverse("models_registry:retraining", args=[self.made.pk])
        return reverse("models_registry:model", args=[self.model.pk])


class RetrainingPage(Page):
    """``/retraining-requests/<id>/``."""

    template_name = "models_registry/retraining/request.html"

    @cached_property
    def request_row(self) -> RetrainingRequest:
        """The request of the address; 404 for one that may not be seen."""
        visible = RetrainingRequest.objects.visible_to(self.caller)
        related = visible.select_related(
            "model__registry__project", "trigger__project", "requested_by", "version"
        )
        return get_object_or_404(related, pk=self.kwargs["pk"])

    @cached_property
    def held(self) -> Held:
        """What whoever looks may do here."""
        return held_in(self.request_row.model.registry.project, self.caller)

    def context(self) -> dict[str, Any]:
        """Show how it stands, what happened, and what can be done about it."""
        row, held = self.request_row, self.held
        row.trigger.model = row.model if row.trigger.model_id else None
        may_manage = held.may(Permission.MANAGE_PROJECT)
        is_own = row.requested_by_id == self.caller.pk
        may_ask = may_manage or held.may(Permission.REGISTER_ARTIFACT)
        return {
            **self.standing(),
            "model": row.model,
            "project": row.model.registry.project,
            "may_withdraw": row.is_open and (is_own or may_manage),
            "may_clear": row.state == RetrainingState.UNCLEAR and may_ask,
            "withdraw_form": WithdrawForm(),
            "clear_form": ClearForm(),
            "crumbs": crumbs_of(row.model),
        }

    def standing(self) -> dict[str, Any]:
        """Return what changes by itself."""
        row = self.request_row
        return {
            "retraining": row,
            "badge": badge_of(row),
            "phases": phases_of(row),
            "entries": self._entries(),
            "is_waiting": row.is_open and row.state != RetrainingState.UNCLEAR,
        }

    def _entries(self) -> list[Entry]:
        may_read = self.held.may(Permission.VIEW_AUDIT)
        events = Event.objects.filter(stream=self.request_row.audit_stream).order_by("stream_seq")
        return [
            Entry(
                sentence=event.sentence,  # type: ignore[attr-defined]  # set by with_sentences()
                when=event.recorded_at,
                state=_LOOK_OF_EVENT.get(event.type, "recorded"),
                number=event.stream_seq,
                url=reverse("audit:event", args=[event.pk]) if may_read else "",
            )
            for event in with_sentences(events[:MOST_EVENTS])
        ]

    def back(self) -> str:
        """Return to this page."""
        return reverse("models_registry:retraining", args=[self.request_row.pk])


class RetrainingLive(RetrainingPage):
    """``/retraining-requests/<id>/live/``: how it stands, asked again while it is open."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return the part of the page."""
        standing = self.standing()
        status = HTTPStatus.OK if standing["is_waiting"] else STOP_POLLING
        return render(request, "models_registry/retraining/live.html", standing, status=status)


class WithdrawRetraining(Deed, RetrainingPage):
    """``/retraining-requests/<id>/withdraw/``."""

    form_class = WithdrawForm
    form_name = "withdraw_form"

    def act(self, fields: dict[str, Any]) -> str:
        """Withdraw it."""
        withdraw_retraining(self.request_row, **fields, by=self.caller)
        return "The request is withdrawn."


class ClearRetraining(Deed, RetrainingPage):
    """``/retraining-requests/<id>/clear/``."""

    form_class = ClearForm
    form_name = "clear_form"

    def act(self, fields: dict[str, Any]) -> str:
        """Say what became of the call."""
        has_begun = fields["has_begun"] == "yes"
        clear_retraining(
            self.request_row, has_begun=has_begun, comment=fields["comment"], by=self.caller
        )
        return "Its version is waited for." if has_begun else "A worker calls the tool again."


class TriggerPage(FormPage, ProjectPage):
    """``/projects/<slug>/retraining-trigger/``: for every model that has none of its own."""

    template_name = "catalog/project_form.html"
    form_class = TriggerForm

    @property
    def model(self) -> RegisteredModel | None:
        """Whose trigger it is."""
        return None

    @cached_property
    def trigger(self) -> RetrainingTrigger | None:
        """What is there; None yet."""
        return RetrainingTrigger.objects.filter(project=self.project, model=self.model).first()

    def form(self, data: Any = None) -> TriggerForm:
        """Begin with what is there."""
        return TriggerForm(data, initial=TriggerForm.initial_of(self.trigger))

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        models = ("Models", reverse("models_registry:models", args=[self.project.slug]))
        return [*super().crumbs, models]

    def context(self) -> dict[str, Any]:
        """Show the form."""
        if not self.held.may(Permission.MANAGE_PROJECT):
            require(Permission.MANAGE_PROJECT, self.caller, self.project)
        whose = self.model.name if self.model else "every model without a trigger of its own"
        return {
            **super().context(),
            "title": "What trains it again" if self.model else "What trains models again",
            "lead": f"What Gatehouse calls to have a new version of {whose} trained. Calls lead to public "
            f"addresses, and to hosts that the operator names.{self.instead_of()}",
            "submit_label": "Save",
            "cancel_url": self.back(),
        }

    def instead_of(self) -> str:
        """Say in whose place it comes, if there is something."""
        return ""

    def act(self, fields: dict[str, Any]) -> str:
        """Create it, or change it."""
        spec = TriggerSpec(**{name: fields[name] for name in FIELDS})
        if self.trigger is None:
            create_trigger(self.project, self.model, spec, by=self.caller)
        else:
            change_trigger(self.trigger, spec, by=self.caller)
        return (
            "What trains it again is saved." if self.model else "What trains models again is saved."
        )

    def back(self) -> str:
        """Return to the project's models."""
        return reverse("models_registry:models", args=[self.project.slug])


class ModelTriggerPage(TriggerPage):
    """``/models/<id>/retraining-trigger/``."""

    @cached_property
    def model(self) -> RegisteredModel:
        """The model of the address; 404 for one that may not be seen."""
        visible = RegisteredModel.objects.visible_to(self.caller)
        return get_object_or_404(visible.select_related("registry__project"), pk=self.kwargs["pk"])

    @cached_property
    def project(self) -> Any:
        """The project of the model."""
        return self.model.registry.project

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        return crumbs_of(self.model)

    def instead_of(self) -> str:
        """Name what trains it as long as it has no trigger of its own."""
        common = RetrainingTrigger.objects.of_model(self.model)
        if common is None or common == self.trigger or not common.is_active:
            return ""
        return f" So far the {common} is called ({common.address}); what you save here takes its place."

    def back(self) -> str:
        """Return to the model's page."""
        return reverse("models_registry:model", args=[self.model.pk])
