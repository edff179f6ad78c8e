"""Machines that may act, and the tokens of machines and people."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from catalog.actions.create_service_account import create_service_account
from catalog.actions.deactivate_service_account import deactivate_service_account
from catalog.actions.issue_token import issue_token
from catalog.actions.revoke_token import revoke_token
from catalog.forms.members import NewServiceAccountForm, NewTokenForm
from catalog.models import ApiToken, ServiceAccount, User
from catalog.permissions import Permission, allowed
from catalog.views.page import Deed, FormPage, Page
from catalog.views.paging import Slice, slice_of
from catalog.views.people import memberships_of
from catalog.views.projects import ProjectPage


class ServiceAccountsPage(Page):
    """``/service-accounts/``: those of every project one may see."""

    template_name = "catalog/service_accounts.html"

    def context(self) -> dict[str, Any]:
        """List them, newest first."""
        machines = ServiceAccount.objects.visible_to(self.caller)
        return {"accounts": _listed(machines, self)}


class ProjectServiceAccountsPage(ProjectPage):
    """``/projects/<slug>/service-accounts/``."""

    template_name = "catalog/project_service_accounts.html"
    tab = "catalog:project-service-accounts"

    def context(self) -> dict[str, Any]:
        """List the project's machines, newest first."""
        machines = ServiceAccount.objects.filter(project=self.project)
        return {
            **super().context(),
            "accounts": _listed(machines, self),
            "may_manage": self.held.may(Permission.MANAGE_SERVICE_ACCOUNTS),
        }


class NewServiceAccountPage(FormPage, ProjectPage):
    """``/projects/<slug>/service-accounts/new/``."""

    template_name = "catalog/service_account_new.html"
    form_class = NewServiceAccountForm
    tab = "catalog:project-service-accounts"

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        self.require(Permission.MANAGE_SERVICE_ACCOUNTS)
        return super().context()

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Create the machine."""
        self.created = create_service_account(self.project, **fields, by=self.caller)
        return (
            f"{self.created.user.username} is there. Give it a role in the project, then a token."
        )

    def back(self) -> str:
        """Go to the new machine, or to the list."""
        return reverse("catalog:service-account", args=[self.created.user.username])


class ServiceAccountPage(Page):
    """``/service-accounts/<username>/``: what it may do, and its tokens."""

    template_name = "catalog/service_account.html"

    @cached_property
    def account(self) -> ServiceAccount:
        """The machine that the address names."""
        visible = ServiceAccount.objects.visible_to(self.caller)
        machines = visible.select_related("user", "project", "created_by")
        return get_object_or_404(machines, user__username=self.kwargs["username"])

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:service-account", args=[self.kwargs["username"]])

    def context(self) -> dict[str, Any]:
        """Show the machine."""
        machine = User.objects.get(pk=self.account.user_id)  # as it is after a refused action, too
        may_manage = allowed(self.caller, Permission.MANAGE_SERVICE_ACCOUNTS, self.account.project)
        return {
            "crumbs": [("Machines", reverse("catalog:service-accounts"))],
            "account": self.account,
            "machine": machine,
            "memberships": memberships_of(machine, self.caller),
            "tokens": tokens_of(machine, self),
            "now": timezone.now(),
            "may_manage": may_manage and machine.is_active,
            "form": NewTokenForm(machine) if may_manage and machine.is_active else None,
        }


class DeactivateServiceAccount(Deed, ServiceAccountPage):
    """``/service-accounts/<username>/deactivate/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Deactivate the machine for good."""
        deactivate_service_account(self.account, by=self.caller)
        return f"{self.account.user.username} is deactivated and its tokens are revoked."


class IssueToken(Deed, ServiceAccountPage):
    """``/service-accounts/<username>/tokens/``: the answer is the only place where the token stands."""

    def form(self, data: Any = None) -> forms.Form:
        """Return the form for this machine."""
        return NewTokenForm(self.account.user, data)

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Issue a token and show it, once."""
        _, plain = issue_token(self.account.user, **fields, by=self.caller)
        return _once(self.show(HTTPStatus.CREATED, token=plain))


class RevokeToken(Deed, ServiceAccountPage):
    """``/service-accounts/<username>/tokens/<pk>/revoke/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Revoke the token at once."""
        token = get_object_or_404(ApiToken, user=self.account.user, pk=self.kwargs["pk"])
        return _revoked(revoke_token(token, by=self.caller))


class MyTokensPage(Page):
    """``/account/tokens/``: one's own."""

    template_name = "account/tokens.html"

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:my-tokens")

    def context(self) -> dict[str, Any]:
        """List one's tokens, newest first."""
        return {
            "tokens": tokens_of(self.caller, self),
            "now": timezone.now(),
            "form": NewTokenForm(self.caller),
        }


class IssueMyToken(Deed, MyTokensPage):
    """``/account/tokens/issue/``."""

    def form(self, data: Any = None) -> forms.Form:
        """Return the form for oneself."""
        return NewTokenForm(self.caller, data)

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Issue a token and show it, once."""
        _, plain = issue_token(self.caller, **fields, by=self.caller)
        return _once(self.show(HTTPStatus.CREATED, token=plain))


class RevokeMyToken(Deed, MyTokensPage):
    """``/account/tokens/<pk>/revoke/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Revoke the token at once."""
        token = get_object_or_404(ApiToken, user=self.caller, pk=self.kwargs["pk"])
        return _revoked(revoke_token(token, by=self.caller))


def tokens_of(account: User, page: Page) -> Slice[ApiToken]:
    """Return a page of the account's tokens, newest first, revoked and expired ones too."""
    tokens = ApiToken.objects.filter(user=account).select_related("created_by")
    return slice_of(tokens, page.request, descending=True)


def _listed(machines: "QuerySet[ServiceAccount]", page: Page) -> Slice[ServiceAccount]:
    usable = Q(user__api_tokens__revoked_at=None, user__api_tokens__expires_at__gt=timezone.now())
    counted = machines.select_related("user", "project").annotate(
        usable_tokens=Count("user__api_tokens", filter=usable),
        last_used_at=Max("user__api_tokens__last_used_at"),
    )
    return slice_of(counted, page.request, descending=True)


def _once(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _revoked(token: ApiToken) -> str:
    return f"The token {token.prefix}… opens nothing more."
