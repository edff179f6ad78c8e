"""``manage.py refused_entries`` lists what the sequencer kept out of the log, and ends the alarm about it."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from audit.actions.settle_refused import settle_refused
from audit.completeness.refused import in_words, refused_entries
from audit.errors import NotRecordable
from audit.origin import Origin, coming_from


class Command(BaseCommand):
    """Docs/audit-log.md tells what to look for."""

    help = "List the entries that were kept out of the audit log; say what came of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be said."""
        parser.add_argument("--settle", metavar="WHY", help="what was found, and done about it")
        parser.add_argument("--by", metavar="USERNAME", help="who looked into it")

    def handle(self, *args: Any, **options: Any) -> None:
        """List them, or record what came of them.

        Raises:
            CommandError: there is no such account, or nothing to settle.
        """
        if options["settle"] is None:
            found = refused_entries()
            for refused in found:
                self.stdout.write(in_words(refused))
            self.stdout.write(f"{len(found)} refused entries that nobody has looked into.")
            return
        by = get_user_model().objects.filter(username=options["by"]).first()
        if by is None:
            raise CommandError(f"There is no account {options['by']}: say --by USERNAME.")
        try:
            with coming_from(Origin("command")):
                receipts = settle_refused(options["settle"], by=by)
        except NotRecordable as error:
            raise CommandError(error.sentence) from error
        events = ", ".join(str(receipt.uid) for receipt in receipts)
        self.stdout.write(f"Recorded as event {events}. The alarm ends within a minute.")
