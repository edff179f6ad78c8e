"""After a verified deployment its alias moves: a real worker, the sandbox cluster, a stand-in for MLflow."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import AliasOrder, Finding, ModelVersion, Sync
from models_registry.tasks import sweep
from tests import factories
from tests.deployments.ground import Api
from tests.support.mlflow_standin import StandIn
from tests.support.mlflow_writer import Writer
from tests.support.wait import wait_for

pytestmark = pytest.mark.slow

MODEL = "fraud"


@pytest.fixture
def api(sandbox_cluster):
    api = Api(sandbox_cluster.url)
    api.namespace()
    return api


@pytest.fixture
def standin():
    server = StandIn()
    yield server
    server.stop()


@pytest.fixture
def anna(standin):
    writer = Writer(standin.url)
    writer.model(MODEL)
    yield writer
    writer.close()


@pytest.fixture
def serving(live_worker, shared_ground, api, standin, anna):
    """Staging serves the first version that came from MLflow, and its alias says so."""
    ground = shared_ground
    anna.version(MODEL, source="s3://models/fraud/1", run_id=anna.run())
    create_registry(ground.project, "main", RegistrySpec(tracking_url=standin.url), by=ground.oskar)
    first = taken_in(1)
    ground.on_cluster(api.url)
    ground.bind_model(artifact=first.artifact.name)
    deployed(ground.request(first))
    wait_for(lambda: shown_by(standin) == {"staging": 1})
    wait_for(lambda: ModelVersion.objects.get().aliases == ["staging"])
    assert not Finding.objects.exists()
    return ground


def taken_in(number):
    versions = ModelVersion.objects.filter(number=number, artifact_version__isnull=False)
    found = wait_for(versions.select_related("artifact_version__artifact").first)
    return found.artifact_version


def another(anna):
    """A second version, looked at as after a webhook."""
    anna.version(MODEL, source="s3://models/fraud/2", run_id=anna.run())
    return look_again(lambda: taken_in(2))


def look_again(then):
    """Let the comparison be due, and do what beat does."""
    Sync.objects.update(due_at=timezone.now())
    sweep()
    return then()


def deployed(change_request):
    def there():
        change_request.refresh_from_db()
        return change_request.state == "deployed"

    wait_for(there)


def shown_by(standin):
    return standin.models[MODEL]["aliases"]


def model_page(client):
    client.force_login(factories.person("oskar"))
    model = ModelVersion.objects.first().model
    return client.get(reverse("models_registry:model", args=[model.pk])).content.decode()


def test_mlflow_that_is_down_undoes_no_deployment_and_gets_its_alias_later(
    serving, anna, standin, api, client
):
    second = another(anna)
    standin.faults.append(lambda call, asked: (503, b"", "text/plain"))
    change_request = serving.request(second)
    deployed(change_request)
    order = AliasOrder.objects.latest("pk")
    wait_for(lambda: AliasOrder.objects.get(pk=order.pk).sentence)
    assert api.serves() == {"s3://models/fraud/2"}
    assert shown_by(standin) == {"staging": 1}
    page = model_page(client)
    assert "Its alias staging could not be set yet, and is tried again by itself" in page
    assert "with 503" in page

    standin.faults.clear()
    AliasOrder.objects.update(try_at=timezone.now())
    sweep()
    wait_for(lambda: shown_by(standin) == {"staging": 2})
    wait_for(lambda: AliasOrder.objects.get(pk=order.pk).state == "set")
    assert "could not be set yet" not in model_page(client)
    change_request.refresh_from_db()
    assert change_request.state == "deployed"
    assert Event.objects.filter(type="releases.deployed").count() == 2


def test_an_alias_moved_behind_the_portals_back_is_a_finding_and_an_event(serving, anna, standin):
    another(anna)
    anna.alias(MODEL, "staging", 2)
    finding = look_again(lambda: wait_for(Finding.objects.first))
    assert finding.kind == "alias_moved"
    assert finding.environment == serving.staging
    assert "moved from version 1 to version 2 in MLflow, and not by Gatehouse" in finding.sentence
    (event,) = Event.objects.filter(type="models_registry.found")
    assert event.facts["data"]["kind"] == "alias_moved"
