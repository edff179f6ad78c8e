"""``manage.py rewrap_subject_keys``: wrap every subject's key with the first secret of PRIVACY_KEY."""

from typing import Any

from django.core.management.base import BaseCommand

from audit.privacy.rewrapping import rewrap


class Command(BaseCommand):
    help = "Wrap the keys of names and free texts with the new PRIVACY_KEY, which stands before the old one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Wrap anew what another secret wrapped; an interrupted run is simply repeated."""
        self.stdout.write(
            f"{rewrap()} keys were wrapped anew. The old secret is needed no more, but for backups."
        )
