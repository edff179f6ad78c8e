"""How the adapter reaches a cluster: credentials, trust, and secrets that stay secret."""

import base64
import json
import logging
from pathlib import Path

import pytest
import yaml

from deployments.clients.cluster import ClusterRefused, ClusterUnavailable, Workload
from deployments.clients.connection import ClusterConnection, open_client
from deployments.clients.kubernetes import KubernetesCluster, connect
from tests.sandbox_cluster.certificates import issue
from tests.sandbox_cluster.support import Sandbox

TOKEN = "a-very-secret-token"
API = Workload("default", "api")


@pytest.fixture
def locked():
    """A sandbox that asks for the token."""
    sandbox = Sandbox(token=TOKEN)
    yield sandbox
    sandbox.stop()


def kubeconfig(path, cluster, user=None):
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def test_one_adapter_is_kept_per_cluster(sandbox):
    connection = ClusterConnection(server=sandbox.url)
    assert connect(connection) is connect(ClusterConnection(server=sandbox.url))
    assert connect(connection).check().version.startswith("v1.")


def test_a_token_lets_in_and_shows_nowhere(locked, caplog):
    caplog.set_level(logging.DEBUG)
    connection = ClusterConnection(server=locked.url, token=TOKEN)
    cluster = connect(connection)
    assert not cluster.current(API).exists
    with pytest.raises(ClusterRefused, match="does not accept the portal's credentials") as no:
        connect(ClusterConnection(server=locked.url, token="wrong-" + TOKEN)).current(API)
    shown = f"{connection!r} {cluster!r} {no.value!r} {no.value.__cause__!r} {caplog.text}"
    assert TOKEN not in shown


def test_a_rotated_token_needs_no_restart(locked, tmp_path):
    token = tmp_path / "token"
    token.write_text("expired\n")
    cluster = connect(ClusterConnection.of(locked.url, token))
    with pytest.raises(ClusterRefused):
        cluster.current(API)
    token.write_text(f"{TOKEN}\n")
    assert not cluster.current(API).exists


def test_a_changed_kubeconfig_needs_no_restart(locked, tmp_path):
    path = kubeconfig(tmp_path / "config", {"server": locked.url}, {"token": "expired"})
    with pytest.raises(ClusterRefused, match="does not accept"):
        connect(ClusterConnection.of("", path)).current(API)
    kubeconfig(path, {"server": locked.url}, {"token": TOKEN})
    assert not connect(ClusterConnection.of("", path)).current(API).exists


def test_a_kubeconfig_says_everything(locked, tmp_path):
    path = kubeconfig(tmp_path / "config", {"server": locked.url}, {"token": TOKEN})
    assert connect(ClusterConnection.of("", path)).check().may_apply is True


def test_a_kubeconfig_that_trusts_everybody_is_refused(sandbox, tmp_path):
    path = kubeconfig(
        tmp_path / "config", {"server": sandbox.url, "insecure-skip-tls-verify": True}
    )
    with pytest.raises(ClusterRefused, match="insecure-skip-tls-verify"):
        connect(ClusterConnection.of("", path))


def test_a_broken_kubeconfig_is_refused(tmp_path):
    path = tmp_path / "config"
    path.write_text("clusters: []\n")
    with pytest.raises(ClusterRefused, match="cannot be used"):
        connect(ClusterConnection.of("", path))
    path.write_text("a: [\n")
    with pytest.raises(ClusterRefused, match="cannot be read"):
        ClusterConnection.of("", path)
    with pytest.raises(ClusterRefused, match="cannot be read"):
        ClusterConnection.of("", tmp_path / "none")


def test_outside_of_a_cluster_there_is_no_service_account(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ClusterRefused, match="cannot be used"):
        connect(ClusterConnection())


def test_a_token_never_leaves_the_machine_in_the_clear():
    connection = ClusterConnection(server="http://cluster.example:8080", token=TOKEN)
    with pytest.raises(ClusterRefused, match="plain HTTP"):
        open_client(connection)
    for host in ("http://localhost:1", "http://[::1]:1", "https://cluster.example"):
        open_client(ClusterConnection(server=host, token=TOKEN)).close()


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path):
    certificate, key = issue(tmp_path)
    sandbox = Sandbox(certificate=certificate, key=key, token=TOKEN)
    assert sandbox.url.startswith("https://")
    stranger = connect(ClusterConnection(server=sandbox.url, token=TOKEN))
    with pytest.raises(ClusterRefused, match=r"certificate .* is not trusted"):
        stranger.current(API)

    token = tmp_path / "token"
    token.write_text(TOKEN)
    connection = ClusterConnection.of(sandbox.url, token)
    assert connection.ca_file == certificate
    assert not connect(connection).current(API).exists

    authority = base64.b64encode(certificate.read_bytes()).decode()
    path = kubeconfig(
        tmp_path / "config",
        {"server": sandbox.url, "certificate-authority-data": authority},
        {"token": TOKEN},
    )
    assert connect(ClusterConnection.of("", path)).check().may_apply
    sandbox.stop()


class Answers:
    """A stand-in for the HTTP layer where no server would ever answer like this."""

    def __init__(self, status, body):
        self.status, self._body = status, body

    def read(self):
        return self._body

    def getheader(self, name):
        return None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>a proxy's page</html>", ClusterUnavailable),
        (200, b"[]", ClusterUnavailable),
        (502, b"<html>Bad gateway</html>", ClusterUnavailable),
        (429, b"{}", ClusterUnavailable),
        (500, json.dumps({"message": "failed to create typed patch object (x)"}), ClusterRefused),
        (409, json.dumps({"reason": "AlreadyExists", "message": "x"}), ClusterRefused),
        (409, json.dumps({"reason": "Conflict", "message": "x"}), ClusterUnavailable),
        (403, json.dumps({"message": "forbidden"}), ClusterRefused),
        (418, b"[]", ClusterRefused),
    ],
)
def test_every_answer_is_a_no_or_a_not_now(monkeypatch, status, body, error):
    cluster = KubernetesCluster(open_client(ClusterConnection(server="http://127.0.0.1:1")))
    body = body if isinstance(body, bytes) else body.encode()
    monkeypatch.setattr(cluster, "_send", lambda *_, **__: Answers(status, body))
    with pytest.raises(error) as refusal:
        cluster.list_workloads("default")
    assert type(refusal.value) is error
    assert refusal.value.sentence


def test_the_adapter_has_the_ports_signatures():
    import inspect  # noqa: PLC0415 -- only here

    from deployments.clients.serving import ServingCluster  # noqa: PLC0415 -- only here

    of_containers = ("check", "current", "apply", "rollout", "wait", "running_digests")
    of_models = ("serving", "serve", "serving_rollout", "wait_for_serving", "traffic", "served")
    for name in (*of_containers, *of_models):
        ours = inspect.signature(getattr(KubernetesCluster, name))
        assert ours == inspect.signature(getattr(ServingCluster, name)), name


def test_the_sdk_is_imported_in_its_corner_only():
    root = Path(__file__).resolve().parents[2]
    corner = root / "deployments" / "clients"
    for app in ("audit", "catalog", "deployments", "integrations", "portal", "releases"):
        for path in (root / app).rglob("*.py"):
            if corner not in path.parents:
                text = path.read_text()
                assert "import kubernetes" not in text, path
                assert "from kubernetes" not in text, path
