"""The first page: what waits for whoever looks, over all their projects."""

from typing import Any, Final, cast

from django.core.paginator import InvalidPage, Paginator
from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, Value, When

from catalog.models import Project, RiskTier, Tier
from catalog.permissions import PortalPermission, allowed_portal
from catalog.views.page import Page
from deployments.models import Deployment
from releases.cards.overdue import overdue_of
from releases.inbox import count_waiting_for, stuck_and_decided
from releases.models import Approval, ApprovalDecision, ChangeKind, ChangeRequest
from releases.rows import SHOWN_WITH, RequestRow, held_up_by, listed, row_of, waits_for
from releases.states import ChangeRequestState

PAGE_SIZE: Final = 20
MOST_BELOW: Final = 5

_S = ChangeRequestState


class InboxPage(Page):
    """``/``."""

    template_name = "portal/inbox.html"

    def context(self) -> dict[str, Any]:
        """Return what waits, what is stuck, and what was decided lately."""
        waiting = ChangeRequest.objects.visible_to(self.caller).waiting_for(self.caller)
        pages = _Pages(_riskiest_first(waiting), PAGE_SIZE)
        pages.count = count_waiting_for(self.caller)
        try:
            shown = pages.page(self.request.GET.get("page", "1"))
        except InvalidPage:
            shown = pages.page(1)
        stuck, decided = self._lately()
        requests = [
            row_of(each, ask=waits_for(each, self.caller), action_label="Review")
            for each in listed(cast("QuerySet[ChangeRequest]", shown.object_list))
        ]
        return {
            "requests": requests,
            "count": pages.count,
            "newer_url": f"?page={shown.previous_page_number()}" if shown.has_previous() else "",
            "older_url": f"?page={shown.next_page_number()}" if shown.has_next() else "",
            "overdue_cards": overdue_of(self.caller),
            "stuck": stuck,
            "decided": decided,
            **self._beginning(requests + stuck + decided),
        }

    def _lately(self) -> tuple[list[RequestRow], list[RequestRow]]:
        """Return the caller's own requests that will not go on by themselves, and what was decided."""
        stuck, decided = stuck_and_decided(self.caller, MOST_BELOW)
        if not stuck and not decided:
            return [], []
        rejection = Approval.objects.filter(
            change_request=OuterRef("pk"), decision=ApprovalDecision.REJECTED
        )
        attempts = Deployment.objects.filter(change_request=OuterRef("pk"))
        found = (
            ChangeRequest.objects.annotate(
                why_failed=Subquery(attempts.order_by("-id").values("reason")[:1]),
                why_rejected=Subquery(rejection.order_by("-id").values("comment")[:1]),
            )
            .select_related(*SHOWN_WITH)
            .in_bulk({*stuck, *decided})
        )
        return (
            [row_of(found[number], ask=_why(found[number])) for number in stuck],
            [row_of(found[number]) for number in decided],
        )

    def _beginning(self, rows: list[RequestRow]) -> dict[str, Any]:
        """Return what somebody sees who has nothing here yet: where to begin."""
        if rows:
            return {"is_first_time": False}
        return {
            "is_first_time": not Project.objects.visible_to(self.caller).exists(),
            "may_create": allowed_portal(self.caller, PortalPermission.ADD_PROJECT),
        }


class _Pages(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Pages of what somebody counted."""

    count = 0


def _riskiest_first(requests: "QuerySet[ChangeRequest]") -> "QuerySet[ChangeRequest]":
    return requests.order_by(
        _rank("kind", [ChangeKind.EMERGENCY]),
        _rank("project__risk_tier", [RiskTier.CRITICAL, RiskTier.HIGH, RiskTier.MEDIUM]),
        _rank("environment__tier", [Tier.PRODUCTION, Tier.STAGING, Tier.TESTING]),
        "-number",
    )


def _rank(column: str, order: list[Any]) -> Case:
    cases = [When(**{column: value}, then=Value(place)) for place, value in enumerate(order)]
    return Case(*cases, default=Value(len(order)), output_field=IntegerField())


def _why(change_request: ChangeRequest) -> str:
    reasons = {
        _S.FAILED: getattr(change_request, "why_failed", None),
        _S.ERRORED: getattr(change_request, "why_failed", None),
        _S.REJECTED: getattr(change_request, "why_rejected", None),
        _S.EXPIRED: "Its time was over before everybody had signed.",
    }
    return reasons.get(_S(change_request.state)) or held_up_by(change_request)
