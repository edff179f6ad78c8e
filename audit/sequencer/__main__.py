"""``python -m audit.sequencer``: what ``manage.py sequencer`` runs, without Django."""

import logging
import signal
import sys
from pathlib import Path

from audit.environment import NotSet, log_origin, variable
from audit.sequencer.run import Sequencer


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(
        level=variable("LOG_LEVEL", "INFO"), stream=sys.stdout, format="%(levelname)s %(message)s"
    )
    try:
        url, origin = variable("DATABASE_SEQUENCER_URL"), log_origin()
    except NotSet as error:
        sys.stderr.write(f"gatehouse: {error}\n")
        return 1
    root = variable("LOG_ROOT", "")
    sequencer = Sequencer(url, origin, Path(root) if root else None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sequencer.stopping.set())
    sequencer.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
