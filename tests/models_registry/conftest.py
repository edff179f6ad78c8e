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


@pytest.fixture
def tokens(settings, tmp_path):
    """The directory in which the operator mounts what triggers need; tools on loopback may be called."""
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.RETRAINING_SECRETS_DIR = str(tmp_path)
    settings.RETRAINING_SETTLE_SECONDS = 0
    return tmp_path


@pytest.fixture
def make_bench(db, tokens):
    """A function that gives a model of the project "credit" and a tool of that kind."""
    from tests import factories  # noqa: PLC0415 -- needs Django
    from tests.models_registry.bench import Bench  # noqa: PLC0415 -- needs Django
    from tests.models_registry.lab import model_of  # noqa: PLC0415 -- needs Django

    def small_model():
        project = factories.project("credit", environments=[])
        factories.member("tom", project)
        return model_of(project)

    made = []

    def make(kind="airflow", model=None):
        model = model or small_model()
        made.append(Bench.make(model, kind, tokens))
        return made[-1]

    yield make
    for bench in made:
        bench.tool.stop()


@pytest.fixture
def bench(make_bench):
    """A model that Airflow trains."""
    return make_bench()
