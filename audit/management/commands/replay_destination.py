"""``manage.py replay_destination siem --from 4711 --by alice`` has a part of the log sent once more."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from audit.origin import Origin, coming_from
from audit.streaming.actions.replay import replay_destination
from audit.streaming.errors import StreamingRefused
from audit.streaming.models import Destination


class Command(BaseCommand):
    """The same as on the destination's page; docs/siem.md."""

    help = "Send the entries of the audit log from an index on to a destination once more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what must be said."""
        parser.add_argument("name", help="of the destination")
        parser.add_argument("--from", dest="index", type=int, required=True, metavar="INDEX")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="an administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        """Put the cursor back.

        Raises:
            CommandError: there is no such account or destination, or it is refused.
        """
        by = get_user_model().objects.filter(username=options["by"]).first()
        if by is None:
            raise CommandError(f"There is no account {options['by']}.")
        found = Destination.objects.filter(name=options["name"]).first()
        if found is None:
            raise CommandError(f"There is no destination {options['name']}.")
        try:
            with coming_from(Origin("command")):
                replay_destination(found.pk, from_index=options["index"], by=by)
        except StreamingRefused as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"The {found} gets the log from entry {options['index']} on again.")
