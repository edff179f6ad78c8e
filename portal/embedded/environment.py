"""`.gatehouse/env`: generated secrets, ports that stay, and the addresses of the running services.

The launcher writes it and starts every process with it; `manage.py` in the checkout reads it, so
that it finds the services of a running `make run`. What the real environment says goes first.
"""

import json
import os
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from portal.embedded.layout import Layout
from portal.embedded.mlflow import MlflowServer, installed, new_webhook_key
from portal.embedded.ports import free_port, is_free
from portal.embedded.postgres import PostgresServer
from portal.embedded.signer_key import log_name
from portal.embedded.unprivileged import postgres_identity
from portal.embedded.valkey import BROKER, CACHE, ValkeyServer
from portal.embedded.witness import write_policy

DATABASE = "gatehouse"
DEMO_WEBHOOK_SECRET = "credit-scoring.webhook"  # noqa: S105 -- the name of a file
SANDBOX = "sandbox"
HOME_VARIABLE = "GATEHOUSE_HOME"
OWN_ROLES = {
    "DATABASE_URL": "gatehouse_app",
    "DATABASE_OWNER_URL": "gatehouse_owner",
    "DATABASE_SEQUENCER_URL": "gatehouse_sequencer",
    "DATABASE_SIGNER_URL": "gatehouse_signer",
}


def current_layout() -> Layout:
    """Return the layout of this checkout, or of the directory that GATEHOUSE_HOME names."""
    home = os.environ.get(HOME_VARIABLE)
    return Layout(Path(home)) if home else Layout()


def read(path: Path) -> dict[str, str]:
    """Return the variables of an environment file; none if there is no such file."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Replace an environment file at once, readable by this user alone."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(mode=0o600)
    text = "".join(f"{name}={value}\n" for name, value in variables.items())
    unfinished.write_text(f"# Written by `make run` at every start.\n{text}", encoding="utf-8")
    unfinished.replace(path)


def _kubeconfig(server: str) -> dict[str, object]:
    """Return a kubeconfig (JSON is YAML) for a cluster that asks for no credentials."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": SANDBOX,
        "clusters": [{"name": SANDBOX, "cluster": {"server": server}}],
        "contexts": [{"name": SANDBOX, "context": {"cluster": SANDBOX, "user": SANDBOX}}],
        "users": [{"name": SANDBOX, "user": {}}],
    }


def embedded_postgres(layout: Layout) -> PostgresServer:
    """Return the PostgreSQL server of ``layout``, whether it runs or not."""
    identity = postgres_identity()
    return PostgresServer(
        data=identity.data_directory(layout.home),
        sockets=identity.socket_directory(layout.home),
        identity=identity,
    )


class Installation:
    """The services of one layout and the variables that name them."""

    def __init__(self, layout: Layout, given: Mapping[str, str], port: int) -> None:
        """Take over what an earlier start generated; ``given`` is the real environment."""
        self.layout = layout
        self.port = port
        self._given = given
        self._kept = read(layout.environment)

    def _is_given(self, name: str) -> bool:
        return name in self._given or f"{name}_FILE" in self._given

    @cached_property
    def postgres(self) -> PostgresServer | None:
        """The server to start; None where DATABASE_URL names another."""
        return None if self._is_given("DATABASE_URL") else embedded_postgres(self.layout)

    @cached_property
    def valkey(self) -> ValkeyServer | None:
        """The server to start; None where REDIS_URL names another."""
        if self._is_given("REDIS_URL"):
            return None
        port, password = self._port("VALKEY_PORT"), self._secret("VALKEY_PASSWORD")
        return ValkeyServer(data=self.layout.valkey, port=port, password=password)

    @cached_property
    def mlflow(self) -> MlflowServer | None:
        """The MLflow server to start; None where none is installed, or MLFLOW_TRACKING_URI names another."""
        python = installed()
        if python is None or self._is_given("MLFLOW_TRACKING_URI"):
            return None
        key = self._kept.setdefault("MLFLOW_WEBHOOK_KEY", new_webhook_key())
        return MlflowServer(python, self.layout.mlflow, self._port("MLFLOW_PORT"), key)

    def _secret(self, name: str) -> str:
        """Return the secret of an earlier start, or a new one."""
        return self._kept.setdefault(name, secrets.token_urlsafe(32))

    def _port(self, name: str) -> int:
        """Return the port of an earlier start if nobody took it since, or another free one."""
        if name not in self._kept or not is_free(int(self._kept[name])):
            self._kept[name] = str(free_port())
        return int(self._kept[name])

    @cached_property
    def variables(self) -> dict[str, str]:
        """The content of the environment file. What the real environment says goes first."""
        cluster = self._port("SANDBOX_CLUSTER_PORT")
        own = {
            "SECRET_KEY": self._secret("SECRET_KEY"),
            "PRIVACY_KEY": self._secret("PRIVACY_KEY"),
            "PUBLIC_URL": f"http://localhost:{self.port}",
            "STATIC_ROOT": str(self.layout.home / "static"),
            "EVIDENCE_ROOT": str(self.layout.evidence),
            "PACKS_ROOT": str(self.layout.packs),
            "PACK_KEY_FILE": str(self.layout.pack_key),
            "STREAMING_ROOT": str(self.layout.stream),
            "KUBERNETES_CREDENTIALS_DIR": str(self.layout.clusters),
            "SANDBOX_CLUSTER_PORT": str(cluster),
            "SANDBOX_CLUSTER_URL": f"http://127.0.0.1:{cluster}",
            "SANDBOX_CLUSTER_CREDENTIALS": SANDBOX,
            **self._databases,
            **self._log,
            **self._witnessed(),
            "MLFLOW_CREDENTIALS_DIR": str(self.layout.mlflow_secrets),
        }
        if self.mlflow:
            own["MLFLOW_PORT"] = str(self.mlflow.port)
            own["MLFLOW_WEBHOOK_KEY"] = self.mlflow.webhook_key
            own["MLFLOW_TRACKING_URI"] = self.mlflow.url
        if self.valkey:
            own["VALKEY_PORT"] = str(self.valkey.port)
            own["VALKEY_PASSWORD"] = self.valkey.password
            own["REDIS_URL"] = self.valkey.url(BROKER)
            own["CACHE_URL"] = self.valkey.url(CACHE)
        replaceable = own.keys() | OWN_ROLES.keys() | {"REDIS_URL", "CACHE_URL"}
        return own | {
            name: value
            for name, value in self._given.items()
            if name.removesuffix("_FILE") in replaceable
        }

    @property
    def _databases(self) -> dict[str, str]:
        if self.postgres:
            return {name: self.postgres.url(role, DATABASE) for name, role in OWN_ROLES.items()}
        # Of another database we know what we are told; who may do more can also do less.
        found: dict[str, str] = {}
        for name in ("DATABASE_SEQUENCER_URL", "DATABASE_SIGNER_URL"):
            for source in (name, "DATABASE_OWNER_URL", "DATABASE_URL"):
                if self._is_given(source):
                    given = {f"{name}{end}": f"{source}{end}" for end in ("", "_FILE")}
                    found |= {k: self._given[v] for k, v in given.items() if v in self._given}
                    break
        return found

    @property
    def _log(self) -> dict[str, str]:
        """Return where the audit log is published, who signs it, and its name."""
        return {
            "LOG_ROOT": str(self.layout.log),
            "SIGNER_KEY_FILE": str(self._signer_key),
            "SIGNER_STATE_FILE": str(self.layout.signer_state),
            "LOG_ORIGIN": self._log_name(),
        }

    def _witnessed(self) -> dict[str, str]:
        """Return where the witness listens and the policy that names it; nothing where there is another."""
        if self._is_given("WITNESS_POLICY_FILE"):
            return {"WITNESS_POLICY_FILE": self._given.get("WITNESS_POLICY_FILE", "")}
        self._log_name()  # makes the signer's key, which the policy names
        port = self._port("WITNESS_PORT")
        policy = write_policy(self.layout.witness, self._signer_key, port)
        return {"WITNESS_PORT": str(port), "WITNESS_POLICY_FILE": str(policy)}

    @property
    def _signer_key(self) -> Path:
        return Path(self._given.get("SIGNER_KEY_FILE", self.layout.signer_key))

    def begin_anew(self) -> None:
        """Forget what was true of a database that is no more; the next log has another key."""
        self.layout.forget()
        self._log_name()
        self._witnessed()

    def _log_name(self) -> str:
        """Make the key that signs the audit log unless there is one; return the log's name."""
        host = urlsplit(self._given.get("PUBLIC_URL", "")).hostname or "localhost"
        return log_name(self._signer_key, self._given.get("LOG_ORIGIN", f"{host}/gatehouse"))

    def write(self) -> None:
        """Write the environment file, and the files with credentials that the portal reads."""
        write(self.layout.environment, self.variables)
        if self.mlflow:
            secret = self.layout.mlflow_secrets / DEMO_WEBHOOK_SECRET
            if not secret.exists():
                secret.write_text(secrets.token_urlsafe(32), encoding="utf-8")
        directory = Path(self.variables["KUBERNETES_CREDENTIALS_DIR"])
        if directory == self.layout.clusters:
            url = self.variables["SANDBOX_CLUSTER_URL"]
            (directory / SANDBOX).write_text(json.dumps(_kubeconfig(url)), encoding="utf-8")
