"""The first page: what waits for whoever looks, over all their projects."""

from datetime import timedelta
from typing import Any, Final

from django.core.paginator import InvalidPage, Paginator
from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from catalog.models import Project, RiskTier, Tier
from catalog.permissions import PortalPermission, allowed_portal
from catalog.views.page import Page
from deployments.models import Deployment
from releases.inbox import count_waiting_for
from releases.models import Approval, ApprovalDecision, ChangeKind, ChangeRequest
from releases.rows import SHOWN_WITH, RequestRow, held_up_by, row_of, waits_for
from releases.states import FINAL, STUCK, ChangeRequestState

PAGE_SIZE: Final = 20
MOST_BELOW: Final = 5
RECENT: Final = timedelta(days=14)
_LOOKED_AT: Final = 50

_S = ChangeRequestState


class InboxPage(Page):
    """``/``."""

    template_name = "portal/inbox.html"

    def context(self) -> dict[str, Any]:
        """Return what waits, what is stuck, and what was decided lately."""
        waiting = ChangeRequest.objects.visible_to(self.caller).waiting_for(self.caller)
        pages = _Pages(_riskiest_first(waiting).select_related(*SHOWN_WITH), PAGE_SIZE)
        pages.count = count_waiting_for(self.caller)
        try:
            shown = pages.page(self.request.GET.get("page", "1"))
        except InvalidPage:
            shown = pages.page(1)
        stuck = [row_of(each, ask=_why(each)) for each in self._stuck()]
        decided = [row_of(each) for each in self._decided()]
        requests = [
            row_of(each, ask=waits_for(each, self.caller), action_label="Review") for each in shown
        ]
        return {
            "requests": requests,
            "count": pages.count,
            "newer_url": f"?page={shown.previous_page_number()}" if shown.has_previous() else "",
            "older_url": f"?page={shown.next_page_number()}" if shown.has_next() else "",
            "stuck": stuck,
            "decided": decided,
            **self._beginning(requests + stuck + decided),
        }

    def _stuck(self) -> "QuerySet[ChangeRequest]":
        """Return the caller's own requests that will not go on by themselves."""
        rejection = Approval.objects.filter(
            change_request=OuterRef("pk"), decision=ApprovalDecision.REJECTED
        )
        own = ChangeRequest.objects.visible_to(self.caller).filter(requested_by=self.caller)
        lately = Q(state__in=STUCK, state_since__gt=timezone.now() - RECENT)
        return (
            own.filter(lately | Q(state=_S.BLOCKED))
            .annotate(
                why_failed=Subquery(
                    Deployment.objects.filter(change_request=OuterRef("pk"))
                    .order_by("-id")
                    .values("reason")[:1]
                ),
                why_rejected=Subquery(rejection.order_by("-id").values("comment")[:1]),
            )
            .select_related(*SHOWN_WITH)
            .order_by("-number")[:MOST_BELOW]
        )

    def _decided(self) -> "QuerySet[ChangeRequest]":
        """Return what the caller asked for or signed, and what has ended since."""
        signed = Approval.objects.filter(person=self.caller).order_by("-id")
        asked = ChangeRequest.objects.filter(requested_by=self.caller).order_by("-number")
        # Looked up first: within one statement the database would read every change request there is.
        mine = signed.values("change_request_id")[:_LOOKED_AT].union(
            asked.values("pk")[:_LOOKED_AT]
        )
        numbers = [row["change_request_id"] for row in mine]
        ended = ChangeRequest.objects.visible_to(self.caller).filter(
            pk__in=numbers, state__in=FINAL
        )
        return ended.select_related(*SHOWN_WITH).order_by("-state_since", "-number")[:MOST_BELOW]

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
