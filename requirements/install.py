"""Fill ``.venv`` from the hashed locks: ``python3 requirements/install.py base|dev``.

Standard library only, since it runs before anything is installed. pip installs uv, uv installs the
lock; where uv cannot (an unusual platform, a package index only pip is configured for), pip does
the whole job more slowly. A stamp in ``.venv`` holds the digest of what was installed, so that a
second call costs nothing and a changed lock is noticed whatever its file times say.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".ready"
LOCK_FILE = CHECKOUT / ".gatehouse" / "install.lock"


def say(sentence: str) -> None:
    """Tell whoever waits what is going on."""
    print(f"gatehouse: {sentence}", flush=True)


def wanted(level: str) -> str:
    """Return the stamp of ``level``: a digest of the locks, the interpreter and the place."""
    digest = hashlib.sha256()
    for part in (HERE / "bootstrap.lock", HERE / f"{level}.lock"):
        digest.update(part.read_bytes())
    # A virtual environment has its own path and its interpreter's version written into it.
    digest.update(f"{VENV} {sys.version_info[:2]}".encode())
    return f"{level} {digest.hexdigest()}"


def is_ready(level: str) -> bool:
    """Say whether ``.venv`` holds ``level`` already; ``dev`` includes ``base``."""
    if not (STAMP.is_file() and PYTHON.exists()):
        return False
    seen = STAMP.read_text().strip()
    return seen in ({wanted("base"), wanted("dev")} if level == "base" else {wanted(level)})


def installed_level(level: str) -> str:
    """Return the level to install: who once asked for ``dev`` keeps it when a lock changes."""
    had_dev = STAMP.is_file() and STAMP.read_text().startswith("dev ")
    return "dev" if had_dev else level


def pip(*arguments: str) -> None:
    """Run the environment's pip on a lock; its own chatter is shown only when it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit(
            "gatehouse: pip could not install the packages (its words are above). Is the package "
            "index reachable from here? Try again with:  make"
        )


def uv(lock: Path, *options: str) -> bool:
    """Install ``lock`` with uv; answer whether that worked."""
    executable = VENV / "bin" / "uv"
    command = [str(executable), "pip", "sync", "-q", "--require-hashes", "--compile-bytecode"]
    command += ["--only-binary", ":all:", "--python", str(PYTHON), *options, str(lock)]
    if not os.access(Path.home(), os.W_OK):
        command.append("--no-cache")  # uv refuses to run when it cannot write its cache
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode == 0


def create_environment() -> None:
    """Create ``.venv`` anew when it is missing, broken or of another Python or place."""
    marker = VENV / ".made-by"
    made_by = f"{VENV} {sys.version_info[:2]}"
    if PYTHON.exists() and marker.is_file() and marker.read_text() == made_by:
        return
    say(f"creating {VENV.name} with Python {sys.version.split()[0]} …")
    try:
        venv.EnvBuilder(with_pip=True, clear=VENV.exists(), symlinks=True).create(VENV)
    except (subprocess.CalledProcessError, OSError) as error:
        raise SystemExit(
            f"gatehouse: {sys.executable} cannot create a virtual environment ({error}). On Debian "
            "and Ubuntu:  apt-get install python3-venv"
        ) from error
    marker.write_text(made_by)


def install(level: str) -> None:
    """Bring ``.venv`` to ``level``."""
    began = time.monotonic()
    lock = HERE / f"{level}.lock"
    create_environment()
    STAMP.unlink(missing_ok=True)
    count = lock.read_text().count("==")
    say(f"installing {count} packages of requirements/{lock.name} …")
    pip("-r", str(HERE / "bootstrap.lock"))
    # Its own certificate authorities first, then those that this machine trusts besides.
    if not (uv(lock) or uv(lock, "--system-certs")):
        say("uv cannot reach the packages as pip can; pip does it, which takes a minute …")
        pip("-r", str(lock))
    STAMP.write_text(wanted(level) + "\n")
    say(f"packages installed in {time.monotonic() - began:.0f} s.")


def main() -> None:
    """Install what the command line names unless it is there."""
    run(sys.argv[1])


def run(level: str) -> None:
    """Install a level unless it is there; one caller at a time."""
    if is_ready(level):
        return
    LOCK_FILE.parent.mkdir(mode=0o700, exist_ok=True)
    with LOCK_FILE.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready(level):
            install(installed_level(level))


if __name__ == "__main__":
    main()
