"""``manage.py export_log --output log.jsonl`` writes the sealed entries to a file, or to ``-``."""

import hashlib
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from audit.exporting.export import Format, Wanted, export
from audit.itself import the_watcher
from audit.origin import Origin, coming_from
from audit.packs.errors import PackNotAllowed


class Command(BaseCommand):
    """Exit status 0: it is all there; 1: it is not, and a sentence says why."""

    help = "Export the audit log as JSON lines or CSV, in bounded memory. It leaves an event."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--output", required=True, help="a file, or - for the standard output")
        parser.add_argument("--format", choices=list(Format), default=Format.JSON_LINES)
        parser.add_argument("--project", help="slug of the only project")
        parser.add_argument("--type", help="of the only events, such as releases.approved")
        parser.add_argument("--since", type=_moment, help="2026-01-01, UTC, included")
        parser.add_argument("--until", type=_moment, help="2026-04-01, UTC, not included")
        parser.add_argument("--after", type=int, default=-1, help="leaf index that you have")
        parser.add_argument("--as", dest="username", help="on behalf of this account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say what was written."""
        names = ("project", "type", "since", "until", "after")
        wanted = Wanted(format=Format(options["format"]), **{name: options[name] for name in names})
        digest, size = hashlib.sha256(), 0
        with coming_from(Origin("command")):
            try:
                pieces = export(wanted, by=self._account(options["username"]))
            except PackNotAllowed as error:
                raise CommandError(error.sentence) from error
        try:
            with _opened(options["output"]) as out:
                for piece in pieces:
                    out.write(piece)
                    digest.update(piece)
                    size += len(piece)
        except OSError as error:
            raise CommandError(f"The export was not written whole: {error}") from error
        self.stderr.write(f"{digest.hexdigest()}  {options['output']} ({size} bytes)")

    @staticmethod
    def _account(username: str | None) -> Any:
        if username is None:
            return the_watcher()
        account = get_user_model().objects.filter(username=username).first()
        if account is None:
            raise CommandError(f"There is no account {username!r:.80}.")
        return account


def _opened(output: str) -> Any:
    return nullcontext(sys.stdout.buffer) if output == "-" else Path(output).open("wb")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
