"""The page of one change request, its live part, and what people decide on it."""

from http import HTTPStatus
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from catalog.errors import Conflict, InvalidInput, WrongMoment
from catalog.models import the_portal
from catalog.permissions import Permission
from catalog.views.page import Deed, Page
from catalog.views.refusals import REFUSALS, status_of, write_into
from deployments.actions.attest import attest
from deployments.forms import AttestForm
from deployments.models import Deployment, DeploymentState
from portal.change_requests.changes import count_in_words, rows_of
from portal.change_requests.comparisons import comparisons_of
from portal.change_requests.decision import Decision, decision_of
from portal.change_requests.next_step import next_step
from portal.change_requests.progress import entries_of, phases_of, said, steps_of
from portal.change_requests.rulings import (
    gates_in_words,
    gates_of,
    other_signatures,
    rules_of,
    signatures_in_words,
)
from portal.change_requests.statement import statement_as_json, statement_in_words
from portal.change_requests.story import BEGUN, Story
from releases.actions.approve import approve
from releases.actions.reevaluate import reevaluate
from releases.actions.reject import reject
from releases.actions.withdraw import withdraw
from releases.bundles import bundle_words
from releases.errors import StaleStatement
from releases.forms.changes import DecisionForm, RejectForm, WithdrawForm
from releases.models import Approval, ApprovalDecision, ChangeRequest
from releases.rows import kind_of
from releases.states import TRANSITIONS, ChangeRequestState, Verb

POLLED_EVERY: Final = "every 1s"
"""While it is being carried out."""

POLLED_WHILE_WAITING: Final = "every 5s"
"""While it waits for people or reports."""

STOP_POLLING: Final = 286


class ChangeRequestPage(Page):
    """``/change-requests/CR-12/``."""

    template_name = "portal/change_request/page.html"

    @property
    def number(self) -> int:
        """The number of the address."""
        return int(self.kwargs["number"])

    def story(self) -> Story:
        """Read it afresh; 404 for one that may not be seen."""
        story = Story.of(self.number, self.caller)
        if story is None:
            raise Http404("There is no such change request.")
        return story

    def context(self) -> dict[str, Any]:
        """Return everything the page shows."""
        return whole(self.story())

    def back(self) -> str:
        """Return the page's own address."""
        return reverse("portal:change-request", args=[self.number])


def whole(story: Story) -> dict[str, Any]:
    """Return the context of the whole page."""
    rows = rows_of(story)
    return {
        **changing(story),
        "crumbs": _crumbs(story),
        "passage": _passage(story),
        "doubts": story.doubts,
        "rows": rows,
        "rows_in_words": count_in_words(rows),
        "comparisons": comparisons_of(story),
        "items": [item.artifact_version for item in story.items],
        "bundle": bundle_words(item.artifact_version for item in story.items),
        "statement_members": statement_in_words(story),
        "statement_json": statement_as_json(story),
    }


def changing(story: Story) -> dict[str, Any]:
    """Return the context of what may change while somebody looks."""
    request = story.change_request
    return {
        "change_request": request,
        "project": request.project,
        "requested_by_kind": kind_of(request.requested_by),
        "next": next_step(story),
        "phases": phases_of(story),
        "steps": steps_of(story),
        "deployment": story.deployment,
        "gates": gates_of(story),
        "gates_in_words": gates_in_words(story),
        "rules": rules_of(story),
        "signatures_in_words": signatures_in_words(story),
        "other_signatures": other_signatures(story),
        "entries": entries_of(story),
        "decision": decision_of(story),
        "attest_form": AttestForm() if _may_attest(story) else None,
        "withdraw_form": WithdrawForm(auto_id="id_withdraw_%s") if _may_withdraw(story) else None,
        "may_read_audit": story.held.may(Permission.VIEW_AUDIT),
        "poll": _poll(story),
        "said": said(story),
        "version": version_of(story),
    }


def version_of(story: Story) -> str:
    """Return what a live page compares: nothing changed while it is the same."""
    request = story.change_request
    steps = "".join(step.state[0] for step in story.steps)
    statement = request.statement_id or 0
    return f"{request.state}-{story.last_event}-{statement}-{steps}"


class LiveChangeRequest(ChangeRequestPage):
    """``/change-requests/CR-12/live/``: what changed since the page was drawn, for htmx."""

    template_name = "portal/change_request/live.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Answer 204 when nothing changed, and 286 when nothing will change any more."""
        story = self.story()
        is_acting = story.change_request.state in BEGUN
        if request.GET.get("version") == version_of(story) and story.is_under_way and not is_acting:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        has_ended = not story.is_under_way
        context = whole(story) if has_ended else changing(story)
        decision: Decision = context["decision"]
        drawn_in = request.GET.get("version", "").partition("-")[0]
        context["draw_rulings"] = not is_acting or drawn_in != story.change_request.state
        context["draw_changes"] = has_ended  # what ran now is what ran before
        context["draw_decision"] = request.GET.get("decision") != decision.key
        status = STOP_POLLING if has_ended else HTTPStatus.OK
        return render(request, self.template_name, context, status=status)


class Decide(Deed, ChangeRequestPage):
    """A yes or a no. What is refused is said on the page as it stands then, never on the one they saw."""

    decision: ClassVar[ApprovalDecision]

    def form_of(self, request: HttpRequest) -> type[DecisionForm]:
        """Return the form that was sent."""
        return DecisionForm

    def decide(self, statement_digest: str, comment: str) -> ChangeRequest:
        """Call the action."""
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Decide, and show the page anew."""
        self.story()  # 404 before anything else
        form = self.form_of(request)(request.POST)
        if not form.is_valid():
            return self.again(form, HTTPStatus.UNPROCESSABLE_ENTITY)
        digest, comment = form.cleaned_data["statement_digest"], form.cleaned_data["comment"]
        try:
            decided = self.decide(digest, comment)
        except InvalidInput as refusal:
            return self.again(form, write_into(form, refusal))
        except REFUSALS as refusal:
            if isinstance(refusal, Conflict | WrongMoment) and self._was_done(digest):
                return redirect(self.back())  # pressed twice
            if isinstance(refusal, StaleStatement):
                reevaluate(self.number, why="somebody was about to sign", by=the_portal())
            return self.again(form, status_of(refusal), refusal=refusal)
        messages.success(request, self.done(decided))
        return redirect(self.back())

    def done(self, change_request: ChangeRequest) -> str:
        """Return the sentence that says what was done."""
        raise NotImplementedError

    def again(self, form: DecisionForm, status: int, **instead: Any) -> HttpResponse:
        """Show the page as it stands now, with what was typed and the statement of now."""
        context = self.context()
        decision: Decision = context["decision"]
        form.data = {**self.request.POST.dict(), "statement_digest": decision.statement_digest}
        if isinstance(form, RejectForm):
            form.auto_id = "id_reject_%s"
            decision.reject_form = form
        else:
            decision.form = form
        return render(
            self.request, self.template_name, {**context, **instead, "poll": ""}, status=status
        )

    def _was_done(self, digest: str) -> bool:
        return Approval.objects.filter(
            change_request_id=self.number,
            person=self.caller,
            decision=self.decision,
            statement__digest=digest,
            voided_at=None,
        ).exists()


class Approve(Decide):
    """``/change-requests/CR-12/approve/``."""

    decision = ApprovalDecision.APPROVED

    def decide(self, statement_digest: str, comment: str) -> ChangeRequest:
        """Sign yes."""
        return approve(
            self.number, statement_digest=statement_digest, comment=comment, by=self.caller
        )

    def done(self, change_request: ChangeRequest) -> str:
        """Say whether others have to sign as well."""
        if change_request.state == ChangeRequestState.AWAITING_APPROVAL:
            return f"You approved {change_request.label}. Others have to sign as well."
        return f"You approved {change_request.label}, and every rule is met."


class Reject(Decide):
    """``/change-requests/CR-12/reject/``."""

    decision = ApprovalDecision.REJECTED

    def form_of(self, request: HttpRequest) -> type[DecisionForm]:
        """Return the form that was sent: the one with both buttons, or the one with the no alone."""
        return RejectForm if "alone" in request.POST else DecisionForm

    def decide(self, statement_digest: str, comment: str) -> ChangeRequest:
        """Sign no."""
        return reject(
            self.number, statement_digest=statement_digest, comment=comment, by=self.caller
        )

    def done(self, change_request: ChangeRequest) -> str:
        """Say that it is final."""
        return f"You rejected {change_request.label}. A new request can be made from it."


class Withdraw(Deed, ChangeRequestPage):
    """``/change-requests/CR-12/withdraw/``."""

    form_class: ClassVar[type[forms.Form] | None] = WithdrawForm
    form_name = "withdraw_form"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take it back."""
        self.story()  # 404 before anything else
        return super().post(request, **kwargs)

    def act(self, fields: dict[str, Any]) -> str:
        """Call the action."""
        taken_back = withdraw(self.number, comment=fields["comment"], by=self.caller)
        return f"{taken_back.label} is withdrawn."


class Attest(Deed, ChangeRequestPage):
    """``/change-requests/CR-12/attest/``: a person says how a deployment by hand went."""

    form_class: ClassVar[type[forms.Form] | None] = AttestForm
    form_name = "attest_form"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """End the deployment by a person's word."""
        self.story()  # 404 before anything else
        return super().post(request, **kwargs)

    def act(self, fields: dict[str, Any]) -> str:
        """Call the action on the last attempt."""
        last = Deployment.objects.filter(change_request_id=self.number).order_by("-id").first()
        if last is None:
            raise WrongMoment("Nothing is being carried out yet, so there is nothing to attest.")
        attest(last.pk, **fields, by=self.caller)
        return "Your word is recorded."


def _crumbs(story: Story) -> list[tuple[str, str]]:
    request = story.change_request
    slug = request.project.slug
    return [
        ("Projects", reverse("catalog:projects")),
        (request.project.name, reverse("portal:project", args=[slug])),
        ("Change requests", reverse("releases:change-requests", args=[slug])),
    ]


def _passage(story: Story) -> dict[str, Any]:
    request, now = story.change_request, story.now
    slug = request.project.slug
    release, environment = request.release, request.environment
    return {
        "environment": environment.name,
        "environment_tier": environment.get_tier_display(),
        "environment_url": reverse("deployments:environment", args=[slug, environment.name]),
        "new_release": release.version,
        "new_url": reverse("releases:release", args=[slug, release.version]),
        "new_detail": f"{len(story.items)} {'item' if len(story.items) == 1 else 'items'}",
        "old_release": now.release,
        "old_since": now.since,
        "old_url": reverse("releases:release", args=[slug, now.release]) if now.release else "",
        "old_label": _old_label(story),
        "new_label": _new_label(story),
    }


def _old_label(story: Story) -> str:
    if story.change_request.deployed_at:
        return "Ran before"
    return "Arrived last" if story.now.doubts else "Runs now"


def _new_label(story: Story) -> str:
    if story.change_request.deployed_at:
        return "Put there"
    return "Would run" if story.is_under_way else "Was to run"


def _may_withdraw(story: Story) -> bool:
    request = story.change_request
    if (ChangeRequestState(request.state), Verb.WITHDRAW) not in TRANSITIONS:
        return False
    own = request.requested_by_id == story.reader.pk
    return own or story.held.may(Permission.DEPLOY, request.environment_id)


def _may_attest(story: Story) -> bool:
    """Whether a person's word is awaited; a webhook's executor reports by itself."""
    request, deployment = story.change_request, story.deployment
    if deployment is None or deployment.state != DeploymentState.WAITING or not request.statement:
        return False
    by_hand = request.statement.document["target"]["executor"] == "manual"
    return (
        by_hand
        and story.reader.is_person
        and story.held.may(Permission.DEPLOY, request.environment_id)
    )


def _poll(story: Story) -> str:
    """Return how often the page asks what is new; nothing when nothing can be new."""
    if not story.is_under_way:
        return ""
    state = ChangeRequestState(story.change_request.state)
    soon = {ChangeRequestState.CHECKING, ChangeRequestState.APPROVED, ChangeRequestState.QUEUED}
    return POLLED_EVERY if state in BEGUN or state in soon else POLLED_WHILE_WAITING
