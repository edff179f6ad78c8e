"""A Git repository: each checkpoint is a commit, which whoever pulls keeps."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Final

from audit.fallbacks.port import NotKept

SECONDS: Final = 60


def commit_checkpoint(working_copy: Path, origin: str, size: int, note: bytes) -> bool:
    """Commit the checkpoint, and push if the repository has a remote; return whether it was new.

    Args:
        working_copy: of a repository that is ours to write to, with its remote and credentials set up.
        origin: the log's name.
        size: of the tree.
        note: the signed checkpoint.

    Raises:
        NotKept: Git is missing or refuses; what it said.
    """
    name = hashlib.sha256(origin.encode()).hexdigest()[:16]
    file = working_copy / "checkpoints" / f"{name}.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(note)
    except OSError as error:
        raise NotKept(f"{file} cannot be written: {error.strerror}.") from error
    _git(working_copy, "add", "--", str(file.relative_to(working_copy)))
    is_new = bool(_git(working_copy, "diff", "--cached", "--name-only"))
    if is_new:
        _git(working_copy, "commit", "--quiet", "--message", f"{origin}: {size} entries")
    if _git(working_copy, "remote"):
        _git(working_copy, "push", "--quiet", "origin", "HEAD")
    return is_new


def _git(working_copy: Path, *arguments: str) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "Gatehouse",
        "GIT_AUTHOR_EMAIL": "gatehouse@localhost",
        "GIT_COMMITTER_NAME": "Gatehouse",
        "GIT_COMMITTER_EMAIL": "gatehouse@localhost",
        "GIT_TERMINAL_PROMPT": "0",  # nobody is there to be asked for a password
    }
    command = ["git", "-C", str(working_copy), "-c", "core.hooksPath=/dev/null"]
    command += ["-c", "commit.gpgSign=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 -- fixed words, and paths that the operator set
            command,
            env={**os.environ, **identity},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotKept(f"git {arguments[0]}: {error}") from error
    if done.returncode:
        raise NotKept(f"git {arguments[0]} in {working_copy}: {done.stderr.strip()}")
    return done.stdout.strip()
