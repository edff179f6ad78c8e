"""The command line of the witness."""

import signal
import stat
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from audit.tlog.errors import Malformed
from audit.tlog.keys import SignatureType, SigningKey, VerifierKey
from audit.tlog.policy_file import parse_policy
from audit.witness.held import Held, StateInUse, write_durably
from audit.witness.judge import Witness
from audit.witness.server import WitnessServer

COSIGNATURES: Final = (SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE)


def parser(program: str) -> ArgumentParser:
    """Return the parser of the command line."""
    made = ArgumentParser(
        program, description="Witness logs: cosign what continues what was cosigned before."
    )
    made.add_argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 8124),
        metavar="HOST:PORT",
        help="127.0.0.1:8124",
    )
    made.add_argument("--state", type=Path, required=True, help="directory for what it remembers")
    made.add_argument(
        "--key", type=Path, required=True, help="file with its secret keys, mode 0600"
    )
    made.add_argument("--log", action="append", default=[], help="a log's verifier key; repeatable")
    made.add_argument("--policy", type=Path, help="take the logs' keys from this tlog-policy file")
    made.add_argument(
        "--quiet", action="store_true", help="say nothing while all is well; GET / shows the keys"
    )
    made.add_argument(
        "--new-key",
        metavar="NAME",
        help="first make the key file if there is none, under this name",
    )
    return made


def run(arguments: Sequence[str], program: str = "witness") -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    asked = parser(program).parse_args(arguments)
    try:
        witness = _witness(asked)
        server = WitnessServer(asked.listen, witness, quiet=asked.quiet)
    except (Malformed, StateInUse, OSError) as error:
        sys.stderr.write(f"witness: {error}\n")
        return 1
    if not asked.quiet:
        _introduce(server)
    _serve(server)
    return 0


def _introduce(server: WitnessServer) -> None:
    host, port = server.server_address[:2]
    for key in server.witness.keys:
        sys.stdout.write(f"{key}\n")
    sys.stdout.write(f"witness: listening on {host!s}:{port}\n")
    sys.stdout.flush()


def _serve(server: WitnessServer) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _witness(asked: Namespace) -> Witness:
    if asked.new_key and not asked.key.exists():
        make_keys(asked.key, asked.new_key)
    logs = [VerifierKey.of(vkey) for vkey in asked.log]
    if asked.policy:
        logs += parse_policy(asked.policy.read_bytes()).log_keys
    if not logs:
        raise Malformed("It knows no log: give --log VKEY or --policy FILE.")
    keys = keys_in(asked.key)
    held = Held(asked.state)
    try:
        return Witness(keys, logs, held)
    except Malformed:
        held.close()
        raise


def make_keys(file: Path, name: str) -> list[SigningKey]:
    """Write a key file with a new key of each type of cosignature, one a line, and return them.

    Raises:
        Malformed: no key can have that name.
    """
    keys = [SigningKey.generate(name, kind) for kind in COSIGNATURES]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(file, "".join(f"{key.written}\n" for key in keys).encode())
    return keys


def keys_in(file: Path) -> list[SigningKey]:
    """Return the keys of a file.

    Raises:
        Malformed: it holds something else, or others may read it.
        OSError: it cannot be read.
    """
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Malformed(f"Others may read {file}, which holds secret keys: chmod 600 {file}")
    lines = file.read_text(encoding="utf-8").split()
    return [SigningKey.of(line) for line in lines]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ArgumentTypeError(f"{text!r} is not in the form HOST:PORT.")
    return host.strip("[]"), int(port)
