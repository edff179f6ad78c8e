"""Who may do what in a project, and the reviews of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from audit.reach import reach_of
from catalog.models import Project, User
from catalog.permissions import Permission, allowed
from catalog.views.page import Deed, Page
from catalog.views.projects import Crumbs, ProjectPage
from releases.access.access import Access, Reviewed, access_in, notes_of, reviewed
from releases.access.changes import changes_since
from releases.access.export import as_csv, sentences_by_key, signed_csv
from releases.access.looking import looked_at_by, may_look
from releases.access.rights import EDIT_POLICIES, Place, Right
from releases.access.standing import ProjectStanding, Standing, standings_of
from releases.actions.decide_access import Wish, decide_access
from releases.actions.open_access_review import open_access_review
from releases.actions.sign_access_review import sign_access_review
from releases.forms.access import OpenReviewForm, SignReviewForm
from releases.models import AccessReview, AccessReviewState

LOOKS: Final = {
    Standing.FIRST: ("Not reviewed yet", "neutral", "calendar-event"),
    Standing.CURRENT: ("Reviewed", "good", "circle-check"),
    Standing.OPEN: ("Under review", "active", "list-check"),
    Standing.DUE: ("Due soon", "warn", "calendar-event"),
    Standing.OVERDUE: ("Overdue", "bad", "alert-octagon"),
}
MOST_REVIEWS: Final = 20
_ADMINISTERS: Final = (
    Permission.MANAGE_PROJECT.codename,
    Permission.MANAGE_MEMBERS.codename,
    Permission.MANAGE_SERVICE_ACCOUNTS.codename,
)
_POWERS: Final = (
    ("Ask for changes", (Permission.SUBMIT_CHANGE.codename,)),
    ("Start again or stop deployments", (Permission.DEPLOY.codename,)),
    ("Choose the policy", (Permission.ACTIVATE_POLICY.codename,)),
    ("Write policies", (EDIT_POLICIES,)),
    ("Administer", _ADMINISTERS),
)


class ReviewsPage(Page):
    """``/access-reviews/``: how each project stands."""

    template_name = "releases/access/reviews.html"

    def context(self) -> dict[str, Any]:
        """List the projects whose access the account may look at."""
        projects = looked_at_by(self.caller)
        if not projects:
            raise Http404
        return {"rows": [_standing_row(each) for each in standings_of(projects)]}


class AccessPage(ProjectPage):
    """``/projects/<slug>/access/``: who may do what where, what is odd about it, and the reviews."""

    template_name = "releases/access/access.html"
    tab = "catalog:project-members"

    @cached_property
    def project(self) -> Project:
        """The project of the address; also for who reads the whole log, and has no role in it."""
        slug = self.kwargs["slug"]
        found = Project.objects.visible_to(self.caller).filter(slug=slug).first()
        if found is None and reach_of(self.caller).whole:
            found = Project.objects.filter(slug=slug).first()
        if found is None:
            raise Http404
        return found

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        return [("Access reviews", reverse("releases:access-reviews"))]

    @cached_property
    def access(self) -> Access:
        """Who may do what now."""
        if not may_look(self.caller, self.project):
            raise PermissionDenied(
                "Who may do what here is for those who audit the project or give its roles: a role with the "
                "permission 'view_audit' or 'manage_members' would allow it."
            )
        return access_in(self.project)

    def context(self) -> dict[str, Any]:
        """Show everything about access."""
        access = self.access
        [standing] = standings_of([self.project])
        reviews = self.project.access_reviews.select_related("owner").defer("document")
        may_manage = self.held.may(Permission.MANAGE_MEMBERS)
        return {
            **super().context(),
            "is_inside": self.held.may(Permission.VIEW_PROJECT),
            "standing": _standing_row(standing),
            "places": [_place(place, access.rights) for place in access.places],
            "rows": _rows(access),
            "combinations": access.combinations,
            "changes": changes_since(self.project, standing.last),
            "reviews": reviews[:MOST_REVIEWS],
            "form": OpenReviewForm(self.project) if may_manage and not standing.open else None,
        }

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("releases:access", args=[self.project.slug])


class OpenReview(Deed, AccessPage):
    """``/projects/<slug>/access/open/``."""

    def form(self, data: Any = None) -> forms.Form:
        """Return the form for this project."""
        return OpenReviewForm(self.project, data)

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Open a review."""
        review = open_access_review(self.project, **fields, by=self.caller)
        messages.success(self.request, f"The {review} is open.")
        return redirect("releases:access-review", pk=review.pk)


class AccessExport(AccessPage):
    """``/projects/<slug>/access/export/<kind>/``: as CSV or JSON."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return the file."""
        name = f"access-{self.project.slug}"
        if kwargs["kind"] == "csv":
            return _file(as_csv(self.access), f"{name}.csv")
        return _file(_json(self.access.document), f"{name}.json")


class ReviewPage(Page):
    """``/access-reviews/<pk>/``: the rights, what is decided about them, and the owner's signature."""

    template_name = "releases/access/review.html"

    @cached_property
    def review(self) -> AccessReview:
        """The review of the address; 404 for one whose project's access the caller may not look at."""
        rows = AccessReview.objects.select_related("project", "owner", "opened_by")
        found = rows.filter(pk=min(self.kwargs["pk"], 2**63 - 1)).first()
        if found is None or not may_look(self.caller, found.project):
            raise Http404
        return found

    @cached_property
    def reviewed(self) -> Reviewed:
        """An open one beside access as it is now."""
        return reviewed(self.review)

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        slug = self.review.project.slug
        return [
            ("Access reviews", reverse("releases:access-reviews")),
            (self.review.project.name, reverse("releases:access", args=[slug])),
        ]

    def context(self) -> dict[str, Any]:
        """Show an open one with its forms, a signed one as it was signed."""
        common = {"review": self.review, "crumbs": self.crumbs}
        if self.review.state == AccessReviewState.SIGNED:
            return {**common, "signed": _signed(self.review)}
        found = self.reviewed
        may_decide = self.caller.is_person and allowed(
            self.caller, Permission.MANAGE_MEMBERS, self.review.project
        )
        [standing] = standings_of([self.review.project])
        return {
            **common,
            "standing": _standing_row(standing),
            "rows": _rows(found.access, found, self.caller),
            "combinations": found.access.combinations,
            "revoked": found.revoked,
            "undecided": len(found.undecided),
            "left": found.to_revoke,
            "may_decide": may_decide,
            "is_owner": self.review.owner_id == self.caller.pk,
            "digest": found.digest,
            "form": SignReviewForm(initial={"digest": found.digest}),
            "changes": changes_since(self.review.project, standing.last),
        }

    def back(self) -> str:
        """Return the address of this page."""
        return reverse("releases:access-review", args=[self.review.pk])


class DecideAccess(Deed, ReviewPage):
    """``/access-reviews/<pk>/decide/``."""

    def act(self, fields: dict[str, Any]) -> HttpResponse | str:
        """Keep the decisions and carry out the revocations."""
        refused = decide_access(self.review, _wishes(self.request), by=self.caller)
        for sentence in refused:
            messages.error(self.request, sentence)
        return redirect(self.back()) if refused else "The decisions are kept."

    def show(self, status: int = HTTPStatus.OK, **instead: Any) -> HttpResponse:
        """Show access as it is after what was refused."""
        self.__dict__.pop("reviewed", None)
        return super().show(status, **instead)


class SignReview(Deed, ReviewPage):
    """``/access-reviews/<pk>/sign/``."""

    form_class = SignReviewForm

    def act(self, fields: dict[str, Any]) -> str:
        """Sign it."""
        review = sign_access_review(self.review, **fields, by=self.caller)
        return f"The {review} is signed."


class ReviewExport(ReviewPage):
    """``/access-reviews/<pk>/export/<kind>/``: as CSV or JSON; of a signed one what was signed."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return the file."""
        review, name = self.review, f"access-review-{self.review.pk}"
        is_signed = review.state == AccessReviewState.SIGNED
        if kwargs["kind"] == "csv":
            found = None if is_signed else self.reviewed
            data = as_csv(found.access, found) if found else signed_csv(review)
            return _file(data, f"{name}.csv")
        document = review.document if is_signed else self.reviewed.document
        digest = review.digest if is_signed else self.reviewed.digest
        notes = notes_of(review)
        return _file(
            _json({"digest": digest, "document": document, "notes": notes}), f"{name}.json"
        )


def _wishes(request: HttpRequest) -> Mapping[str, Wish]:
    """Return the decisions that the page sent: a verdict and a note per right."""
    wishes = {}
    for name, verdict in request.POST.items():
        prefix, _, key = name.partition(":")
        if prefix == "verdict" and verdict:
            note = request.POST.get(f"note:{key}", "")
            wishes[key] = Wish(str(verdict), str(note))
    return wishes


def _standing_row(standing: ProjectStanding) -> dict[str, Any]:
    label, tone, icon = LOOKS[standing.standing]
    return {"standing": standing, "label": label, "tone": tone, "icon": icon}


def _rows(
    access: Access, beside: Reviewed | None = None, caller: User | None = None
) -> list[dict[str, Any]]:
    odd = sentences_by_key(access)
    return [
        {
            "right": right,
            "odd": odd.get(right.key, []),
            "decision": beside.decision_on(right) if beside else None,
            "is_own": caller is not None and right.account.pk == caller.pk,
        }
        for right in access.rights
    ]


def _place(place: Place, rights: Sequence[Right]) -> dict[str, Any]:
    """Return who may do what in one environment: by approval rule, and by verb."""
    here = [right for right in rights if place.environment.name in right.environments]
    end = f" in {place.environment.name}"
    rules = []
    for rule in place.rules:
        title = rule.title or rule.name
        names = _names(right for right in here if f"{title}{end}" in right.counts_for)
        rules.append({"title": f"Sign for {title} ({rule.required} needed)", "names": names})
    verbs = [
        {"title": title, "names": _names(right for right in here if right.held & set(wanted))}
        for title, wanted in _POWERS
    ]
    return {"environment": place.environment, "may": [*rules, *verbs]}


def _names(rights: Any) -> list[str]:
    return sorted({right.account.display_name for right in rights}, key=str.casefold)


def _signed(review: AccessReview) -> dict[str, Any]:
    """Return what was signed, with people by the names they have now; one query."""
    document: Mapping[str, Any] = review.document or {}
    every = [*document["rights"], *document["revoked"]]
    pseudonyms = {each[name] for each in every for name in ("account", "decided_by") if each[name]}
    pseudonyms |= {each["account"] for each in document["combinations"]}
    names: dict[str, str] = defaultdict(
        str,
        {
            each.pseudonym: each.display_name
            for each in User.objects.filter(pseudonym__in=pseudonyms)
        },
    )
    return {
        "rows": [
            {**each, "name": names[each["account"]], "by": names[each["decided_by"]]}
            for each in every
        ],
        "combinations": [
            {**each, "who": names[each["account"]]} for each in document["combinations"]
        ],
        "kept": len(document["rights"]),
        "revoked": len(document["revoked"]),
    }


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def _file(data: bytes, name: str) -> HttpResponse:
    kind = "text/csv; charset=utf-8" if name.endswith(".csv") else "application/json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type=kind, headers=headers)
