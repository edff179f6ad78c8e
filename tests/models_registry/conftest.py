import pytest

from tests.support.mlflow_standin import StandIn
from tests.support.mlflow_writer import Writer


@pytest.fixture
def standin(settings):
    """A stand-in for MLflow that Gatehouse may call."""
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    server = StandIn()
    yield server
    server.stop()


@pytest.fixture
def anna(standin):
    """A data scientist at the stand-in."""
    writer = Writer(standin.url)
    yield writer
    writer.close()


@pytest.fixture
def secrets(settings, tmp_path):
    """The directory in which the operator mounts secrets."""
    settings.MLFLOW_CREDENTIALS_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture
def lab(db, standin):
    """A staffed project with a registry at the stand-in."""
    from tests.models_registry.lab import Lab  # noqa: PLC0415 -- needs Django

    return Lab.make(standin.url)
