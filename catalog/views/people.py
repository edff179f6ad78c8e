"""People: who there is, who they are elsewhere, what they may do where."""

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.forms.people import (
    PORTAL_TITLES,
    IdentityForm,
    PeopleFilter,
    PortalPermissionsForm,
)
from catalog.models import Membership, Project, ServiceAccount, User, UserKind
from catalog.permissions import PortalPermission, administers, allowed_portal
from catalog.views.page import Page
from catalog.views.paging import slice_of

MOST_MEMBERSHIPS = 200
SEES_PRIVACY = (PortalPermission.MANAGE_PRIVACY, PortalPermission.VIEW_WHOLE_AUDIT)

Crumbs = list[tuple[str, str]]


def people_crumbs(*below: str) -> Crumbs:
    """Return the way to a page about people; ``below`` is ``"teams"`` or ``"roles"``."""
    names = ("people", *below)
    return [(name.capitalize(), reverse(f"catalog:{name}")) for name in names]


def people_tabs(current: str, caller: User) -> list[dict[str, Any]]:
    """Return the tabs of everything about people that the caller may see."""
    tabs = [("People", "people"), ("Teams", "teams"), ("Roles", "roles")]
    if any(allowed_portal(caller, each) for each in SEES_PRIVACY):
        tabs.append(("Personal data", "privacy"))
    return [
        {"label": label, "url": reverse(f"catalog:{name}"), "is_current": name == current}
        for label, name in tabs
    ]


class PeoplePage(Page):
    """``/people/``."""

    template_name = "catalog/people.html"

    def context(self) -> dict[str, Any]:
        """List the people, by user name."""
        asked = PeopleFilter(self.request.GET or None)
        people = User.objects.filter(kind=UserKind.PERSON)
        if asked.is_bound:
            people = _matching(people, asked)
        return {
            "people": slice_of(_with_roles(people, self.caller), self.request, key="username"),
            "filter": asked,
            "tabs": people_tabs("people", self.caller),
            "may_manage": allowed_portal(self.caller, PortalPermission.MANAGE_PEOPLE),
        }


class PersonPage(Page):
    """``/people/<username>/``."""

    template_name = "catalog/person.html"

    @cached_property
    def person(self) -> User:
        """Whom the address names."""
        people = User.objects.filter(kind=UserKind.PERSON)
        return get_object_or_404(people, username=self.kwargs["username"])

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("catalog:person", args=[self.person.username])

    def context(self) -> dict[str, Any]:
        """Show the person; what concerns only them and those who manage people only to these."""
        person = get_object_or_404(User, pk=self.person.pk)  # as it is after a refused action, too
        may_manage = allowed_portal(self.caller, PortalPermission.MANAGE_PEOPLE)
        context = {
            "crumbs": people_crumbs(),
            "person": person,
            "memberships": memberships_of(person, self.caller),
            "teams": person.teams.all(),
            "concerned": may_manage or person.pk == self.caller.pk,
            "may_manage": may_manage and (administers(self.caller) or not person.is_superuser),
            "may_administer": administers(self.caller),
            "is_self": person.pk == self.caller.pk,
            "may_erase": allowed_portal(self.caller, PortalPermission.MANAGE_PRIVACY),
        }
        return context | (self._in_full(person) if context["concerned"] else {})

    def _in_full(self, person: User) -> dict[str, Any]:
        held = set(person.user_permissions.values_list("codename", flat=True))
        names = [name.value.partition(".")[2] for name in PortalPermission]
        return {
            "identities": person.identities.order_by("kind", "value"),
            "identity_form": IdentityForm(),
            "portal_permissions": [
                title
                for name, title in PORTAL_TITLES.items()
                if name.value.partition(".")[2] in held
            ],
            "permissions_form": PortalPermissionsForm(
                initial={"permissions": [name for name in names if name in held]}
            ),
        }


class AccountByPseudonym(Page):
    """``/accounts/-/<pseudonym>/``: what an audit event names, by the name people use."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the person or the machine."""
        account = get_object_or_404(User, pseudonym=kwargs["pseudonym"])
        if account.kind == UserKind.PERSON:
            return redirect("catalog:person", account.username)
        visible = ServiceAccount.objects.visible_to(self.caller)
        machine = get_object_or_404(visible.select_related("user"), user=account)
        return redirect("catalog:service-account", machine.user.username)


def memberships_of(account: User, caller: User) -> QuerySet[Membership]:
    """Return the account's live roles in the projects the caller may see, own ones and its teams'."""
    return (
        Membership.objects.filter(Q(user=account) | Q(team__in=account.teams.all()))
        .filter(project__in=Project.objects.visible_to(caller))
        .live()
        .select_related("project", "role", "team")
        .prefetch_related("environments")
        .order_by("project__slug", "role__title", "pk")[:MOST_MEMBERSHIPS]
    )


def _matching(people: QuerySet[User], asked: PeopleFilter) -> QuerySet[User]:
    if not asked.is_valid():
        return people.none()
    words = asked.cleaned_data["q"].split()
    for word in words:
        people = people.filter(Q(username__icontains=word) | Q(full_name__icontains=word))
    if state := asked.cleaned_data["state"]:
        people = people.filter(is_active=state == "active")
    return people


def _with_roles(people: QuerySet[User], caller: User) -> QuerySet[User]:
    roles = (
        Membership.objects.filter(Q(user=OuterRef("pk")) | Q(team__members=OuterRef("pk")))
        .filter(project__in=Project.objects.visible_to(caller))
        .live()
        .order_by()
        .annotate(together=Value(1))
        .values("together")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return people.annotate(role_count=Coalesce(Subquery(roles), 0))
