"""The developer's and the administrator's forms: who may use them, and what they say when refused."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog.models import Environment, Project
from deployments.models import Target, WorkloadBinding
from releases.models import ChangeRequest, Evidence, Release
from tests import factories
from tests.pages.world import FAILED, PASSED


def project_address(route, world, *more):
    return reverse(route, args=[world.project.slug, *more])


@pytest.fixture
def deeds(world):
    """Every form of the project: address, what is sent, who may, who may see but not do."""
    version = world.version()
    release = world.release()
    target = {"executor": "manual", "timeout_seconds": 600}
    request = {"release": release.pk, "environment": world.staging.pk, "kind": "promotion"}
    return {
        "release": (
            project_address("releases:new-release", world),
            {"version": "9.9", "artifact_versions": [version.pk]},
            "tom",
        ),
        "change-request": (
            project_address("releases:new-change-request", world),
            {**request, "reason": "It is time."},
            "tom",
        ),
        "evidence": (
            reverse("releases:add-evidence", args=[version.pk]),
            {"kind": "junit", "file": SimpleUploadedFile("report.xml", PASSED)},
            "tom",
        ),
        "evidence-of-release": (
            project_address("releases:add-evidence-to-release", world, release.version),
            {"kind": "junit", "file": SimpleUploadedFile("report.xml", PASSED)},
            "tom",
        ),
        "settings": (
            project_address("catalog:project-settings", world),
            {"name": "Payments", "risk_tier": "low", "description": ""},
            "oskar",
        ),
        "new-environment": (
            project_address("catalog:new-environment", world),
            {"name": "drill", "tier": "testing", "position": ""},
            "oskar",
        ),
        "environment": (
            project_address("catalog:environment-settings", world, "staging"),
            {"tier": "testing", "position": 1},
            "oskar",
        ),
        "target": (project_address("deployments:set-target", world, "staging"), target, "oskar"),
        "binding": (
            project_address("deployments:add-binding", world, "staging"),
            {
                "artifact": version.artifact_id,
                "workload_kind": "Deployment",
                "workload": "api",
                "container": "app",
            },
            "oskar",
        ),
    }


DEEDS = [
    "release", "change-request", "evidence", "evidence-of-release", "settings", "new-environment",
    "environment", "target", "binding",
]  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_whoever_holds_the_verb_may(deed, deeds, as_):
    address, fields, who = deeds[deed]
    answer = as_(who).post(address, fields)
    assert answer.status_code == 302, answer.content.decode()


@pytest.mark.parametrize("deed", DEEDS)
def test_whoever_may_see_but_not_do_is_refused(deed, deeds, as_):
    address, fields, _ = deeds[deed]
    client = as_("vera")
    assert client.post(address, fields).status_code == 403
    assert client.get(address).status_code in {302, 403}


@pytest.mark.parametrize("deed", DEEDS)
def test_an_outsider_finds_no_form(deed, deeds, as_):
    address, fields, _ = deeds[deed]
    client = as_("olga")
    assert client.post(address, fields).status_code == 404
    assert client.get(address).status_code in {302, 404}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_form_leads_to_the_sign_in(deed, deeds, client):
    address, fields, _ = deeds[deed]
    for answer in (client.get(address), client.post(address, fields)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("deed", DEEDS)
def test_an_empty_form_says_what_is_missing(deed, deeds, as_):
    address, _, who = deeds[deed]
    answer = as_(who).post(address, {})
    assert answer.status_code == 422
    assert "is-invalid" in answer.content.decode() or 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("deed", DEEDS)
def test_a_form_shows_itself_to_whoever_may(deed, deeds, as_):
    address, _, who = deeds[deed]
    assert as_(who).get(address, follow=True).status_code == 200


def test_a_portal_administrator_creates_a_project_and_becomes_its_administrator(db, client):
    client.force_login(factories.admin())
    fields = {"name": "Ledger", "slug": "ledger", "risk_tier": "high"}
    answer = client.post(reverse("catalog:new-project"), fields)
    assert answer["Location"] == "/projects/ledger/"
    assert "No environment yet" in client.get("/projects/ledger/").content.decode()
    again = client.post(reverse("catalog:new-project"), fields)
    assert again.status_code == 409
    assert "There is a project &#x27;ledger&#x27; already" in again.content.decode()
    assert Project.objects.count() == 1


def test_others_create_no_project(world, as_):
    fields = {"name": "Ledger", "slug": "ledger", "risk_tier": "high"}
    assert as_("oskar").get(reverse("catalog:new-project")).status_code == 403
    assert as_("oskar").post(reverse("catalog:new-project"), fields).status_code == 403


def test_a_change_request_goes_to_its_page_and_waits(world, as_):
    release = world.release()
    fields = {"release": release.pk, "environment": world.staging.pk, "kind": "promotion"}
    address = project_address("releases:new-change-request", world)
    answer = as_("priya").post(address, {**fields, "reason": "It is time."}, follow=True)
    made = ChangeRequest.objects.get()
    assert made.requested_by.username == "priya"
    assert "Waits for signatures" in answer.content.decode()
    second = as_("priya").post(address, {**fields, "reason": "Again."})
    assert second.status_code == 409
    assert f"{made.label} already asks for release" in second.content.decode()


def test_a_link_fills_the_form(world, as_):
    release = world.release()
    world.release()
    address = project_address("releases:new-change-request", world)
    text = (
        as_("tom")
        .get(f"{address}?release={release.pk}&environment={world.production.pk}&kind=rollback")
        .content.decode()
    )
    for value in (release.pk, world.production.pk, "rollback"):
        assert f'<option value="{value}" selected>' in text


@pytest.mark.parametrize(
    "query",
    [
        "release=x",
        "again=x",
        "again=99999999999999999999",
        "release=%00",
        "release=%C2%B2",
        "again=%C2%B2",
    ],
)
def test_a_link_with_nonsense_shows_an_empty_form(query, world, as_):
    world.release()
    address = project_address("releases:new-change-request", world)
    assert as_("tom").get(f"{address}?{query}").status_code == 200


def test_a_rollback_is_offered_where_the_release_ran(world, as_):
    first, second = world.deployed(), world.deployed()
    text = (
        as_("priya")
        .get(project_address("deployments:environment", world, "staging"))
        .content.decode()
    )
    assert f"Roll back to {first.release.version}" in text
    assert f"Roll back to {second.release.version}" not in text


def test_another_projects_release_cannot_be_chosen(world, as_):
    other = factories.staffed_project("ledger")
    foreign = factories.version(other, "ledger-api")
    address = project_address("releases:new-release", world)
    answer = as_("tom").post(address, {"version": "1", "artifact_versions": [foreign.pk]})
    assert answer.status_code == 422
    assert not Release.objects.exists()


def test_an_uploaded_report_stands_on_the_page_with_its_facts(world, as_):
    version = world.version()
    address = reverse("releases:add-evidence", args=[version.pk])
    report = SimpleUploadedFile("report.xml", FAILED)
    answer = as_("tom").post(address, {"kind": "junit", "file": report}, follow=True)
    text = answer.content.decode()
    assert "rounding" in text
    assert "0.30000000000000004 is not 0.3" in text
    assert Evidence.objects.get().added_by.username == "tom"


def test_a_report_that_cannot_be_read_is_refused_at_the_file(world, as_):
    version = world.version()
    address = reverse("releases:add-evidence", args=[version.pk])
    report = SimpleUploadedFile("report.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
    answer = as_("tom").post(address, {"kind": "junit", "file": report})
    assert answer.status_code == 422
    assert 'id="id_file_error"' in answer.content.decode()
    assert not Evidence.objects.exists()


def test_evidence_unblocks_a_request_by_itself_and_the_page_says_what_is_missing_until_then(
    world, as_
):
    blocked = world.request(world.release(tested=False))
    page = reverse("portal:change-request", args=[blocked.number])
    text = as_("tom").get(page).content.decode()
    assert "One thing holds this up" in text
    assert "It can be approved when nothing holds it up any more" in text


def test_a_binding_comes_and_goes(world, as_):
    version = world.version()
    client = as_("oskar")
    fields = {"artifact": version.artifact_id, "workload_kind": "Deployment"}
    address = project_address("deployments:add-binding", world, "staging")
    client.post(address, {**fields, "workload": "api", "container": "app"})
    binding = WorkloadBinding.objects.get()
    remove = project_address("deployments:remove-binding", world, "staging", binding.pk)
    assert as_("vera").post(remove).status_code == 403
    assert as_("oskar").post(remove).status_code == 302
    assert as_("oskar").post(remove).status_code == 404
    assert not WorkloadBinding.objects.exists()


def test_a_model_is_bound_to_a_service_with_its_canary(world, as_):
    model = factories.version(world.project, "fraud-model", "7", kind="model")
    address = project_address("deployments:add-binding", world, "staging")
    fields = {
        "artifact": model.artifact_id,
        "workload_kind": "InferenceService",
        "workload": "fraud",
        "model_format": "sklearn",
        "serving_mode": "Standard",
        "canary_percents": "50, 10",
        "canary_hold_seconds": 30,
    }
    answer = as_("oskar").post(address, fields)
    assert answer.status_code == 422
    assert "each greater than the one before" in answer.content.decode()
    assert as_("oskar").post(address, {**fields, "canary_percents": "10, 50"}).status_code == 302
    assert WorkloadBinding.objects.get().canary_percents == [10, 50]
    Target.objects.filter(environment=world.staging).update(executor="kubernetes")
    page = as_("tom").get(project_address("deployments:environment", world, "staging"))
    assert "fraud-model → InferenceService fraud" in page.content.decode()
    assert "new models get 10, 50 % first, 30 seconds each" in page.content.decode()


def test_a_target_that_does_not_fit_says_why_at_the_field(world, as_):
    address = project_address("deployments:set-target", world, "staging")
    fields = {"executor": "kubernetes", "timeout_seconds": 600}
    answer = as_("oskar").post(address, fields)
    assert answer.status_code == 422
    assert "Name the cluster." in answer.content.decode()
    assert Target.objects.get(environment=world.staging).executor == "manual"


def test_a_new_environment_begins_without_target_and_policy(world, as_):
    client = as_("oskar")
    fields = {"name": "drill", "tier": "testing", "position": ""}
    answer = client.post(project_address("catalog:new-environment", world), fields, follow=True)
    text = answer.content.decode()
    assert "It has no target yet" in text
    assert "No policy is in force" in text
    assert Environment.objects.get(name="drill").position == 3


def test_the_digest_of_the_raw_report_is_the_one_on_the_page(world, as_):
    evidence = world.evidence(world.version())
    answer = as_("vera").get(reverse("releases:evidence-raw", args=[evidence.pk]))
    assert answer["X-Content-SHA256"] == evidence.sha256
    assert io.BytesIO(b"".join(answer.streaming_content)).getvalue() == PASSED
