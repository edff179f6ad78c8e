"""Change requests: open, read, decide, and ask for the verdict."""

import re
from functools import partial
from typing import Final

from django.http import HttpResponse, HttpResponseNotModified
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from catalog.api.authentication import ensure_still_good
from catalog.api.describe import call, query
from catalog.api.endpoint import Endpoint
from catalog.errors import InvalidInput, NotFound
from catalog.models import Project
from catalog.models import TokenScope as Scope
from releases.actions.approve import approve
from releases.actions.reject import reject
from releases.actions.submit import submit
from releases.actions.withdraw import withdraw
from releases.api.change_request_documents import (
    ChangeRequestSerializer,
    ChangeRequestSummarySerializer,
    DecisionSerializer,
    NewChangeRequestSerializer,
    RejectionSerializer,
    VerdictSerializer,
    WithdrawalSerializer,
)
from releases.api.change_request_list import ChangeRequestFilter, change_requests
from releases.api.reading import document_of
from releases.api.verdict import LONGEST_WAIT, verdict_of
from releases.models import ChangeRequest, Release

_SECONDS: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


class ChangeRequestEndpoint(Endpoint):
    """What all calls about change requests share."""

    queryset = ChangeRequest.objects.none()
    filterset_class = ChangeRequestFilter
    required_scope = Scope.CHANGES

    def read(self, number: int, status: int = 200) -> HttpResponse:
        """Answer with the change request."""
        return self.written(document_of(number, caller=self.caller), status)

    def ensure_visible(self, number: int) -> None:
        """Refuse what the caller may not see before an action locks it.

        Raises:
            NotFound: there is none, or the caller may not see its project.
        """
        if not ChangeRequest.objects.visible_to(self.caller).filter(pk=number).exists():
            raise NotFound(f"There is no change request CR-{number} that you may see.")


class ChangeRequestsView(ChangeRequestEndpoint):
    """``change-requests/``."""

    @call(
        "change requests",
        "List change requests across projects",
        name="change_requests_list",
        answer=ChangeRequestSummarySerializer(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        """Newest first. ``state`` may be given several times."""
        return self.fetched(change_requests(request.query_params, self.caller))


class ProjectChangeRequestsView(ChangeRequestEndpoint):
    """``projects/{slug}/change-requests/``."""

    @call(
        "change requests",
        "List the change requests of a project",
        name="project_change_requests_list",
        answer=ChangeRequestSummarySerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Newest first. ``state`` may be given several times."""
        project = self.project(slug)
        return self.fetched(change_requests(request.query_params, self.caller, of=project))

    @call(
        "change requests",
        "Ask for a release to be put on an environment",
        name="change_requests_open",
        body=NewChangeRequestSerializer,
        answer=ChangeRequestSerializer,
        status=201,
        scope=Scope.CHANGES,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Needs ``submit_change`` in the environment. The gates are evaluated before the answer."""
        project = self.project(slug)
        fields = self.body(NewChangeRequestSerializer)
        release = _release(project, fields.pop("release"))
        environment = project.environments.filter(name=fields["environment"]).first()
        if environment is None:
            raise InvalidInput.of(
                "environment", f"{slug} has no environment {fields['environment']!r:.80}."
            )
        fields["environment"] = environment
        change_request = submit(release, **fields, by=self.caller)
        return self.read(change_request.number, status=201)


class ChangeRequestView(ChangeRequestEndpoint):
    """``change-requests/{number}/``."""

    @call(
        "change requests",
        "Read a change request",
        name="change_requests_read",
        answer=ChangeRequestSerializer,
    )
    def get(self, request: Request, number: int) -> HttpResponse:
        """By its number, as ``12`` or ``CR-12``. ``statement_digest`` is what an approval signs."""
        return self.read(number)


class ApproveView(ChangeRequestEndpoint):
    """``change-requests/{number}/approve/``."""

    required_scope = Scope.APPROVE

    @call(
        "change requests",
        "Approve a change request",
        name="change_requests_approve",
        body=DecisionSerializer,
        answer=ChangeRequestSerializer,
        scope=Scope.APPROVE,
    )
    def post(self, request: Request, number: int) -> HttpResponse:
        """For people who hold a role that a rule names, and whose own change it is not.

        A statement digest that is no longer the present one is refused with 409 and what changed.
        """
        self.ensure_visible(number)
        approve(number, **self.body(DecisionSerializer), by=self.caller)
        return self.read(number)


class RejectView(ChangeRequestEndpoint):
    """``change-requests/{number}/reject/``."""

    required_scope = Scope.APPROVE

    @call(
        "change requests",
        "Reject a change request",
        name="change_requests_reject",
        body=RejectionSerializer,
        answer=ChangeRequestSerializer,
        scope=Scope.APPROVE,
    )
    def post(self, request: Request, number: int) -> HttpResponse:
        """One no is enough and final; the comment says why."""
        self.ensure_visible(number)
        reject(number, **self.body(RejectionSerializer), by=self.caller)
        return self.read(number)


class WithdrawView(ChangeRequestEndpoint):
    """``change-requests/{number}/withdraw/``."""

    @call(
        "change requests",
        "Withdraw a change request",
        name="change_requests_withdraw",
        body=WithdrawalSerializer,
        answer=ChangeRequestSerializer,
        scope=Scope.CHANGES,
    )
    def post(self, request: Request, number: int) -> HttpResponse:
        """For whoever asked for it, and for those who may stop deployments there; before it begins."""
        self.ensure_visible(number)
        comment = self.body(WithdrawalSerializer).get("comment", "")
        withdraw(number, comment=comment, by=self.caller)
        return self.read(number)


class VerdictView(ChangeRequestEndpoint):
    """``change-requests/{number}/verdict/``."""

    @call(
        "change requests",
        "Ask for the verdict",
        name="change_requests_verdict",
        answer=VerdictSerializer,
        parameters=[query("wait", float, f"Seconds to hold, at most {LONGEST_WAIT:g}.")],
    )
    def get(self, request: Request, number: int) -> HttpResponse:
        """Made for CI: ask again until ``done``.

        With ``wait`` the call is held until the verdict changes or is the last one. With ``If-None-Match``
        an unchanged verdict is 304. ``Retry-After`` comes when there was no room to hold the call.
        """
        wait = _seconds(request.query_params.get("wait"))
        known = request.headers.get("If-None-Match", "")
        verdict, held = verdict_of(
            number,
            caller=self.caller,
            known=known,
            wait=wait,
            look=partial(ensure_still_good, request),
        )
        headers = {"ETag": verdict.etag, "Cache-Control": "no-cache"}
        if not held:
            headers["Retry-After"] = "2"
        if known and verdict.etag in known:
            return HttpResponseNotModified(headers=headers)
        return HttpResponse(verdict.body, content_type="application/json", headers=headers)


def _seconds(asked: str | None) -> float:
    if asked is None:
        return 0.0
    if not _SECONDS.fullmatch(asked):
        raise ValidationError({"wait": [f"Give seconds, from 0 to {LONGEST_WAIT:g}."]})
    return min(float(asked), LONGEST_WAIT)


def _release(project: Project, named: int | str) -> Release:
    """Return the project's release of that id or version."""
    key = {"pk": named} if isinstance(named, int) else {"version": named}
    release = Release.objects.filter(project=project, **key).first()
    if release is None:
        raise InvalidInput.of("release", f"{project.slug} has no release {named!r:.80}.")
    return release
