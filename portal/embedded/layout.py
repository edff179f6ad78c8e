"""Where the embedded services keep their things: `.gatehouse/` of the checkout."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.errors import CannotStart

CHECKOUT = Path(__file__).resolve().parent.parent.parent

# `sockaddr_un.sun_path` is 108 bytes on Linux, 104 on macOS, with the closing NUL.
LONGEST_SOCKET_PATH = 103
_SOCKET_NAME = "/.s.PGSQL.5432.lock"


def private_directory(path: Path) -> Path:
    """Create ``path`` for this user alone and return it.

    Raises:
        CannotStart: it exists and belongs to somebody else.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.geteuid():
        raise CannotStart(f"{path} belongs to another user. Remove it, then start again.")
    path.chmod(0o700)
    return path


def socket_directory(home: Path) -> Path:
    """Return a directory whose socket paths fit: in ``home``, or a short one named after it."""
    if len(os.fsencode(f"{home / 'run'}{_SOCKET_NAME}")) <= LONGEST_SOCKET_PATH:
        return home / "run"
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"gatehouse-{os.geteuid()}-{digest}"


@dataclass(frozen=True)
class Layout:
    """The files of one installation: ``home`` is `.gatehouse/` of a checkout, or a test's own."""

    home: Path = CHECKOUT / ".gatehouse"

    @property
    def environment(self) -> Path:
        """The generated secrets and the addresses of the services (0600)."""
        return self.home / "env"

    @property
    def lock(self) -> Path:
        """Held by the one launcher that runs here."""
        return self.home / "run.lock"

    @property
    def static_collected(self) -> Path:
        """Holds the digest of the static files that were collected."""
        return self.home / "static-collected"

    @property
    def logs(self) -> Path:
        """One file per process, rotated."""
        return self.home / "logs"

    @property
    def sockets(self) -> Path:
        """The supervisor's socket, and PostgreSQL's unless it runs as nobody."""
        return socket_directory(self.home)

    @property
    def valkey(self) -> Path:
        """Valkey's append-only file."""
        return self.home / "valkey"

    @property
    def supervisor(self) -> Path:
        """What the supervisor is told to run."""
        return self.home / "supervisord.conf"

    @property
    def clusters(self) -> Path:
        """The credentials of clusters; the sandbox cluster's are `sandbox`."""
        return self.home / "clusters"

    @property
    def cluster_state(self) -> Path:
        """What runs on the sandbox cluster."""
        return self.home / "cluster.json"

    @property
    def evidence(self) -> Path:
        """The evidence's bytes."""
        return self.home / "evidence"

    @property
    def packs(self) -> Path:
        """The evidence packs that were built."""
        return self.home / "packs"

    @property
    def pack_key(self) -> Path:
        """The key that signs evidence packs (0600)."""
        return self.home / "pack-key"

    @property
    def log(self) -> Path:
        """The audit log as it is published: checkpoint and tiles."""
        return self.home / "log"

    @property
    def signer_key(self) -> Path:
        """The key that signs the audit log (0600)."""
        return self.home / "signer" / "key"

    @property
    def signer_state(self) -> Path:
        """What the signer of the audit log remembers."""
        return self.home / "signer" / "state.json"

    @property
    def witness(self) -> Path:
        """The key, the memory and the policy of the witness that runs beside the portal."""
        return self.home / "witness"

    @property
    def stream(self) -> Path:
        """The files of JSON lines that the log is sent to."""
        return self.home / "stream"

    @property
    def mlflow(self) -> Path:
        """The MLflow server's store and files."""
        return self.home / "mlflow"

    @property
    def mlflow_secrets(self) -> Path:
        """The secrets that model registries name."""
        return self.home / "mlflow-secrets"

    @property
    def demo_models(self) -> Path:
        """Exists once the demo's models are trained."""
        return self.mlflow / "demo-trained"

    @property
    def demo_begun(self) -> Path:
        """Exists while a new database waits for its demo, or holds half of it."""
        return self.home / "demo-begun"

    @property
    def demo_loaded(self) -> Path:
        """Exists once the demo is complete; holds what it said about its sign-ins."""
        return self.home / "demo-loaded"

    @property
    def demo_token(self) -> Path:
        """The demo's API token, kept to be shown again at the next start (0600)."""
        return self.home / "demo-token"

    @property
    def migrated(self) -> Path:
        """Holds the digest of the migrations that the database has seen."""
        return self.home / "migrated"

    def forget(self) -> None:
        """Forget what was true of a database that is no more."""
        stamps = (self.migrated, self.demo_begun, self.demo_loaded, self.demo_token)
        for path in (*stamps, self.cluster_state):
            path.unlink(missing_ok=True)
        # A key never signs two logs: the next one gets another.
        for path in (
            self.evidence,
            self.packs,
            self.log,
            self.signer_key.parent,
            self.witness,
            self.stream,
        ):
            shutil.rmtree(path, ignore_errors=True)

    def create(self) -> None:
        """Create the directories.

        Raises:
            CannotStart: one exists and belongs to somebody else.
        """
        for path in (
            self.home, self.logs, self.valkey, self.sockets, self.clusters, self.mlflow_secrets,
        ):  # fmt: skip
            private_directory(path)
