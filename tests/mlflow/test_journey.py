"""From MLflow to KServe and back through real parts: MLflow's server and client, web, worker, Chromium."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import expect

from audit.models import Event
from catalog.actions.add_identity import add_identity
from catalog.models import IdentityKind, the_portal
from deployments.actions.add_binding import BindingSpec, add_binding
from deployments.actions.create_cluster import create_cluster
from deployments.actions.set_target import TargetSpec, set_target
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import Finding, ModelVersion
from models_registry.webhooks import address_of
from releases.actions.activate_policy import activate_policy
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.models import ChangeRequest
from tests import factories
from tests.deployments.ground import NAMESPACE, NOBODY_SIGNS, Api
from tests.support.browser import axe_violations
from tests.support.mlflow_writer import Writer
from tests.support.wait import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PIPELINE = Path(__file__).with_name("pipeline.py")
NAME = "credit-journey"
SECRET = "portal-test-secret"
SIGNED_BY_THREE = {
    "schema": "gatehouse.policy/v1",
    "gates": [
        {
            "name": "champion",
            "title": "Better than the champion",
            "applies_to": {"kinds": ["model"]},
            "compare": {
                "metrics": [
                    {"metric": "auc", "greater_is_better": True, "min_absolute_change": "0.01"}
                ]
            },
        }
    ],
    "approvals": [
        {"name": "engineering", "roles": ["developer"], "required": 1},
        {"name": "security", "roles": ["security"], "required": 1},
        {"name": "risk", "roles": ["risk"], "required": 1},
    ],
}


class Pipeline:
    """The team's pipeline, a process of MLflow's own interpreter."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [str(server.python), str(PIPELINE)], env=server.inherits(os.environ), cwd=server.home,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def answer(self):
        # What MLflow itself tells on standard output are words with a space between them.
        while line := self.process.stdout.readline():
            if re.fullmatch(r"ready|\d+", line.strip()):
                return line.strip()
        raise AssertionError("The pipeline ended.")

    def call(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return int(self.answer())

    def publish(self, *features):
        return self.call("publish", NAME, ",".join(features))

    @property
    def champion(self):
        return self.call("champion", NAME)

    def stop(self):
        with self.process as process:
            process.stdin.close()
            process.wait(30)


@pytest.fixture
def pipeline(real_mlflow):
    pipeline = Pipeline(real_mlflow)
    assert pipeline.answer() == "ready"
    yield pipeline
    pipeline.stop()


@pytest.fixture
def credit(transactional_db, live_server, live_worker, real_mlflow, settings, tmp_path):
    """A project whose MLflow tells the portal by webhooks what is new."""
    settings.MLFLOW_CREDENTIALS_DIR = str(tmp_path)
    (tmp_path / "credit.webhook").write_text(SECRET)
    project = factories.staffed_project("credit")
    factories.person("wanda")  # who wrote the image
    add_identity(factories.person("anna"), kind=IdentityKind.MLFLOW, value="anna", by=the_portal())
    spec = RegistrySpec(
        tracking_url=real_mlflow.url, name_pattern=NAME, webhook_secret="credit.webhook"
    )
    registry = create_registry(project, "main", spec, by=factories.person("oskar"))
    writer = Writer(real_mlflow.url)
    hook = writer.call(
        "POST",
        "webhooks",
        name="journey",
        url=address_of(registry, live_server.url),
        secret=SECRET,
        events=[{"entity": "MODEL_VERSION", "action": "CREATED"}],
    )["webhook"]["webhook_id"]
    yield project
    writer.call("DELETE", f"webhooks/{hook}")
    writer.close()


@pytest.fixture
def api(sandbox_cluster):
    api = Api(sandbox_cluster.url)
    api.namespace()
    return api


@pytest.fixture
def production(credit, api):
    """Production is on the cluster."""
    environment = credit.environments.get(name="production")
    cluster = create_cluster("sandbox", server=api.url, by=the_portal())
    spec = TargetSpec(executor="kubernetes", cluster=cluster, namespace=NAMESPACE)
    set_target(environment, spec, by=factories.person("oskar"))
    return environment


@pytest.fixture
def sign_in(page, live_server):
    def signed_in(username):
        client = Client()
        client.force_login(factories.person(username))
        cookie = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto("/")

    return signed_in


def in_force(environment, name, document):
    admin = factories.admin()
    draft = save_policy_version(create_policy(name=name, by=admin), document=document, by=admin)
    activate_policy(environment, publish_policy(draft, by=admin), by=admin)


def taken_in(number):
    """The version, as soon as it has come in by itself with its digest."""
    versions = ModelVersion.objects.filter(
        model__name=NAME, number=number, artifact_version__isnull=False
    )
    return wait_for(lambda: versions.select_related("artifact_version__artifact").first())


def bind(environment, image, model):
    oskar = factories.person("oskar")
    add_binding(environment, image.artifact, BindingSpec(workload="api", container="app"), by=oskar)
    served = BindingSpec(
        workload="fraud",
        workload_kind="InferenceService",
        model_format="sklearn",
        canary_percents=[20],
        canary_hold_seconds=0,
    )
    add_binding(environment, model.artifact, served, by=oskar)


def deploy(environment, version, *versions):
    """Put a release there as it was done before anybody had to sign."""
    release = seal_release(
        environment.project,
        version=version,
        artifact_versions=[each.pk for each in versions],
        by=factories.admin(),
    )
    asked = submit(release, environment, reason="the first", by=factories.person("priya"))
    wait_for(lambda: ChangeRequest.objects.get(pk=asked.pk).state == "deployed")


def test_a_model_goes_from_mlflow_to_kserve_and_its_alias_follows(
    pipeline, credit, production, api, page, sign_in
):
    pipeline.publish("income")
    first = taken_in(1).artifact_version
    image = factories.version(credit, "credit-api", "1.0.0")
    bind(production, image, first)
    in_force(production, "nobody-signs", NOBODY_SIGNS)
    deploy(production, "2026.1", image, first)
    wait_for(lambda: Event.objects.filter(type="models_registry.alias_set").exists())
    assert pipeline.champion == 1
    in_force(production, "signed-by-three", SIGNED_BY_THREE)
    image = factories.version(credit, "credit-api", "1.1.0")

    # A better one is registered, and appears without anybody doing anything here.
    sign_in("priya")
    page.goto("/projects/credit/models/")
    page.get_by_role("link", name=NAME).click()
    pipeline.publish("income", "debt")
    second = taken_in(2)
    page.reload()
    page.get_by_role("link", name=re.compile(r"^(version )?2$", re.IGNORECASE)).click()
    comparison = page.locator("#comparison")
    expect(comparison).to_contain_text(re.compile("auc.*better", re.DOTALL))
    assert axe_violations(page) == []

    # It is bundled with an image, and asked for.
    page.goto("/projects/credit/new-release/")
    page.get_by_label("Version", exact=True).fill("2026.2")
    for version in (image, second.artifact_version):
        page.locator(f"input[name=artifact_versions][value='{version.pk}']").check()
    page.get_by_role("button", name="Seal it").click()
    page.goto("/projects/credit/change-requests/new/")
    page.get_by_label("Release", exact=True).select_option(label="2026.2")
    page.get_by_label("Environment", exact=True).select_option(label="production")
    page.get_by_label("Reason", exact=True).fill("It knows of debts.")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_text("Better than the champion").first).to_be_visible()
    number = ChangeRequest.objects.latest("number").number

    # One of each function signs what they see.
    for name in ("tom", "sofia", "rashid"):
        sign_in(name)
        page.get_by_role("link", name=re.compile("Review")).first.click()
        expect(page).to_have_url(re.compile(f"CR-{number}/"))
        expect(page.get_by_text(re.compile("auc")).first).to_be_visible()
        page.get_by_label("Comment").fill(f"{name} has read it.")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text(f"{name} has read it.").first).to_be_visible()

    # A worker carries it out, and the page follows.
    expect(page.locator("#cr-state")).to_contain_text("Deployed", timeout=45_000)
    assert api.digests() == {image.digest}
    assert api.serves() == {second.download_uri}
    told = Event.objects.filter(stream=f"change-request/{number}")
    assert told.filter(type="deployments.promoted").count() == 1
    assert told.filter(type="deployments.verified").count() == 2

    # The alias follows, and nobody calls that a finding.
    wait_for(lambda: Event.objects.filter(type="models_registry.alias_set").count() == 2)
    assert pipeline.champion == 2
    wait_for(lambda: ModelVersion.objects.get(pk=second.pk).aliases == ["champion"])
    page.goto(f"/model-versions/{second.pk}/")
    expect(page.get_by_text("champion", exact=True).first).to_be_visible()
    assert not Finding.objects.exists()
