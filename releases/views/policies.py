"""Policies: what must hold and who signs, in versions that never change once they are published."""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.models import Environment
from catalog.permissions import (
    Permission,
    PortalPermission,
    administers,
    allowed_portal,
    environment_ids_with,
    require_portal,
)
from catalog.views.page import Deed, FormPage, Page
from catalog.views.paging import slice_of
from releases.actions.activate_policy import activate_policy
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.forms.policies import (
    STARTING_DOCUMENT,
    ActivateForm,
    CompareForm,
    DocumentForm,
    NewPolicyForm,
    pretty,
)
from releases.models import Policy, PolicyActivation, PolicyVersion
from releases.policy_document import Policy as Document
from releases.policy_document.difference import difference
from releases.policy_document.in_words import (
    duties_in_words,
    gates_in_words,
    requires_in_words,
    rules_in_words,
)

MOST_PLACES = 200
"""Environments named at one policy."""

VERSIONS_BESIDE = 20


class PoliciesPage(Page):
    """``/policies/``."""

    template_name = "releases/policies/policies.html"

    def context(self) -> dict[str, Any]:
        """List the policies with their newest version, and where each is in force."""
        newest = PolicyVersion.objects.filter(policy=OuterRef("pk")).order_by("-number")[:1]
        policies = slice_of(
            Policy.objects.annotate(
                newest=Subquery(newest.values("number")),
                newest_state=Subquery(newest.values("state")),
            ),
            self.request,
            key="name",
        )
        places = self._places(policies.rows)
        return {
            "policies": policies,
            "rows": [(policy, places[policy.pk]) for policy in policies.rows],
            "may_edit": allowed_portal(self.caller, PortalPermission.EDIT_POLICIES),
        }

    def _places(self, policies: Sequence[Policy]) -> dict[int, list[PolicyActivation]]:
        in_force = activations_seen(self).filter(policy_version__policy__in=policies)
        places: dict[int, list[PolicyActivation]] = defaultdict(list)
        for activation in in_force[: MOST_PLACES * len(policies)]:
            places[activation.policy_version.policy_id].append(activation)
        return places


class PolicyPage(Page):
    """``/policies/<name>/``: the newest version, and the others beside it."""

    template_name = "releases/policies/policy.html"

    @cached_property
    def policy(self) -> Policy:
        """The policy that the address names."""
        return get_object_or_404(Policy, name=self.kwargs["name"])

    @cached_property
    def version(self) -> PolicyVersion | None:
        """The version that is read; None while there is none."""
        return self.versions.order_by("-number").first()

    @property
    def versions(self) -> QuerySet[PolicyVersion]:
        """All versions of the policy."""
        found = PolicyVersion.objects.filter(policy=self.policy)
        return found.select_related("policy", "created_by", "published_by")

    def may_edit(self) -> bool:
        """Return whether whoever looks writes policies."""
        return allowed_portal(self.caller, PortalPermission.EDIT_POLICIES)

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("releases:policy", args=[self.policy.name])

    def offered(self) -> QuerySet[Environment]:
        """Return where whoever looks may choose the policy."""
        if administers(self.caller):
            return Environment.objects.all()
        held = environment_ids_with(self.caller, Permission.ACTIVATE_POLICY)
        return Environment.objects.filter(pk__in=held)

    def context(self) -> dict[str, Any]:
        """Show one version in words and as JSON, and what can be done with it."""
        version = self.version
        published = version is not None and version.state == PolicyVersion.State.PUBLISHED
        in_force = activations_seen(self).filter(policy_version__policy=self.policy)
        return {
            "crumbs": [("Policies", reverse("releases:policies"))],
            "policy": self.policy,
            "version": version,
            "is_draft": version is not None and not published,
            "reading": reading_of(version) if version else None,
            "versions": slice_of(
                self.versions.defer("document"),
                self.request,
                key="number",
                descending=True,
                size=VERSIONS_BESIDE,
            ),
            "in_force": in_force[:MOST_PLACES],
            "may_edit": self.may_edit(),
            "activate_form": self.activate_form()
            if published and self.offered().exists()
            else None,
        }

    def activate_form(self, data: Any = None) -> ActivateForm:
        """Return the form that puts the version in force."""
        visible = Environment.objects.visible_to(self.caller)
        return ActivateForm(data, visible=visible, offered=self.offered())


class PolicyVersionPage(PolicyPage):
    """``/policies/<name>/versions/<number>/``."""

    @cached_property
    def version(self) -> PolicyVersion:
        """The version that the address names."""
        return get_object_or_404(self.versions, number=self.kwargs["number"])

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("releases:policy-version", args=[self.policy.name, self.version.number])


class PublishPolicy(Deed, PolicyVersionPage):
    """``/policies/<name>/versions/<number>/publish/``."""

    def act(self, fields: dict[str, Any]) -> str:
        """Publish the draft."""
        self.version = publish_policy(self.version, by=self.caller)
        return (
            f"{self.version} is published and never changes. Put it in force where it is to hold."
        )


class ActivatePolicy(Deed, PolicyVersionPage):
    """``/policies/<name>/versions/<number>/activate/``."""

    form_class = ActivateForm
    form_name = "activate_form"

    def form(self, data: Any = None) -> forms.Form:
        """Return the form with the environments where one may."""
        return self.activate_form(data)

    def act(self, fields: dict[str, Any]) -> str:
        """Put the version in force."""
        environment: Environment = fields["environment"]
        activate_policy(environment, self.version, by=self.caller)
        return f"{self.version} is in force in {environment.project.name} {environment.name}."


class NewPolicyPage(FormPage):
    """``/policies/-/new/``."""

    template_name = "releases/policies/policy_new.html"
    form_class = NewPolicyForm

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.EDIT_POLICIES, self.caller)
        return {"crumbs": [("Policies", reverse("releases:policies"))]}

    def act(self, fields: dict[str, Any]) -> str | HttpResponse:
        """Create the policy."""
        self.created = create_policy(**fields, by=self.caller)
        return f"{self.created.title} is there. Write its first version now."

    def back(self) -> str:
        """Go on to its first version."""
        return reverse("releases:edit-policy", args=[self.created.name])


class EditPolicyPage(FormPage, PolicyPage):
    """``/policies/<name>/edit/``: the draft of the next version."""

    template_name = "releases/policies/policy_edit.html"
    form_class = DocumentForm

    def form(self, data: Any = None) -> forms.Form:
        """Begin with the newest version, or with one to start from."""
        if self.version is None:
            document = STARTING_DOCUMENT.read_text("utf-8")
        else:
            document = pretty(self.version.document)
        return DocumentForm(data, initial={"document": document})

    def context(self) -> dict[str, Any]:
        """Refuse the form to those who may not use it."""
        require_portal(PortalPermission.EDIT_POLICIES, self.caller)
        newest = self.version
        is_draft = newest is not None and newest.state == PolicyVersion.State.DRAFT
        return {
            "crumbs": [
                ("Policies", reverse("releases:policies")),
                (self.policy.title, reverse("releases:policy", args=[self.policy.name])),
            ],
            "policy": self.policy,
            "is_draft": is_draft,
            "number": 1 if newest is None else newest.number + (not is_draft),
        }

    def show(self, status: int = HTTPStatus.OK, **instead: Any) -> HttpResponse:
        """Show what is wrong with the document beside where it is wrong."""
        form = instead.get("form")
        wrong = form.errors.get("document", []) if form is not None else []
        problems = [_problem(said) for said in wrong]
        return super().show(status, **instead, problems=problems)

    def act(self, fields: dict[str, Any]) -> str:
        """Save the draft."""
        self.saved = save_policy_version(self.policy, document=fields["document"], by=self.caller)
        return f"{self.saved} is saved as a draft. Read it once more, then publish it."

    def back(self) -> str:
        """Go to what was saved."""
        return reverse("releases:policy", args=[self.policy.name])


class ComparePolicyPage(PolicyPage):
    """``/policies/<name>/compare/?old=&new=``."""

    template_name = "releases/policies/policy_compare.html"

    def context(self) -> dict[str, Any]:
        """Show what changed, in words and line by line."""
        asked = CompareForm(self.request.GET)
        if not asked.is_valid():
            raise Http404
        numbers = asked.cleaned_data
        found = {one.number: one for one in self.versions.filter(number__in=numbers.values())}
        old, new = found.get(numbers["old"]), found.get(numbers["new"])
        if old is None or new is None:
            raise Http404
        changes = difference(
            Document.from_document(old.document), Document.from_document(new.document)
        )
        return {
            "crumbs": [
                ("Policies", reverse("releases:policies")),
                (self.policy.title, reverse("releases:policy", args=[self.policy.name])),
            ],
            "policy": self.policy,
            "old": old,
            "new": new,
            "changes": [one for one in changes if one.change != "unchanged"],
            "unchanged": [one for one in changes if one.change == "unchanged"],
            "lines": _lines(old, new),
        }


def activations_seen(page: Page) -> QuerySet[PolicyActivation]:
    """Return what is in force in the environments that whoever looks may see."""
    return (
        PolicyActivation.objects.filter(ended_at=None)
        .filter(environment__in=Environment.objects.visible_to(page.caller))
        .select_related("environment__project", "policy_version__policy", "activated_by")
        .defer("policy_version__document")
        .order_by("environment__project__slug", "environment__position")
    )


def reading_of(version: PolicyVersion) -> dict[str, Any]:
    """Return the version's document in words and as JSON."""
    policy = Document.from_document(version.document)
    return {
        "description": policy.description,
        "gates": gates_in_words(policy),
        "rules": rules_in_words(policy),
        "requires": requires_in_words(policy),
        "duties": duties_in_words(policy),
        "json": pretty(version.document),
    }


def _lines(old: PolicyVersion, new: PolicyVersion) -> str:
    return "\n".join(
        difflib.unified_diff(
            pretty(old.document).splitlines(),
            pretty(new.document).splitlines(),
            str(old),
            str(new),
            lineterm="",
        )
    )


def _problem(said: str) -> tuple[str, str]:
    """Return the JSON path and the sentence of a problem; a sentence about no place has no path."""
    path, _, sentence = said.partition(": ")
    return (path, sentence) if path.startswith("$") and sentence else ("", said)
