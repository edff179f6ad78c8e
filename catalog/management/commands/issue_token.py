"""``manage.py issue_token ACCOUNT``: print a new token, once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.origin import Origin, coming_from
from catalog.actions.issue_token import LONGEST, issue_token
from catalog.errors import DomainError
from catalog.models import TokenScope, User, the_portal

DAYS = 90
FOR_MACHINES = (TokenScope.READ, TokenScope.ARTIFACTS, TokenScope.RELEASES, TokenScope.CHANGES)


class Command(BaseCommand):
    """Whoever may run this on the portal's machine may issue a token for anybody."""

    help = "Issue a token for a person or a service account and print it, and nothing else, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("account", help="the user name of the person or service account")
        parser.add_argument(
            "--scope",
            action="append",
            choices=TokenScope.values,
            help="what the token opens; may be repeated. Without it: everything for a person, and "
            f"{', '.join(FOR_MACHINES)} for a service account",
        )
        parser.add_argument(
            "--days",
            type=float,
            default=DAYS,
            help=f"how long it is valid ({DAYS}; at most {LONGEST.days})",
        )
        parser.add_argument("--name", default="issued at the command line", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the token."""
        account = User.objects.filter(username=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']!r}.")
        scopes = options["scope"] or (TokenScope.values if account.is_person else FOR_MACHINES)
        try:
            with coming_from(Origin("command")):
                _, plain = issue_token(
                    account,
                    name=options["name"],
                    scopes=[str(scope) for scope in scopes],
                    expires_at=timezone.now() + timedelta(days=options["days"]),
                    by=the_portal(),
                )
        except (DomainError, OverflowError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(plain)
