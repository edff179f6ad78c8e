"""`python -m portal.embedded run|stop`: what `make run` and `make stop` call."""

import argparse
import os
import sys

from portal.embedded import instance
from portal.embedded.environment import current_layout
from portal.embedded.errors import CannotStart
from portal.embedded.launcher import reset, run, say
from portal.embedded.serve_postgres import serve_postgres


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:  # noqa: PLR2004 -- the last port
        raise argparse.ArgumentTypeError(f"{text!r} is no port. Give a number from 1 to 65535.")
    return int(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m portal.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="start the portal and keep it running")
    runner.add_argument("--port", type=_port, default=8123)
    runner.add_argument("--demo", action=argparse.BooleanOptionalAction, default=None)
    commands.add_parser("stop", help="stop the portal that runs from this checkout")
    commands.add_parser("reset", help="stop it and give up its data")
    commands.add_parser("serve-postgres", help="used by the supervisor")
    return parser.parse_args()


def main() -> int:
    """Do what the command line says; a sentence and exit status 1 when it cannot be done."""
    os.umask(0o077)
    arguments = _arguments()
    layout = current_layout()
    try:
        match arguments.command:
            case "run":
                run(layout, arguments.port, demo=arguments.demo)
            case "stop":
                say("stopped." if instance.stop(layout) else "nothing runs here.")
            case "reset":
                reset(layout)
                say("the data is gone; the packages in .venv stay.")
            case _:
                serve_postgres(layout)
    except CannotStart as error:
        print(f"gatehouse: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
