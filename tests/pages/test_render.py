"""Every page renders for somebody with a role, and is not there for somebody without."""

import pytest
from django.urls import reverse

from tests import factories


@pytest.fixture
def pages(world):
    """Every page of the project by its address."""
    done = world.deployed(world.request(world.release(world.version(), world.version("worker"))))
    world.rejected(world.request())
    waiting = world.request(done.release, world.production)
    version = done.release.items.first().artifact_version
    world.evidence(version, b"<testsuite/>")
    slug = world.project.slug
    return [
        reverse("portal:project", args=[slug]),
        reverse("portal:change-request", args=[waiting.number]),
        reverse("portal:change-request", args=[done.number]),
        reverse("portal:live", args=[waiting.number]),
        reverse("releases:change-requests", args=[slug]),
        reverse("releases:releases", args=[slug]),
        reverse("releases:release", args=[slug, done.release.version]),
        reverse("releases:artifacts", args=[slug]),
        reverse("releases:artifact-version", args=[version.pk]),
        reverse("deployments:environment", args=[slug, "staging"]),
        reverse("deployments:environment", args=[slug, "production"]),
    ]


OF_EVERYBODY = ["portal:inbox", "portal:search", "catalog:projects", "releases:all-change-requests"]


@pytest.mark.parametrize("username", ["vera", "tom", "sofia", "priya", "oskar", "audrey"])
def test_a_page_is_there_for_every_role_of_the_project(username, pages, as_):
    client = as_(username)
    for address in pages:
        assert client.get(address).status_code in {200, 286}, address


def test_a_page_of_a_project_is_not_there_for_an_outsider(pages, as_):
    client = as_("olga")
    for address in pages:
        assert client.get(address).status_code == 404, address


def test_whoever_has_not_signed_in_is_led_to_the_sign_in_and_back(pages, client):
    for address in [*pages, *map(reverse, OF_EVERYBODY)]:
        answer = client.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/accounts/login/?next="), address


@pytest.mark.parametrize("route", OF_EVERYBODY)
@pytest.mark.parametrize("username", ["olga", "tom"])
def test_the_pages_over_all_projects_are_there_for_everybody(route, username, world, as_):
    world.request()
    answer = as_(username).get(reverse(route))
    assert answer.status_code == 200
    assert ("2026." in answer.content.decode()) == (
        username == "tom" and route not in {"portal:search", "catalog:projects"}
    )


@pytest.mark.parametrize("address", ["/change-requests/CR-1{0}/", "/change-requests/cr-1{0}/"])
def test_a_change_request_that_is_not_there_is_404(address, world, as_):
    assert as_("tom").get(address.format("9" * 17)).status_code == 404


def test_a_number_without_its_letters_is_the_same_page(world, as_):
    number = world.request().number
    client = as_("vera")
    assert client.get(f"/change-requests/{number}/").status_code == 200
    assert client.get(f"/change-requests/CR-{number}/").status_code == 200


def test_raw_evidence_is_saved_and_never_shown(world, as_):
    evidence = world.evidence(world.version())
    answer = as_("vera").get(reverse("releases:evidence-raw", args=[evidence.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert b"".join(answer.streaming_content).startswith(b"<testsuite")
    assert as_("olga").get(reverse("releases:evidence-raw", args=[evidence.pk])).status_code == 404


def test_a_superuser_without_projects_is_told_to_begin_with_one(db, client):
    client.force_login(factories.admin())
    assert "Begin with a project" in client.get("/").content.decode()
