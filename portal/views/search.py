"""Find a thing by what people quote: a change request's number, a release, an artifact, a digest."""

import re
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from catalog.models import ArtifactVersion, Project
from catalog.views.page import Page
from deployments.lineage.states import address_of_data, is_digest
from releases.models import ChangeRequest, Release
from releases.rows import SHOWN_WITH, row_of

LONGEST: Final = 200
MOST: Final = 20
_NUMBER: Final = re.compile(r"(?:cr-?)?(\d{1,18})", re.IGNORECASE)
_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{7,64})", re.IGNORECASE)


class SearchPage(Page):
    """``/search/?q=``."""

    template_name = "portal/search.html"

    @property
    def words(self) -> str:
        """What was typed, as far as a search may be long; what no text may hold is left out."""
        return self.request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Go straight to a change request whose number was typed with its letters."""
        number = _NUMBER.fullmatch(self.words)
        if number and not self.words.isdigit():
            found = self._requests().filter(number=int(number[1])).first()
            if found is not None:
                return redirect("portal:change-request", found.number)
        return super().get(request, **kwargs)

    def context(self) -> dict[str, Any]:
        """Return what was found, at most twenty of each."""
        words = self.words
        if not words:
            return {"words": ""}
        digest = _DIGEST.fullmatch(words)
        number = _NUMBER.fullmatch(words)
        requests = self._requests().filter(number=int(number[1])) if number else None
        found = {
            "requests": [row_of(each) for each in requests[:MOST]] if requests is not None else [],
            "releases": list(self._releases(words, digest)[:MOST]),
            "versions": list(self._versions(words, digest)[:MOST]),
            "projects": list(
                Project.objects.visible_to(self.caller).filter(
                    Q(slug__istartswith=words) | Q(name__istartswith=words)
                )[:MOST]
            ),
        }
        data_url = address_of_data(words) if is_digest(words) else ""
        return {"words": words, "found_any": any(found.values()), "data_url": data_url, **found}

    def _requests(self) -> "QuerySet[ChangeRequest]":
        return ChangeRequest.objects.visible_to(self.caller).select_related(*SHOWN_WITH)

    def _releases(self, words: str, digest: re.Match[str] | None) -> "QuerySet[Release]":
        wanted = Q(version__istartswith=words)
        if digest:
            wanted |= Q(content_digest__startswith=f"sha256:{digest[1].lower()}")
        visible = Release.objects.visible_to(self.caller).select_related("project")
        return visible.filter(wanted).order_by("-id")

    def _versions(self, words: str, digest: re.Match[str] | None) -> "QuerySet[ArtifactVersion]":
        wanted = Q(artifact__name__istartswith=words) | Q(version__istartswith=words)
        if digest:
            wanted |= Q(digest__startswith=f"sha256:{digest[1].lower()}")
            wanted |= Q(commit__startswith=digest[1].lower())
        visible = ArtifactVersion.objects.visible_to(self.caller)
        return visible.filter(wanted).select_related("artifact__project").order_by("-id")
