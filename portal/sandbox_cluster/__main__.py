"""``python -m portal.sandbox_cluster``: start a sandbox cluster; one line tells where it is."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from portal.sandbox_cluster.cluster import Pace
from portal.sandbox_cluster.server import Server, Settings
from portal.sandbox_cluster.snapshot import SnapshotUnreadable


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes. Answer the exit code."""
    options = _parser().parse_args(arguments)
    try:
        token = options.token_file.read_text().strip() if options.token_file else ""
        server = Server(
            Settings(
                host=options.host,
                port=options.port,
                state=options.state,
                token=token,
                certificate=options.certificate,
                key=options.key,
                pace=Pace(start=options.start_delay),
            )
        )
    except (OSError, SnapshotUnreadable) as error:
        sys.stderr.write(f"The sandbox cluster cannot start: {error}\n")
        return 1
    asyncio.run(_serve(server))
    return 0


async def _serve(server: Server) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await server.run(_announce)


def _announce(url: str) -> None:
    sys.stdout.write(f"Sandbox cluster ready at {url}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal.sandbox_cluster", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--state", type=Path, help="keep the cluster's state in this file")
    parser.add_argument("--token-file", type=Path, help="ask for the bearer token in this file")
    parser.add_argument("--certificate", type=Path, help="serve TLS with this certificate (PEM)")
    parser.add_argument("--key", type=Path, help="the certificate's key (PEM)")
    parser.add_argument(
        "--start-delay", type=float, default=0.3, help="seconds until a pod's containers run"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
