"""``manage.py announce_signer_key`` records that a further key will sign the log."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from audit.actions.announce_key import announce_key
from audit.errors import NotRecordable
from audit.origin import Origin, coming_from


class Command(BaseCommand):
    """The first step of a rotation; docs/audit-log.md tells the others."""

    help = "Record in the audit log that a further key will sign it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what must be said."""
        parser.add_argument("vkey", help="the public half: name+hash+key")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="who rotates the key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Record it.

        Raises:
            CommandError: there is no such account, or that is no key.
        """
        by = get_user_model().objects.filter(username=options["by"]).first()
        if by is None:
            raise CommandError(f"There is no account {options['by']}.")
        try:
            with coming_from(Origin("command")):
                receipt = announce_key(options["vkey"], by=by)
        except NotRecordable as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(
            f"Announced as event {receipt.uid}. Now put the new key into the signer's file."
        )
