"""The MLflow server of `make run`, where its own environment is installed (`make mlflow`).

Its packages do not go together with ours, so it has an environment and an interpreter of its own.
"""

import base64
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from portal.embedded.layout import CHECKOUT

ENVIRONMENT = CHECKOUT / ".venv-mlflow"


def installed(environment: Path = ENVIRONMENT) -> Path | None:
    """Return the interpreter that has MLflow; None where nobody installed it."""
    named = os.environ.get("MLFLOW_PYTHON")
    python = Path(named) if named else environment / "bin" / "python"
    is_ready = python.exists() and (bool(named) or (environment / ".ready").is_file())
    return python if is_ready else None


def new_webhook_key() -> str:
    """Return a key under which MLflow encrypts the secrets of its webhooks."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class MlflowServer:
    """A tracking server on loopback with its store in ``home``."""

    python: Path
    home: Path
    port: int
    webhook_key: str = field(repr=False)
    workers: int = 1
    """Processes that answer; MLflow starts four unless told otherwise, of a quarter of a GiB each."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return the command that serves it."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [str(self.python), "-m", "mlflow", "server"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.workers)]
        command += ["--backend-store-uri", f"sqlite:///{self.home / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(self.home / "artifacts")]
        return [*command, "--uvicorn-opts", "--log-level warning --no-access-log"]

    def environment(self) -> dict[str, str]:
        """Return what it needs in its environment."""
        return {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            # Its webhooks go to a portal on the same machine, which MLflow refuses unless told otherwise.
            "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
            "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
            "MLFLOW_WEBHOOK_CACHE_TTL": "1",
            # Without it every process makes its own, and webhooks cannot be read after a restart.
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": self.webhook_key,
            "GIT_PYTHON_REFRESH": "quiet",
            "PYTHONPATH": "",  # its own packages only
        }

    def is_ready(self) -> bool:
        """Return whether it answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except (urllib.error.URLError, OSError):
            return False

    def inherits(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return a whole environment for a process of its interpreter, without what names our Django."""
        kept = {k: v for k, v in given.items() if not k.startswith(("PYTHON", "DJANGO_"))}
        return {**kept, **self.environment(), "MLFLOW_TRACKING_URI": self.url}
