"""``manage.py sequencer`` puts committed events into the tree until it is stopped."""

from typing import Any

from django.core.management.base import BaseCommand

from audit.sequencer.__main__ import main


class Command(BaseCommand):
    """Needs DATABASE_SEQUENCER_URL. Any number may run. ``python -m audit.sequencer`` is the same."""

    help = "Put committed events of the audit log into its tree, until stopped."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        raise SystemExit(main())
