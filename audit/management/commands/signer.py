"""``manage.py signer`` signs and publishes the log until it is stopped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit.signer.__main__ import main


class Command(BaseCommand):
    """Needs DATABASE_SIGNER_URL, SIGNER_KEY_FILE, SIGNER_STATE_FILE and LOG_ROOT.

    ``python -m audit.signer`` is the same.
    """

    help = "Sign and publish the audit log's tree, until stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument(
            "--adopt",
            action="store_true",
            help="where the signer's memory is lost, believe the published checkpoint",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        raise SystemExit(main(["--adopt"] if options["adopt"] else []))
