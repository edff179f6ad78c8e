"""``manage.py create_admin USERNAME``: the first superuser of an installation."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.origin import Origin, coming_from
from catalog.actions.create_person import create_person
from catalog.errors import DomainError
from catalog.models import the_portal


class Command(BaseCommand):
    """Django's ``createsuperuser`` leaves no event; this one does."""

    help = "Create a superuser. The password is asked for, or read as one line from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--full-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account."""
        try:
            with coming_from(Origin("command")):
                create_person(
                    username=options["username"],
                    full_name=options["full_name"],
                    email=options["email"],
                    password=_password(),
                    is_superuser=True,
                    by=the_portal(),
                )
        except DomainError as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"Created the superuser {options['username']}.")


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
