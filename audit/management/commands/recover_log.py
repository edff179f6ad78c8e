"""``manage.py recover_log`` says how the database stands to what was signed, and mends it."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from audit.environment import NotSet
from audit.itself import the_watcher
from audit.models import Halt, Tree
from audit.origin import Origin, coming_from
from audit.record import Actor
from audit.recovery.errors import CannotRecover
from audit.recovery.published import Published, published_by
from audit.recovery.reimport import reimport
from audit.recovery.reopen import reopen
from audit.signer.__main__ import configured
from audit.signer.errors import NotSigned
from audit.signer.signing import Signer
from audit.signer.state import held


class Command(BaseCommand):
    """Runs where the signer runs, with its files, and as the owner: GATEHOUSE_DB_ROLE=owner."""

    help = "After a restore: compare the audit log with what was signed; bring it back, or open a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument(
            "--reimport",
            action="store_true",
            help="bring lost entries back from the published files",
        )
        ways.add_argument(
            "--open-new",
            action="store_true",
            help="where that is impossible: open <origin>/<n>, which begins with the last checkpoint",
        )
        parser.add_argument(
            "--by", metavar="USERNAME", help="who recovers it; the portal unless told"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and do what was asked for.

        Raises:
            CommandError: it could not be done; nothing was changed.
        """
        try:
            signer = configured()
            with held(signer.state_file), coming_from(Origin("command")):
                self._recover(signer, options)
        except (NotSet, CannotRecover, NotSigned) as error:
            raise CommandError(str(error)) from error

    def _recover(self, signer: Signer, options: dict[str, Any]) -> None:
        published = published_by(signer)
        if options["reimport"]:
            done = reimport(published, by=_actor(options["by"]))
            self.stdout.write(
                f"{done.kept} leaves were as they were signed, {done.imported} entries came back, and "
                f"{done.requeued} wait for new places. The sequencers go on by themselves."
            )
        elif options["open_new"]:
            name = signer.key_file.name
            origin = reopen(published, name, signer.state_file, by=_actor(options["by"]))
            self.stdout.write(
                f"{origin} is open. Its first entry holds the last checkpoint of {published.state.origin}, "
                "whose files stay. Give the new verifier key (log.vkey) to whoever verifies."
            )
        else:
            self._compare(published)

    def _compare(self, published: Published) -> None:
        tree = Tree.objects.get()
        self.stdout.write(f"signed:   {published.size} entries of {published.state.origin}")
        self.stdout.write(f"database: {tree.size} entries of {tree.origin or 'no log yet'}")
        for halt in Halt.objects.order_by("pk"):
            self.stdout.write(f"halted:   {halt.reason}")
        if tree.origin == published.state.origin and tree.size >= published.size:
            self.stdout.write("The database holds at least as much as was signed.")
        else:
            self.stdout.write("To bring the lost entries back:  manage.py recover_log --reimport")


def _actor(username: str | None) -> Actor:
    if username is None:
        return the_watcher()
    found = get_user_model().objects.filter(username=username).first()
    if found is None:
        raise CannotRecover(f"There is no account {username}.")
    actor: Actor = found
    return actor
