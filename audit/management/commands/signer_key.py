"""``manage.py signer_key`` makes a key for the signer, or shows the public half of one."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.environment import log_origin
from audit.tlog.errors import Malformed
from audit.tlog.keys import SignatureType, SigningKey


class Command(BaseCommand):
    """Nothing is written anywhere but to standard output."""

    help = "Print a new signer key, or with --public the verifier keys of those on standard input."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--name", default="", help="of the log; LOG_ORIGIN unless told")
        parser.add_argument("--ml-dsa", action="store_true", help="a key that cosigns, ML-DSA-44")
        parser.add_argument(
            "--public", action="store_true", help="read keys, print their public half"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print.

        Raises:
            CommandError: that is no name, or no key.
        """
        kind = SignatureType.ML_DSA_44_COSIGNATURE if options["ml_dsa"] else SignatureType.ED25519
        try:
            if options["public"]:
                for line in sys.stdin.read().split():
                    self.stdout.write(str(SigningKey.of(line).verifier))
            else:
                self.stdout.write(
                    SigningKey.generate(options["name"] or log_origin(), kind).written
                )
        except Malformed as error:
            raise CommandError(str(error)) from error
