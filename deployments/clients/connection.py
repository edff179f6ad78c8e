"""How a Kubernetes cluster is reached: address, credentials, trust. Secrets never show in a repr."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from kubernetes import client, config

from deployments.clients.cluster import ClusterRefused

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
"""No call waits longer for an answer; the client itself would wait for ever."""
CONNECTIONS = 8
"""Kept open per process and cluster."""


@dataclass(frozen=True)
class ClusterConnection:
    """Where a cluster is and who we are there.

    With neither ``server`` nor ``kubeconfig`` the pod's own service account is used.
    """

    server: str = ""
    kubeconfig: Path | None = None
    context: str = ""
    """Which context of the kubeconfig; empty: its current one."""
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    """Read again when it changes, so that a rotated token needs no restart."""
    ca_file: Path | None = None
    """Who signs the server's certificate; empty: the system's authorities."""
    read_seconds: float = READ_SECONDS

    @classmethod
    def of(cls, server: str, credentials: Path | None) -> "ClusterConnection":
        """Read what an operator mounts: a kubeconfig, a bearer token, or nothing.

        A ``ca.crt`` beside a token is who signs the server's certificate. Raise ClusterRefused
        for a file that cannot be read.
        """
        if credentials is None:
            return cls(server=server)
        try:
            document = yaml.safe_load(credentials.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ClusterRefused(
                f"The credentials file {credentials.name} cannot be read ({type(error).__name__})."
            ) from error
        if isinstance(document, dict) and "clusters" in document:
            return cls(server=server, kubeconfig=credentials)
        authority = credentials.with_name("ca.crt")
        return cls(
            server=server,
            token_file=credentials,
            ca_file=authority if authority.exists() else None,
        )

    def changed_at(self) -> int:
        """Say when the kubeconfig was last written, in nanoseconds; 0 without one."""
        try:
            return self.kubeconfig.stat().st_mtime_ns if self.kubeconfig else 0
        except OSError:
            return 0


def open_client(connection: ClusterConnection) -> client.ApiClient:
    """Open the one client that a process keeps for a cluster.

    Raise ClusterRefused when the credentials cannot be used.
    """
    configuration: Any = client.Configuration()
    try:
        _load(connection, configuration)
    except (config.ConfigException, OSError) as error:
        raise ClusterRefused(f"The cluster's credentials cannot be used: {error}") from error
    if connection.server:
        configuration.host = connection.server.rstrip("/")
    if connection.ca_file is not None:
        configuration.ssl_ca_cert = str(connection.ca_file)
    # The client's retries would multiply every timeout; whoever calls decides about retries.
    configuration.retries = 0
    configuration.connection_pool_maxsize = CONNECTIONS
    if not configuration.verify_ssl:
        raise ClusterRefused(
            "The kubeconfig says insecure-skip-tls-verify. A certificate that nobody checks "
            "protects nothing: put the cluster's certificate authority there instead."
        )
    _refuse_plain_http(configuration)
    return client.ApiClient(configuration)


def _load(connection: ClusterConnection, configuration: Any) -> None:
    loaders: Any = config
    if connection.kubeconfig is not None:
        loaders.load_kube_config(
            config_file=str(connection.kubeconfig),
            context=connection.context or None,
            client_configuration=configuration,
            persist_config=False,
        )
    elif not connection.server:
        loaders.load_incluster_config(client_configuration=configuration)
    elif connection.token_file is not None:
        _TokenFile(connection.token_file).put(configuration)
    elif connection.token:
        _use_token(configuration, connection.token)


def _use_token(configuration: Any, token: str) -> None:
    configuration.api_key["authorization"] = f"Bearer {token}"


class _TokenFile:
    """A token that is read again when its file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = 0

    def put(self, configuration: Any) -> None:
        self.refresh(configuration)
        configuration.refresh_api_key_hook = self.refresh

    def refresh(self, configuration: Any) -> None:
        changed_at = self._path.stat().st_mtime_ns
        if changed_at != self._read_at:
            _use_token(configuration, self._path.read_text().strip())
            self._read_at = changed_at


def _refuse_plain_http(configuration: Any) -> None:
    """Refuse to send a token in the clear to another machine."""
    address = urlsplit(configuration.host)
    if address.scheme == "https" or not configuration.api_key:
        return
    if not _is_loopback(address.hostname or ""):
        raise ClusterRefused(
            f"{configuration.host} is plain HTTP on another machine; a token would be readable "
            "on the way. Use an https:// address."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
