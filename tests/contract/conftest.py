"""The cluster under test: the one of KUBECONFIG, or a sandbox started for the session."""

import contextlib
import os
import uuid

import pytest
from kubernetes import client, config, dynamic

from deployments.clients.cluster import Workload
from deployments.clients.kubernetes import KubernetesCluster
from tests.contract.support import Contract
from tests.support.cluster import SandboxProcess


@pytest.fixture(scope="session")
def _api(tmp_path_factory):
    configuration = client.Configuration()
    configuration.retries = 0
    if kubeconfig := os.environ.get("KUBECONFIG"):
        config.load_kube_config(config_file=kubeconfig, client_configuration=configuration)
        yield client.ApiClient(configuration)
        return
    log = tmp_path_factory.mktemp("contract") / "sandbox.log"
    sandbox = SandboxProcess.start(log, 0, "--start-delay", "0.1")
    configuration.host = sandbox.url
    yield client.ApiClient(configuration)
    sandbox.stop()


@pytest.fixture(scope="session")
def contract(_api):
    return Contract(_api, dynamic.DynamicClient(_api), is_real="KUBECONFIG" in os.environ)


@pytest.fixture
def namespace(contract):
    """A namespace of the test's own; it is removed with everything in it."""
    name = f"gatehouse-contract-{uuid.uuid4().hex[:10]}"
    namespaces = contract.kind("Namespace")
    namespaces.create(body={"metadata": {"name": name}})
    yield name
    with contextlib.suppress(dynamic.exceptions.NotFoundError):
        namespaces.delete(name=name)


@pytest.fixture
def cluster(contract):
    """The port, on the adapter."""
    return KubernetesCluster(contract.api)


@pytest.fixture
def workload(namespace):
    return Workload(namespace, "api")
