"""A project's page: its environments side by side, what runs in each, and what is on its way."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from catalog.models import Environment
from catalog.permissions import Permission
from catalog.views.projects import ProjectPage
from deployments.models import Executor, Target
from deployments.running import Now, what_runs
from portal.change_requests.next_step import next_environment
from portal.change_requests.story import UNDER_WAY
from releases.models import ChangeRequest
from releases.rows import address_of, held_up_by, kind_of, listed, row_of

RECENT: Final = 6


@dataclass(kw_only=True)
class Card:
    """What ``components/environment_card.html`` draws."""

    name: str
    tier: str
    url: str
    verdict: str
    release: str = ""
    release_url: str = ""
    since: datetime | None = None
    runs: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    waiting: list[dict[str, str]] = field(default_factory=list)
    action_url: str = ""
    action_label: str = ""


class OverviewPage(ProjectPage):
    """``/projects/<slug>/``."""

    template_name = "portal/project.html"
    tab = "portal:project"

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """The way here."""
        return super().crumbs[:-1]

    def context(self) -> dict[str, Any]:
        """Show the environments, and what happened lately."""
        standing = what_runs(
            self.project.environments.order_by("position").select_related("target")
        )
        path = [environment for environment, _ in standing]
        waiting = self._waiting()
        recent = self.project.change_requests.order_by("-number")
        releases = self.project.releases.select_related("sealed_by").order_by("-id")[:RECENT]
        return {
            **super().context(),
            "environments": [
                self._card(environment, path, now, waiting) for environment, now in standing
            ],
            "recent": [
                row_of(each, ask=held_up_by(each), with_risk=False)
                for each in listed(recent[:RECENT])
            ],
            "releases": [
                {
                    "release": each,
                    "by": each.sealed_by.display_name,
                    "kind": kind_of(each.sealed_by),
                }
                for each in releases
            ],
            "may_manage": self.held.may(Permission.MANAGE_PROJECT),
            "may_submit": self.held.anywhere(Permission.SUBMIT_CHANGE),
            "may_seal": self.held.may(Permission.SEAL_RELEASE),
            "may_register": self.held.may(Permission.REGISTER_ARTIFACT),
        }

    def _waiting(self) -> dict[int, list[dict[str, str]]]:
        found = (
            ChangeRequest.objects.filter(project=self.project, state__in=UNDER_WAY)
            .order_by("-number")
            .values_list("environment_id", "number", "state", "release__version")[:100]
        )
        waiting: dict[int, list[dict[str, str]]] = defaultdict(list)
        for environment, number, state, release in found:
            waiting[environment].append(
                {
                    "label": f"CR-{number} to {release}",
                    "url": address_of(number),
                    "state": state,
                    "release": release,
                }
            )
        return waiting

    def _card(
        self,
        environment: Environment,
        path: list[Environment],
        now: Now,
        waiting: dict[int, list[dict[str, str]]],
    ) -> Card:
        slug = self.project.slug
        card = Card(
            name=environment.name,
            tier=environment.get_tier_display(),
            url=reverse("deployments:environment", args=[slug, environment.name]),
            verdict=verdict_of(now),
            release=now.release,
            release_url=reverse("releases:release", args=[slug, now.release])
            if now.release
            else "",
            since=now.since,
            runs=runs_of(now),
            notices=notices_of(environment, now),
            waiting=waiting[environment.pk],
        )
        self._offer(card, environment, path, now, waiting)
        return card

    def _offer(
        self,
        card: Card,
        environment: Environment,
        path: list[Environment],
        now: Now,
        waiting: dict[int, list[dict[str, str]]],
    ) -> None:
        """Put the one next step on the card, if there is one for whoever looks.

        What is in doubt is made certain before anything goes on from there.
        """
        place = environment if now.doubts else next_environment(path, environment)
        if place is None or now.release_id is None:
            return
        if any(each["release"] == now.release for each in waiting[place.pk]):
            return  # it has been asked for, and the card over there says so
        if self.held.may(Permission.SUBMIT_CHANGE, place.pk):
            wish = urlencode({"release": now.release_id, "environment": place.pk})
            page = reverse("releases:new-change-request", args=[self.project.slug])
            card.action_url = f"{page}?{wish}"
            card.action_label = (
                f"Deploy {now.release} again"
                if now.doubts
                else f"Promote {now.release} to {place.name}"
            )


def verdict_of(now: Now) -> str:
    """Return what is known of an environment: verified by digest, vouched for, in doubt, or nothing there."""
    if now.doubts:
        return "in_doubt"
    if not now.release:
        return "empty"
    return "as_approved" if now.verified else "not_seen"


def runs_of(now: Now) -> list[dict[str, Any]]:
    """Return the artifacts that run, as the environment's card draws them."""
    return [
        {
            "name": each.artifact,
            "version": each.version,
            "digest": each.digest,
            "is_approved": each.verified,
            "is_unseen": not each.verified,
            "url": reverse("releases:artifact-version", args=[each.version_id]),
        }
        for each in now.runs
    ]


def notices_of(environment: Environment, now: Now) -> list[dict[str, str]]:
    """Return what is wrong or unusual about an environment."""
    target: Target | None = getattr(environment, "target", None)
    if target is None:
        return [{"tone": "warn", "text": "It has no target yet: nothing can be carried out here."}]
    if now.doubts:
        return [{"tone": "bad", "text": doubt.sentence} for doubt in now.doubts]
    if now.release and not now.verified and target.executor != Executor.KUBERNETES:
        who = target.get_executor_display().lower()
        return [{"tone": "neutral", "text": f"Carried out {who}; nobody compared digests."}]
    return []
