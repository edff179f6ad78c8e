"""Personal data: who is erased, what is held, how long what is kept."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from audit.models import Event
from audit.privacy.models import Erasure, LegalHold, Pruning
from audit.privacy.retention import retention_classes
from audit.privacy.states import ErasureVerb, next_state
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.lift_hold import lift_hold
from catalog.actions.place_hold import place_hold
from catalog.actions.request_erasure import request_erasure
from catalog.actions.set_retention import set_retention
from catalog.actions.take_receipt import take_receipt
from catalog.actions.withdraw_erasure import withdraw_erasure
from catalog.erasures import require_sight
from catalog.errors import NotFound
from catalog.forms.privacy import ErasureForm, HoldForm, RetentionForm
from catalog.permissions import PortalPermission, allowed_portal, require_portal
from catalog.views.page import Deed, FormPage, Page
from catalog.views.paging import slice_of
from catalog.views.people import PersonPage, people_crumbs, people_tabs

MOST_HOLDS = 100
MOST_PRUNINGS = 10


def privacy_crumbs() -> list[tuple[str, str]]:
    """Return the way to a page below the one about personal data."""
    return [*people_crumbs(), ("Personal data", reverse("catalog:privacy"))]


class PrivacyPage(Page):
    """``/people/-/privacy/``."""

    template_name = "catalog/privacy.html"

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:privacy")

    def context(self) -> dict[str, Any]:
        """Show all three; those who only audit change nothing."""
        require_sight(self.caller)
        holds = LegalHold.objects.select_related("placed_by", "lifted_by")
        return {
            "tabs": people_tabs("privacy", self.caller),
            "erasures": slice_of(_erasures(), self.request, descending=True),
            "holds": holds.order_by("lifted_at", "-pk")[:MOST_HOLDS],
            "classes": retention_classes(),
            "prunings": Pruning.objects.all()[:MOST_PRUNINGS],
            "hold_form": HoldForm(),
            "may_manage": allowed_portal(self.caller, PortalPermission.MANAGE_PRIVACY),
        }


class PlaceHold(Deed, PrivacyPage):
    """``/people/-/privacy/holds/``."""

    form_class = HoldForm
    form_name = "hold_form"

    def act(self, fields: dict[str, Any]) -> str:
        """Place the hold."""
        hold = place_hold(**fields, by=self.caller)
        return f"Nothing that concerns {hold.what} is erased or removed until the hold is lifted."


class LiftHold(Deed, PrivacyPage):
    """``/people/-/privacy/holds/<pk>/lift/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Lift the hold."""
        hold = lift_hold(self.kwargs["pk"], by=self.caller)
        return f"The hold on {hold.what} is lifted."


class SetRetentionPage(FormPage):
    """``/people/-/privacy/retention/<name>/``."""

    template_name = "catalog/privacy_retention.html"
    form_class = RetentionForm

    def form(self, data: Any = None) -> forms.Form:
        """Return the form with the period that holds now."""
        found = (each for each in retention_classes() if each.name == self.kwargs["name"])
        self.kept = next(found, None)
        if self.kept is None:
            raise NotFound("There is no such class of data.")
        return RetentionForm(data, initial={"days": self.kept.days})

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.MANAGE_PRIVACY, self.caller)
        return {"crumbs": privacy_crumbs(), "kept": self.kept}

    def act(self, fields: dict[str, Any]) -> str:
        """Set the period."""
        kept = set_retention(self.kwargs["name"], days=fields["days"], by=self.caller)
        return f"{kept.title} are kept {kept.period}."

    def back(self) -> str:
        """Go to the list."""
        return reverse("catalog:privacy")


class RequestErasurePage(FormPage, PersonPage):
    """``/people/<username>/erase/``."""

    template_name = "catalog/person_erase.html"
    form_class = ErasureForm

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.MANAGE_PRIVACY, self.caller)
        address = reverse("catalog:person", args=[self.person.username])
        crumbs = [*people_crumbs(), (self.person.display_name, address)]
        return {"crumbs": crumbs, "person": self.person, "cancel_url": address}

    def act(self, fields: dict[str, Any]) -> str:
        """Ask for it."""
        self.erasure = request_erasure(self.person, basis=fields["basis"], by=self.caller)
        return "It waits for a second person with the same permission."

    def back(self) -> str:
        """Go to the erasure; to the person's page where there is none."""
        if erasure := getattr(self, "erasure", None):
            return reverse("catalog:erasure", args=[erasure.pk])
        return super().back()


class ErasurePage(Page):
    """``/people/-/privacy/erasures/<pk>/``."""

    template_name = "catalog/erasure.html"

    @cached_property
    def erasure(self) -> Erasure:
        """Which one the address names."""
        require_sight(self.caller)
        return get_object_or_404(_erasures(), pk=self.kwargs["pk"])

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:erasure", args=[self.kwargs["pk"]])

    def context(self) -> dict[str, Any]:
        """Show how far it is and what it erased."""
        _ = self.erasure  # refuses
        erasure = get_object_or_404(_erasures(), pk=self.kwargs["pk"])
        may_manage = allowed_portal(self.caller, PortalPermission.MANAGE_PRIVACY)
        concerned = {erasure.requested_by_id, erasure.account_id}
        confirmable = next_state(erasure.state, ErasureVerb.CONFIRM) is not None
        return {
            "crumbs": privacy_crumbs(),
            "erasure": erasure,
            "event": Event.objects.filter(pk=erasure.event or 0).only("pk", "facts").first(),
            "may_withdraw": may_manage and next_state(erasure.state, ErasureVerb.WITHDRAW),
            "may_confirm": may_manage and confirmable and self.caller.pk not in concerned,
            "waits_for_another": may_manage and confirmable and self.caller.pk in concerned,
        }


class ConfirmErasure(Deed, ErasurePage):
    """``/people/-/privacy/erasures/<pk>/confirm/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Confirm it."""
        confirm_erasure(self.kwargs["pk"], by=self.caller)
        return "It is confirmed. A worker carries it out in a moment; the receipt follows."


class WithdrawErasure(Deed, ErasurePage):
    """``/people/-/privacy/erasures/<pk>/withdraw/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Withdraw it."""
        withdraw_erasure(self.kwargs["pk"], by=self.caller)
        return "It is withdrawn; nothing was erased."


class Receipt(Deed, ErasurePage):
    """``/people/-/privacy/erasures/<pk>/receipt/``: the ZIP. Taking it away is an event, hence a POST."""

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Send it."""
        erasure = take_receipt(self.kwargs["pk"], by=self.caller)
        return HttpResponse(
            bytes(erasure.receipt),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{erasure.file_name}"'},
        )


def _erasures() -> QuerySet[Erasure]:
    people = ("account", "requested_by", "confirmed_by")
    return Erasure.objects.select_related(*people).defer("listing", "receipt")
