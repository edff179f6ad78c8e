"""What is done before the portal's processes start (schema, static files) and after (the demo).

Each step leaves a digest of what it was done for, so that a warm start does nothing twice.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from portal.embedded.errors import CannotStart
from portal.embedded.layout import CHECKOUT, Layout

MANAGE = [sys.executable, str(CHECKOUT / "manage.py")]
DEMO_ACCOUNT = "ci-payments"
_PACKAGES = (
    "audit", "catalog", "deployments", "integrations", "models_registry", "portal", "releases",
)  # fmt: skip


def digest_of(paths: Iterable[Path], *more: str) -> str:
    """Return a digest of the names, sizes and times of ``paths``, and of the words ``more``."""
    digest = hashlib.sha256("\n".join(more).encode())
    for path in sorted(paths):
        about = path.stat()
        digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def once(stamp: Path, wanted: str, work: Callable[[], None]) -> bool:
    """Do ``work`` unless ``stamp`` says that it was done for ``wanted``; say whether it was."""
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    work()
    stamp.write_text(wanted)
    return True


def migrations() -> list[Path]:
    """Return every file that can change the schema."""
    sources = [CHECKOUT / "requirements" / "base.lock"]
    for package in _PACKAGES:
        sources += (CHECKOUT / package).glob("migrations/*.py")
        sources += (CHECKOUT / package).glob("sql/*.sql")
        # `migrate` also makes the permissions that the models declare.
        sources += (CHECKOUT / package).glob("models*/**/*.py")
        sources += (CHECKOUT / package).glob("models.py")
        sources += (CHECKOUT / package).glob("permissions.py")
    return sources


def static_files() -> list[Path]:
    """Return every file that ends up under /static/."""
    locks = [CHECKOUT / "requirements" / "base.lock"]
    return locks + [path for path in (CHECKOUT / "static").rglob("*") if path.is_file()]


def manage(environment: Mapping[str, str], *arguments: str, role: str = "app") -> None:
    """Run a management command; what it writes is shown when it fails.

    Raises:
        CannotStart: it failed.
    """
    done = subprocess.run(
        [*MANAGE, *arguments],
        env={**environment, "GATEHOUSE_DB_ROLE": role},
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotStart(
            f"`manage.py {' '.join(arguments)}` failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )


def has_command(name: str) -> bool:
    """Say whether the portal has the management command ``name``."""
    return any(CHECKOUT.glob(f"*/management/commands/{name}.py"))


def load_demo(layout: Layout, environment: Mapping[str, str]) -> None:
    """Load the demo. Its progress goes to the terminal; what it prints at the end is kept.

    Raises:
        CannotStart: it failed; the next start tries again.
    """
    done = subprocess.run(
        [*MANAGE, "load_demo"],
        env=dict(environment),
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotStart("The demo could not be loaded (its words are above).")
    layout.demo_loaded.write_text(done.stdout, encoding="utf-8")


def demo_token(layout: Layout, environment: Mapping[str, str]) -> str | None:
    """Return the demo's API token: issued once, then kept in a file of this user (0600)."""
    path = layout.demo_token
    if path.is_file():
        return path.read_text(encoding="utf-8").strip()
    done = subprocess.run(
        [*MANAGE, "issue_token", DEMO_ACCOUNT],
        env=dict(environment),
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    words = done.stdout.split()
    if done.returncode or not words:
        return None
    path.touch(mode=0o600)
    path.write_text(words[-1], encoding="utf-8")

    return words[-1]
