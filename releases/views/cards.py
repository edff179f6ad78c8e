"""Model cards: one, its history, its review, and all that one may see."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import InvalidPage, Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from audit.errors import NotRecordable
from catalog.errors import DomainError
from catalog.held import Held, held_in
from catalog.models import ArtifactKind, ArtifactVersion
from catalog.permissions import Permission
from catalog.views.page import Deed, FormPage, Page
from catalog.views.refusals import status_of
from releases.actions.import_card import import_card
from releases.actions.review_card import may_review, review_card
from releases.actions.save_card import save_card
from releases.cards.content import OWNER, TIER, differences
from releases.cards.fields import BY_NAME
from releases.cards.files import cyclonedx_file, readme_file
from releases.cards.reviewing import months_of
from releases.cards.saving import standing
from releases.cards.shown import badges_of, groups_of, import_in_words
from releases.cards.snapshot import begun
from releases.cards.standing import missing_in
from releases.errors import CardChanged
from releases.forms.cards import (
    CardForm,
    CardsFilter,
    ImportCardForm,
    ReviewCardForm,
    typed_content,
)
from releases.forms.rows import ADD, regrown
from releases.models import CardReview, CardRevision, CardSource, ModelCard

PAGE_SIZE: Final = 25
MOST_REVISIONS: Final = 50
MOST_REVIEWS: Final = 20
LARGEST_NUMBER: Final = 2**31 - 1


class CardPage(Page):
    """``/artifact-versions/<id>/card/``: what stands there, or an earlier revision (``?revision=``)."""

    template_name = "releases/cards/card.html"

    @cached_property
    def version(self) -> ArtifactVersion:
        """The model's version; 404 for one that may not be seen, or is of no model."""
        visible = ArtifactVersion.objects.visible_to(self.caller).select_related(
            "artifact__project"
        )
        return get_object_or_404(visible, pk=self.kwargs["pk"], artifact__kind=ArtifactKind.MODEL)

    @cached_property
    def card(self) -> ModelCard | None:
        """Its card, if it has one."""
        card = ModelCard.objects.select_related("owner").filter(artifact_version=self.version)
        found = card.first()
        if found is not None:
            found.artifact_version, found.project = self.version, self.version.artifact.project
        return found

    @cached_property
    def held(self) -> Held:
        """What whoever looks may do here."""
        return held_in(self.version.artifact.project, self.caller)

    @property
    def may_edit(self) -> bool:
        """Whether whoever looks may write and review cards here."""
        return self.held.may(Permission.EDIT_MODEL_CARD)

    @cached_property
    def revisions(self) -> list[CardRevision]:
        """The newest revisions."""
        if self.card is None:
            return []
        rows = self.card.revisions.select_related("saved_by", "owner", "evidence")
        return list(rows.order_by("-number")[:MOST_REVISIONS])

    @cached_property
    def revision(self) -> CardRevision | None:
        """The revision that is shown."""
        asked = number_of(self.request.GET.get("revision", ""))
        found = self._numbered(asked or (self.card.revision if self.card else 0))
        if asked and found is None:
            raise Http404
        return found

    def context(self) -> dict[str, Any]:
        """Show the card, its history, and what may be done with it."""
        card, revision = self.card, self.revision
        common = {
            "version": self.version,
            "artifact": self.version.artifact,
            "project": self.version.artifact.project,
            "card": card,
            "may_edit": self.may_edit,
            "crumbs": self.crumbs,
        }
        if card is None or revision is None:
            return common
        return {
            **common,
            "revision": revision,
            "stands": revision.number == card.revision,
            "groups": groups_of(revision.content),
            "missing": missing_in(revision),
            "badges": badges_of(card),
            "months": months_of(card.risk_tier),
            "revisions": self.revisions,
            "reviews": self._reviews(card),
            "imported": import_in_words(revision),
            **self._review(card, revision),
        }

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """The way here."""
        project = self.version.artifact.project
        return [
            ("Projects", reverse("catalog:projects")),
            (project.name, reverse("portal:project", args=[project.slug])),
            ("Artifacts", reverse("releases:artifacts", args=[project.slug])),
            (str(self.version), reverse("releases:artifact-version", args=[self.version.pk])),
        ]

    def back(self) -> str:
        """Return the card's address."""
        return reverse("releases:card", args=[self.version.pk])

    def _numbered(self, number: int) -> CardRevision | None:
        found = next((each for each in self.revisions if each.number == number), None)
        if found is None and self.card is not None and number:
            rows = self.card.revisions.select_related("saved_by", "owner", "evidence")
            found = rows.filter(number=number).first()
        if found is not None and self.card is not None:
            found.card = self.card
        return found

    def _reviews(self, card: ModelCard) -> list[CardReview]:
        rows = CardReview.objects.filter(revision__card=card)
        return list(rows.select_related("revision", "reviewed_by")[:MOST_REVIEWS])

    def _review(self, card: ModelCard, revision: CardRevision) -> dict[str, Any]:
        """Return the form for whoever may review, or why they may not."""
        if not self.may_edit or revision.number != card.revision:
            return {}
        if not card.is_complete:
            return {"why_not": "A card is reviewed when it is complete."}
        if not may_review(card, self.caller):
            return {"why_not": "You wrote some of it, so somebody else reviews it."}
        return {"review_form": ReviewCardForm(initial={"revision": card.revision})}


class ReviewCard(Deed, CardPage):
    """``/artifact-versions/<id>/card/review/``."""

    form_class = ReviewCardForm
    form_name = "review_form"

    def act(self, fields: dict[str, Any]) -> str:
        """Confirm it."""
        if self.card is None:
            raise Http404
        review = review_card(self.card, **fields, by=self.caller)
        return f"Reviewed. The next review is due on {review.next_review_at:%-d %B %Y}."


class _WritesCard(FormPage, CardPage):
    """A form about the card, for those who may write it."""

    def context(self) -> dict[str, Any]:
        """Refuse those who may not before they have typed anything."""
        if not self.may_edit:
            raise PermissionDenied(
                f"You may not write model cards in the project {self.version.artifact.project}. A role with "
                "the permission 'edit_model_card' there would allow it."
            )
        return {
            "version": self.version,
            "artifact": self.version.artifact,
            "card": self.card,
            "crumbs": [*self.crumbs, ("Model card", self.back())],
            "cancel_url": self.back(),
        }


class EditCard(_WritesCard):
    """``/artifact-versions/<id>/card/edit/``."""

    template_name = "releases/cards/edit.html"

    @cached_property
    def beginning(self) -> tuple[dict[str, Any], CardSource, str]:
        """What the form begins with, where it is from, and a sentence about that."""
        stands = standing(self.card)
        if stands is not None:
            return _initial(stands.content, stands), CardSource.EDITED, ""
        content, source, before = begun(self.version)
        first = _initial(content, before)
        return first, source, _begun_in_words(content, before)

    def form(self, data: Any = None) -> forms.Form:
        """Return the form, with what stands there or what a new card begins with."""
        number = self.card.revision if self.card else 0
        initial = {} if data is not None else {**self.beginning[0], "expected": number}
        return CardForm(self.version.artifact.project, data, initial=initial)

    def context(self) -> dict[str, Any]:
        """Say what the form begins with."""
        return {**super().context(), "beginning": self.beginning[2]}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Save it; or show the same with a row more or less, and save nothing."""
        project = self.version.artifact.project
        held = regrown(CardForm(project), request.POST)
        if held is None:
            return super().post(request, **kwargs)
        new = request.POST.get(ADD, "")
        return self.show(form=CardForm(project, initial={**held, ADD: new}))

    def act(self, fields: dict[str, Any]) -> str:
        """Save a revision."""
        revision = save_card(
            self.version,
            {name: fields[name] for name in BY_NAME if fields.get(name)},
            owner=fields["owner"],
            risk_tier=fields["risk_tier"],
            note=fields["note"],
            expected=fields["expected"],
            source=self.beginning[1],
            by=self.caller,
        )
        return f"Revision {revision.number} stands."

    def refused(self, error: DomainError | NotRecordable, form: forms.Form | None) -> HttpResponse:
        """Let whoever met another revision look at it, and then save theirs over it all the same."""
        if not isinstance(error, CardChanged):
            return super().refused(error, form)
        edited = number_of(self.request.POST.get("expected", ""))
        self.card = ModelCard.objects.select_related("owner").get(artifact_version=self.version)
        typed = self.request.POST.copy()
        typed["expected"] = str(self.card.revision)
        again = self.form(typed)
        again.add_error(None, error.sentence)
        compare = reverse("releases:compare-card", args=[self.version.pk])
        changed = f"{compare}?old={edited}&new={self.card.revision}" if edited else self.back()
        return self.show(status_of(error), form=again, changed_url=changed)


class ImportCard(_WritesCard):
    """``/artifact-versions/<id>/card/import/``."""

    template_name = "releases/cards/import.html"

    def form(self, data: Any = None) -> forms.Form:
        """Return the form with the file that was sent."""
        return ImportCardForm(data, self.request.FILES if data is not None else None)

    def act(self, fields: dict[str, Any]) -> str:
        """Take it over."""
        upload: UploadedFile[Any] = fields["file"]
        revision = import_card(
            self.version,
            cast("BinaryIO", upload.file),
            file_name=upload.name or "",
            replace=fields["replace"],
            by=self.caller,
        )
        summary = revision.evidence.summary if revision.evidence else ""
        return f"Revision {revision.number} stands. {summary}"


class CompareCard(CardPage):
    """``/artifact-versions/<id>/card/compare/?old=1&new=2``."""

    template_name = "releases/cards/compare.html"

    def context(self) -> dict[str, Any]:
        """Show what the one says that the other does not."""
        if self.card is None:
            raise Http404
        new = self._asked("new", self.card.revision)
        old = self._asked("old", max(1, new.number - 1))
        rows: list[Any] = list(differences(old.content, new.content))
        return {
            "version": self.version,
            "old": old,
            "new": new,
            "rows": rows,
            "people": _people_changed(old, new),
            "old_label": f"Revision {old.number}",
            "new_label": f"Revision {new.number}",
            "crumbs": [*self.crumbs, ("Model card", self.back())],
        }

    def _asked(self, name: str, otherwise: int) -> CardRevision:
        found = self._numbered(number_of(self.request.GET.get(name, "")) or otherwise)
        if found is None:
            raise Http404
        return found


class ExportCard(CardPage):
    """``/artifact-versions/<id>/card/export.cdx.json`` and ``export.md``."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return the file."""
        revision = standing(self.card)
        if revision is None:
            raise Http404
        return readme_file(revision) if kwargs["form"] == "md" else cyclonedx_file(revision)


class CardsPage(Page):
    """``/model-cards/``: over all projects, what is due first on top."""

    template_name = "releases/cards/cards.html"

    def context(self) -> dict[str, Any]:
        """List them, page by page."""
        asked = CardsFilter(self.request.GET or None)
        chosen = asked.cleaned_data if asked.is_bound and asked.is_valid() else {}
        rows = self._chosen(chosen).select_related("artifact_version__artifact", "project", "owner")
        pages = Paginator(rows.order_by("next_review_at", "pk"), PAGE_SIZE)
        try:
            shown = pages.page(self.request.GET.get("page", "1"))
        except InvalidPage:
            shown = pages.page(1)
        return {
            "filter": asked,
            "rows": [{"card": card, "badges": badges_of(card)} for card in shown],
            "count": pages.count,
            "newer_url": self._page(shown.previous_page_number()) if shown.has_previous() else "",
            "older_url": self._page(shown.next_page_number()) if shown.has_next() else "",
        }

    def _chosen(self, chosen: dict[str, Any]) -> "QuerySet[ModelCard]":
        rows = ModelCard.objects.visible_to(self.caller)
        rows = rows.overdue() if chosen.get("state") == "overdue" else rows.that_matter()
        if chosen.get("state") == "unreviewed":
            rows = rows.filter(Q(reviewed_revision=None) | ~Q(reviewed_revision=F("revision")))
        if chosen.get("state") == "incomplete":
            rows = rows.filter(is_complete=False)
        if who := chosen.get("who"):
            rows = rows.filter(owner=self.caller if who == "me" else None)
        if slug := chosen.get("project"):
            rows = rows.filter(project__slug=slug)
        return rows

    def _page(self, number: int) -> str:
        query: QueryDict = self.request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}"


def number_of(typed: str) -> int:
    """Return a number from an address; 0 for everything else."""
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(LARGEST_NUMBER))
    return min(int(typed), LARGEST_NUMBER) if is_number else 0


def _initial(content: Mapping[str, Any], people: CardRevision | None) -> dict[str, Any]:
    first: dict[str, Any] = {**typed_content(content)}
    if people is not None:
        first |= {"owner": people.owner_id, "risk_tier": people.risk_tier}
    return first


def _begun_in_words(content: dict[str, Any], before: CardRevision | None) -> str:
    if before is not None:
        return (
            f"It begins with the words of the card of {before.card.artifact_version}, and with data and "
            "metrics of this version. Nothing is saved yet."
        )
    if content:
        return "It begins with what MLflow says of this version. Nothing is saved yet."
    return ""


def _people_changed(old: CardRevision, new: CardRevision) -> list[dict[str, str]]:
    def name(revision: CardRevision) -> str:
        return revision.owner.display_name if revision.owner else ""

    pairs = (
        (OWNER, name(old), name(new)),
        (TIER, old.get_risk_tier_display(), new.get_risk_tier_display()),
    )
    return [
        {"name": title, "change": _change(before, after), "old": before, "new": after}
        for title, before, after in pairs
        if before != after
    ]


def _change(before: str, after: str) -> str:
    if before and after:
        return "changed"
    return "removed" if before else "added"
