"""``manage.py courier`` carries checkpoints to witnesses and to the time-stamp authority."""

import logging
import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.witness.cosigning import Cosigning
from audit.witness.courier import Courier
from audit.witness.trust import NoPolicy, witness_policy


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT."""

    help = "Carry checkpoints to the witnesses of WITNESS_POLICY_FILE and to TIMESTAMP_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--once", action="store_true", help="go round once, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go round."""
        logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
        if not settings.DATABASE_SIGNER_URL:
            raise CommandError(
                "Set DATABASE_SIGNER_URL: the role that may keep what witnesses answer."
            )
        try:
            policy = witness_policy()
        except NoPolicy as error:
            raise CommandError(str(error)) from error
        cosigning = Cosigning(policy, settings.DATABASE_SIGNER_URL) if policy else None
        courier = Courier(cosigning)
        if options["once"]:
            courier.round()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: courier.stopping.set())
        courier.run()
