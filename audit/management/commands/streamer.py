"""``manage.py streamer`` sends the log to its destinations."""

import logging
import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit.streaming.streamer import Streamer


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT."""

    help = (
        "Send the sealed entries of the audit log to the destinations that administrators set up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--once", action="store_true", help="send what is missing, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go round."""
        logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
        streamer = Streamer()
        if options["once"]:
            streamer.once()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: streamer.stopping.set())
        streamer.run()
