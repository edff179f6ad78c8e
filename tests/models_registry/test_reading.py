"""Pages and API of models and registries: what is shown, to whom, and at what cost."""

import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from models_registry import work
from models_registry.models import Finding
from tests import factories
from tests.models_registry.lab import trained
from tests.models_registry.test_intake import DATASET, GIT
from tests.support.callers import client_of


@pytest.fixture
def risk(lab, anna):
    """A model with two versions, and a finding."""
    anna.model("credit-risk")
    trained(
        anna,
        tags=GIT,
        params={"C": 0.5},
        metrics=[("auc", 0.9, 2), ("loss", "NaN", 0)],
        datasets=[DATASET],
    )
    trained(anna)
    lab.sync()
    anna.alias("credit-risk", "champion", 2)
    lab.sync()
    return lab


@pytest.fixture
def as_(client):
    def signed_in(username):
        client.force_login(factories.person(username))
        return client

    return signed_in


def pages(lab):
    return {
        "models": reverse("models_registry:models", args=[lab.project.slug]),
        "model": reverse("models_registry:model", args=[lab.model("credit-risk").pk]),
        "version": reverse("models_registry:version", args=[lab.version("credit-risk").pk]),
        "registry": reverse("models_registry:registry", args=[lab.registry.pk]),
        "live": reverse("models_registry:registry-live", args=[lab.registry.pk]),
    }


def test_every_page_is_shown_to_a_member_and_hidden_from_an_outsider(risk, as_):
    shown = {name: as_("vera").get(page).status_code for name, page in pages(risk).items()}
    assert shown == {"models": 200, "model": 200, "version": 200, "registry": 200, "live": 286}
    hidden = {as_("olga").get(page).status_code for page in pages(risk).values()}
    assert hidden == {404}


def test_the_version_shows_its_snapshot_in_words(risk, as_):
    shown = as_("vera").get(pages(risk)["version"]).content.decode()
    for words in ("4f1c4f1c", "NaN", "0.9", "a label only", "anna", "MLmodel", "sklearn", "yes"):
        assert words in shown


def test_the_registry_says_how_far_it_is_and_what_changed(risk, as_):
    shown = as_("vera").get(pages(risk)["registry"]).content.decode()
    assert "Up to date" in shown
    assert "The alias champion of credit-risk was set to version 2 in MLflow" in shown
    assert "Read it now" not in shown
    assert "Read it now" in as_("oskar").get(pages(risk)["registry"]).content.decode()


def test_no_page_asks_more_often_when_there_is_more(risk, anna, as_):
    client = as_("oskar")

    def costs():
        found = {}
        for name, page in pages(risk).items():
            client.get(page)
            with CaptureQueriesContext(connection) as seen:
                client.get(page)
            found[name] = len(seen)
        return found

    few = costs()
    for number in range(4):
        anna.model(f"fraud-{number}")
        trained(anna, f"fraud-{number}")
        trained(anna)
        anna.alias("credit-risk", f"shadow-{number}", 1)
    risk.sync()
    assert costs() == few


@pytest.mark.parametrize("username", ["vera", "tom", "priya"])
def test_who_may_not_manage_the_project_changes_nothing_on_these_pages(risk, as_, username):
    finding = Finding.objects.get()
    posts = [
        ("new-registry", ["credit"], {"name": "x", "tracking_url": "https://x.example"}),
        ("edit-registry", [risk.registry.pk], {"tracking_url": "https://x.example"}),
        ("sync-now", [risk.registry.pk], {}),
        ("settle-finding", [finding.pk], {"comment": "fine"}),
    ]
    before = risk.events()
    for name, args, fields in posts:
        answer = as_(username).post(reverse(f"models_registry:{name}", args=args), fields)
        assert (name, answer.status_code) == (name, 403)
    assert risk.events() == before
    assert Finding.objects.get().state == "open"


def test_the_administrator_adds_changes_reads_and_settles(risk, as_, standin):
    oskar = as_("oskar")
    fields = {"name": "second", "tracking_url": standin.url, "name_pattern": "a*,b*"}
    added = oskar.post(reverse("models_registry:new-registry", args=["credit"]), fields)
    assert added.status_code == 302
    pk = int(added.url.strip("/").split("/")[-1])
    changed = {**fields, "name_pattern": "c*", "is_active": "on"}
    oskar.post(reverse("models_registry:edit-registry", args=[pk]), changed)
    oskar.post(reverse("models_registry:sync-now", args=[pk]))
    settle = reverse("models_registry:settle-finding", args=[Finding.objects.get().pk])
    assert oskar.post(settle, {"comment": "agreed with anna"}).status_code == 302
    assert risk.events()[-4:] == [
        "models_registry.registry_created",
        "models_registry.registry_changed",
        "models_registry.sync_requested",
        "models_registry.finding_settled",
    ]
    again = oskar.post(settle, {"comment": "again"})
    assert again.status_code == 409
    assert "Somebody settled this finding before" in again.content.decode()


def test_a_refused_comment_is_said_in_the_dialog_of_its_finding_only(risk, as_, anna):
    anna.alias("credit-risk", "shadow", 1)
    risk.sync()
    newest, first = Finding.objects.order_by("-pk")
    settle = reverse("models_registry:settle-finding", args=[first.pk])
    answer = as_("oskar").post(settle, {"comment": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count("data-focus") == 1
    dialogs = re.findall(r"<dialog.*?</dialog>", page, re.DOTALL)
    [shown] = [each for each in dialogs if "data-focus" in each]
    assert f'id="settle-{first.pk}"' in shown
    for finding in (newest, first):
        assert page.count(f'id="id_finding_{finding.pk}_comment"') == 1


def test_a_form_that_is_refused_says_why_at_its_field(lab, as_):
    fields = {"name": "x", "tracking_url": "http://169.254.169.254", "name_pattern": "*"}
    answer = as_("oskar").post(reverse("models_registry:new-registry", args=["credit"]), fields)
    assert answer.status_code == 422
    assert "OUTGOING_ALLOWED_HOSTS" in answer.content.decode()


def test_the_api_gives_everything_of_a_version(risk):
    vera = client_of(factories.person("vera"))
    (model,) = vera.get("/api/v1/projects/credit/models/").json()["results"]
    assert model["aliases"] == {"champion": 2}
    assert (model["newest_version"], model["open_findings"]) == (2, 1)
    versions = vera.get(f"/api/v1/models/{model['id']}/versions/").json()["results"]
    assert [each["version"] for each in versions] == [2, 1]
    version = vera.get(f"/api/v1/model-versions/{versions[1]['id']}/").json()
    assert version["metrics"][0]["value"] == 0.9
    assert version["metrics"][1]["said"] == "NaN"
    assert version["datasets"][0]["strength"] == "weak"
    assert version["digest"] == risk.version("credit-risk").artifact_version.digest
    (finding,) = vera.get("/api/v1/projects/credit/model-findings/?state=open").json()["results"]
    assert (finding["kind"], finding["environment"]) == ("alias_set", "production")
    (registry,) = vera.get("/api/v1/projects/credit/model-registries/").json()["results"]
    assert registry["sync"]["result"] == "succeeded"
    assert registry["webhook_url"].endswith(f"/{risk.registry.webhook_key}/")


def test_an_outsider_finds_nothing_by_the_api(risk):
    olga = client_of(factories.person("olga"))
    for address in (
        "projects/credit/models/",
        f"models/{risk.model('credit-risk').pk}/",
        f"models/{risk.model('credit-risk').pk}/versions/",
        f"model-versions/{risk.version('credit-risk').pk}/",
        "projects/credit/model-findings/",
        "projects/credit/model-registries/",
        f"model-registries/{risk.registry.pk}/",
    ):
        assert olga.get(f"/api/v1/{address}").status_code == 404


def test_the_command_reads_the_registries_and_says_how_it_went(lab, anna, capsys, standin):
    anna.model("credit-risk")
    trained(anna)
    call_command("sync_models", "credit")
    told = capsys.readouterr().out
    assert "credit/main: Reading the registered models.\n" in told
    assert "credit/main: Taking in new versions: 0 of 1.\n" in told
    assert "credit/main: Compared: 1 new versions. 1 models, 1 versions." in told
    assert "credit/main: files of 1 of 1 versions." in told
    standin.faults.append(lambda call, asked: "close")
    with pytest.raises(SystemExit):
        call_command("sync_models")
    assert "did not answer" in capsys.readouterr().out


def test_a_registry_that_is_switched_off_is_not_read(lab, standin):
    lab.change(is_active=False)
    assert not work.sync(lab.registry.pk)
    assert standin.calls == []
