"""``python -m audit.signer``: what ``manage.py signer`` runs, without Django."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.environment import NotSet, variable
from audit.signer.keys import KeyFile
from audit.signer.run import Service
from audit.signer.signing import Signer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m audit.signer", description=__doc__)
    parser.add_argument(
        "--adopt",
        action="store_true",
        help="where the signer's memory is lost, believe the published checkpoint",
    )
    asked = parser.parse_args(arguments)
    logging.basicConfig(
        level=variable("LOG_LEVEL", "INFO"), stream=sys.stdout, format="%(levelname)s %(message)s"
    )
    try:
        signer = configured(adopting=asked.adopt)
        service = Service(variable("DATABASE_SIGNER_URL"), signer)
    except NotSet as error:
        sys.stderr.write(f"gatehouse: {error}\n")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stopping.set())
    service.run()
    return 0


def configured(*, adopting: bool = False) -> Signer:
    """Return the signer that the environment describes.

    Raises:
        NotSet: a variable is missing.
    """
    return Signer(
        log_root=Path(variable("LOG_ROOT")),
        state_file=Path(variable("SIGNER_STATE_FILE")),
        key_file=KeyFile(Path(variable("SIGNER_KEY_FILE"))),
        adopting=adopting,
    )


if __name__ == "__main__":
    sys.exit(main())
