"""``manage.py load_demo``: fill an empty portal with the demo."""

from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit.origin import Origin, coming_from
from audit.record import record
from catalog.models import Project, the_portal
from catalog.nudges import silence
from portal.audit_events import PortalEvent
from portal.demo.cast import CAST, PASSWORD
from portal.demo.clock import Today, Yesterday, history_allowed
from portal.demo.story import Story, tell


class Command(BaseCommand):
    """Needs the sandbox cluster, and neither worker nor beat running: the history is told in order."""

    help = "Fill an empty portal with two projects, people, several weeks of history and open work."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo; the sign-ins go to standard output.

        Raises:
            CommandError: the portal is not empty, or there is no sandbox cluster.
        """
        if Project.objects.exists():
            raise CommandError("The demo fills an empty portal, and this one has projects already.")
        if not settings.SANDBOX_CLUSTER_URL:
            raise CommandError(
                "The demo needs the sandbox cluster: start the portal with `make run`."
            )
        owner = settings.DATABASE_OWNER_URL
        allowed = history_allowed(owner) if owner else nullcontext()
        with allowed, silence(), coming_from(Origin("command")):
            self._load(Yesterday() if owner else Today())
        self._introduce()

    def _load(self, clock: Today) -> None:
        story = Story(clock, settings.SANDBOX_CLUSTER_URL, settings.SANDBOX_CLUSTER_CREDENTIALS)
        tell(story, lambda title: self.stderr.write(f"  · {title}"))
        portal = the_portal()
        with transaction.atomic(durable=True):
            record(PortalEvent.DEMO_LOADED, subject=portal, by=portal)

    def _introduce(self) -> None:
        self.stdout.write(f"Sign in with the password {PASSWORD} as")
        rows = [("admin", "Administrator"), *((one.username, one.job_title) for one in CAST)]
        for username, title in rows:
            self.stdout.write(f"  {username:<8} {title}")
