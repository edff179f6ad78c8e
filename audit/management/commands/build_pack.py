"""``manage.py build_pack --project payments --output pack.zip`` builds an evidence pack here and now."""

import shutil
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from audit.itself import the_watcher
from audit.origin import Origin, coming_from
from audit.packs.build import build
from audit.packs.download import download
from audit.packs.errors import PackRefused
from audit.packs.models import Pack, PackState
from audit.packs.request import request_pack
from audit.packs.scope import USUAL_SAMPLES, Mode, Scope

_PATIENCE: Final = 60.0
"""Seconds for the sequencer and the signer to sign the log as far as the request."""


class Command(BaseCommand):
    """Exit status 0: the file is there; 1: it is not, and a sentence says why."""

    help = (
        "Build an evidence pack. It is the same, and leaves the same events, as one from the pages."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--output", required=True, type=Path, help="the ZIP to write")
        parser.add_argument("--project", help="slug of the only project")
        parser.add_argument("--environment", help="name of the only environment")
        parser.add_argument("--change-request", type=_number, action="append", metavar="CR-12")
        parser.add_argument("--since", type=_moment, help="2026-01-01, UTC, included")
        parser.add_argument("--until", type=_moment, help="2026-04-01, UTC, not included")
        parser.add_argument("--control", help="with each case of its checks, such as soc2/CC8.1")
        parser.add_argument("--full", action="store_true", help="with every entry of the log")
        parser.add_argument("--samples", type=int, default=USUAL_SAMPLES, help="how many are drawn")
        parser.add_argument("--sample", type=_number, action="append", metavar="CR-12")
        parser.add_argument("--purpose", default="")
        parser.add_argument("--as", dest="username", help="on behalf of this account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the pack, build it, copy it out."""
        by = self._account(options["username"])
        with coming_from(Origin("command")):
            try:
                pack = self._built(request_pack(_scope(options), by=by))
            except PackRefused as error:
                raise CommandError(error.sentence) from error
            if pack.state != PackState.READY:
                raise CommandError(pack.reason)
            try:
                with download(pack, by=by) as stream, options["output"].open("wb") as out:
                    shutil.copyfileobj(stream, out, 1 << 20)
            except OSError as error:
                raise CommandError(
                    f"The {pack} is built, and was not written here: {error}. It is kept on its page."
                ) from error
        self.stdout.write(f"{pack.sha256}  {options['output']}")

    @staticmethod
    def _account(username: str | None) -> Any:
        if username is None:
            return the_watcher()
        account = get_user_model().objects.filter(username=username).first()
        if account is None:
            raise CommandError(f"There is no account {username!r:.80}.")
        return account

    def _built(self, pack: Pack) -> Pack:
        """Build it here; if a worker was faster, wait for that one."""
        deadline = time.monotonic() + _PATIENCE
        while not pack.is_finished:
            build(pack.pk, worker="build_pack")
            pack.refresh_from_db()
            if pack.state == PackState.WAITING and time.monotonic() > deadline:
                raise CommandError(f"{pack.reason} The {pack} waits; a worker goes on with it.")
            if not pack.is_finished:
                time.sleep(0.5)
        return pack


def _scope(options: dict[str, Any]) -> Scope:
    named, sampled = options["change_request"], options["sample"]
    return Scope(
        project=options["project"],
        environment=options["environment"],
        change_requests=tuple(named) if named else None,
        since=options["since"],
        until=options["until"],
        control=options["control"],
        mode=Mode.FULL if options["full"] else Mode.PART,
        samples=options["samples"],
        sampled=tuple(sampled) if sampled else None,
        purpose=options["purpose"],
    )


def _number(text: str) -> int:
    return int(text.upper().removeprefix("CR-"))


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
