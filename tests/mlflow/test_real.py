"""A real MLflow server: a real model comes in, webhooks arrive over loopback, nothing is lost."""

import os
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.urls import reverse

from models_registry import work
from models_registry.actions.change_registry import change_registry
from models_registry.actions.create_registry import RegistrySpec
from models_registry.aliases import order_aliases
from models_registry.models import DigestBasis, Hint, ModelVersion, WebhookDelivery
from releases.actions.seal_release import seal_release
from tests import factories
from tests.models_registry.lab import Lab
from tests.support.mlflow_writer import Writer

TRAIN = Path(__file__).with_name("train.py")
MANY = 1000
WEBHOOKS = [
    ("REGISTERED_MODEL", "CREATED"),
    ("MODEL_VERSION", "CREATED"),
    ("MODEL_VERSION_TAG", "SET"),
    ("MODEL_VERSION_ALIAS", "CREATED"),
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def trained(real_mlflow):
    """The name of a model that was really trained."""
    name = "credit risk é"
    subprocess.run(
        [str(real_mlflow.python), str(TRAIN), name],
        env=real_mlflow.inherits(os.environ),
        check=True,
        timeout=240,
        cwd=real_mlflow.home,
    )
    return name


@pytest.fixture
def lab(db, real_mlflow, settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    return Lab.make(real_mlflow.url, name_pattern="credit risk é")


@pytest.fixture
def anna(real_mlflow):
    writer = Writer(real_mlflow.url)
    yield writer
    writer.close()


def test_a_real_model_comes_in_with_everything(lab, trained):
    assert lab.sync().sentence == "Compared: 1 new versions."
    version = lab.version(trained)
    assert version.digest_basis == DigestBasis.FILES
    assert version.artifact_version.digest.startswith("sha256:")
    assert {"MLmodel", "conda.yaml", "requirements.txt"} <= {file["path"] for file in version.files}
    assert version.download_uri.startswith("mlflow-artifacts:/")
    assert version.source.startswith("models:/m-")
    assert version.mlflow_model_id.startswith("m-")
    assert version.parameters == {"C": "0.5", "solver": "lbfgs"}
    own, evaluated = version.metrics
    assert (own["key"], own["value"], own["step"], own.get("run")) == ("auc", 0.91, 3, None)
    assert (evaluated["key"], evaluated["value"]) == ("auc_holdout", 0.88)
    assert evaluated["dataset"] == "loans"
    assert evaluated["dataset_digest"] == version.datasets[0]["digest"]
    assert evaluated["run"] not in {"", version.run_id}
    assert version.git_dirty is False
    assert (version.git_commit, version.trained_by) == ("4f1c" * 10, "anna")
    assert version.flavours.keys() == {"python_function", "sklearn"}
    assert version.signature["inputs"][0] == {"name": "income", "type": "double"}
    (dataset,) = version.datasets
    assert (dataset["name"], dataset["strength"]) == ("loans", "weak")
    assert len(dataset["digest"]) == 8
    assert lab.sync().sentence == "Compared: nothing new."


def test_the_alias_of_a_verified_deployment_is_set_there(lab, trained, anna):
    lab.sync()
    version = lab.version(trained).artifact_version
    release = seal_release(
        lab.project, version="1", artifact_versions=[version.pk], by=factories.person("priya")
    )
    production = lab.project.environments.get(name="production")
    order_aliases(production, release.pk, change_request=1)
    assert work.set_waiting_aliases(lab.registry.pk) == 1
    shown = anna.call("GET", "registered-models/get", name=trained)["registered_model"]
    assert shown["aliases"] == [{"alias": "champion", "version": "1"}]
    lab.sync()
    assert lab.findings == []
    anna.remove_alias(trained, "champion")
    lab.sync()
    assert lab.findings == ["alias_removed"]


def test_a_deletion_loses_nothing(lab, anna):
    name = f"credit-{uuid.uuid4().hex[:8]}"
    lab.change(name_pattern="credit-*")
    anna.model(name)
    run_id = anna.run(user="anna")
    anna.version(name, run_id=run_id, source="s3://models/1")
    lab.sync()
    anna.delete_version(name, 1)
    lab.sync()
    version = lab.version(name)
    assert version.gone_at is not None
    assert (version.source, version.run_id, version.trained_by) == ("s3://models/1", run_id, "anna")
    assert lab.findings == ["version_deleted"]


def test_a_webhook_is_signed_by_mlflow_and_makes_the_version_visible(
    transactional_db, live_server, real_mlflow, settings, tmp_path
):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    settings.MLFLOW_CREDENTIALS_DIR = str(tmp_path)
    (tmp_path / "credit.webhook").write_text("portal-test-secret")
    name = f"hooked-{uuid.uuid4().hex[:8]}"
    lab = Lab.make(real_mlflow.url, name_pattern=name, webhook_secret="credit.webhook")
    anna = Writer(real_mlflow.url)
    address = reverse("mlflow-webhook", args=[lab.registry.webhook_key])
    hook = anna.call(
        "POST",
        "webhooks",
        name=name,
        url=f"{live_server.url}{address}",
        secret="portal-test-secret",
        events=[{"entity": entity, "action": action} for entity, action in WEBHOOKS],
    )["webhook"]["webhook_id"]
    time.sleep(1.5)  # MLflow remembers its webhooks for a second

    anna.call("POST", f"webhooks/{hook}/test")
    assert wait_for(WebhookDelivery.objects.filter(registry=lab.registry))
    assert not Hint.objects.exists()  # the test is taken and nothing follows

    anna.model(name)
    anna.version(name, run_id=anna.run())
    hints = Hint.objects.filter(registry=lab.registry, model_name=name)
    assert wait_for(hints)
    lab.look_at_hints()
    if not ModelVersion.objects.filter(model__name=name).exists():
        assert wait_for(hints)  # the first was about the model, before it had a version
        lab.look_at_hints()
    assert lab.version(name).trained_by == "anna"

    anna.alias(name, "champion", 1)
    assert wait_for(hints)
    lab.look_at_hints()
    assert lab.findings == ["alias_set"]
    anna.call("DELETE", f"webhooks/{hook}")
    anna.close()


def test_a_thousand_versions_come_in(lab, anna, real_mlflow, settings):
    settings.MODEL_RUN_PATIENCE_SECONDS = 0
    names = [f"many-{number:03d}" for number in range(MANY // 20)]
    for name in names:
        anna.model(name)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: [anna.version(name) for _ in range(20)], names))
    registry = change_registry(
        lab.registry,
        RegistrySpec(tracking_url=real_mlflow.url, name_pattern="many-*"),
        by=factories.person("oskar"),
    )
    assert work.sync(registry.pk)
    assert ModelVersion.objects.filter(model__name__startswith="many-").count() == MANY
    assert lab.state.sentence == f"Compared: {MANY} new versions."
    assert work.sync(registry.pk)
    assert lab.state.sentence == "Compared: nothing new."


def wait_for(rows, seconds=15):
    deadline = time.monotonic() + seconds
    while not rows.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
