"""The witness of `make run`: on the same machine it proves nothing, but shows how one works."""

from pathlib import Path
from typing import Final

from audit.tlog.errors import Malformed
from audit.tlog.keys import SigningKey
from audit.witness.command import keys_in, make_keys
from portal.embedded.errors import CannotStart

NAME: Final = "localhost/witness"


def write_policy(directory: Path, signer_key: Path, port: int) -> Path:
    """Write the policy under which one of the witness's keys suffices, and return its path.

    Raises:
        CannotStart: a key file holds no key.
    """
    key, policy = directory / "key", directory / "policy"
    try:
        keys = keys_in(key) if key.exists() else make_keys(key, NAME)
        log = SigningKey.of(signer_key.read_text(encoding="utf-8").split()[0]).verifier
    except (Malformed, OSError, IndexError) as error:
        raise CannotStart(f"The keys of log and witness cannot be read: {error}") from error
    names = [f"local-{number}" for number in range(1, len(keys) + 1)]
    lines = [f"log {log}"]
    lines += [
        f"witness {name} {each.verifier} http://127.0.0.1:{port}"
        for name, each in zip(names, keys, strict=True)
    ]
    lines += [f"group local any {' '.join(names)}", "quorum local", ""]
    policy.write_text("\n".join(lines), encoding="utf-8")
    return policy
