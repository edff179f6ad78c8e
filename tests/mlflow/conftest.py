"""The server under test: a real MLflow where `make test-mlflow` names its interpreter, else the stand-in."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from portal.embedded.mlflow import MlflowServer, new_webhook_key
from portal.embedded.ports import free_port
from tests.support.mlflow_standin import StandIn
from tests.support.mlflow_writer import Writer

PYTHON = os.environ.get("MLFLOW_PYTHON", "")
START_SECONDS = 180


@pytest.fixture(scope="session")
def real_mlflow(tmp_path_factory):
    """A real MLflow server on loopback with a SQLite store."""
    if not PYTHON:
        pytest.skip("Needs a real MLflow server:  make test-mlflow")
    home = tmp_path_factory.mktemp("mlflow")
    server = MlflowServer(Path(PYTHON), home, free_port(), new_webhook_key())
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            server.command(), env=server.inherits(os.environ), stdout=log, stderr=log, cwd=home
        )
    deadline = time.monotonic() + START_SECONDS
    while not server.is_ready():
        assert process.poll() is None, (home / "log").read_text()
        assert time.monotonic() < deadline, "MLflow did not start in time."
        time.sleep(0.2)
    yield server
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="session")
def tracking_url(request):
    """The address of the server under test."""
    if PYTHON:
        yield request.getfixturevalue("real_mlflow").url
        return
    standin = StandIn()
    yield standin.url
    standin.stop()


@pytest.fixture
def anna(tracking_url):
    writer = Writer(tracking_url)
    yield writer
    writer.close()


@pytest.fixture
def registry(tracking_url, settings):
    """The port, on the adapter."""
    from models_registry.clients.mlflow import connect  # noqa: PLC0415 -- needs Django

    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    return connect(tracking_url, "")
