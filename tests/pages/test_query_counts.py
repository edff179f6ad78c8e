"""A page costs the same number of queries however much there is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

FEW, MANY = 2, 10
LIMIT = 8
_LEFT_OUT = ("django_session", 'FROM "catalog_user" WHERE "catalog_user"."id" =', "SAVEPOINT")


@pytest.fixture(autouse=True)
def _remembers_what_every_page_shows(monkeypatch):
    """What is remembered for some seconds only must not run out between a page's two calls in `cost`."""
    monkeypatch.setattr("audit.banner.SECONDS", 3600)


def cost(client, address, left_out=_LEFT_OUT) -> int:
    """Queries; those for the session and whoever is signed in are left out unless told otherwise."""
    client.get(address)  # whatever a process remembers, it remembers now
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code in {200, 286}, address
    return sum(not any(word in query["sql"] for word in left_out) for query in seen)


@pytest.fixture
def costs(world, as_):
    """The pages' costs with a few things and with many, as (few, many) by route."""

    def measure(username, pages):
        client = as_(username)
        grow(world, FEW)
        few = {name: cost(client, address) for name, address in pages().items()}
        grow(world, MANY)
        many = {name: cost(client, address) for name, address in pages().items()}
        return {name: (few[name], many[name]) for name in few}

    return measure


def grow(world, number):
    for _ in range(number):
        world.deployed(world.request(world.release(world.version(), world.version("worker"))))
        world.request()
        world.rejected(world.request())
        world.request(world.release(tested=False))


@pytest.mark.slow
@pytest.mark.parametrize("username", ["priya", "tom"])
def test_no_page_asks_more_often_when_there_is_more(username, world, costs):
    done = world.deployed()
    slug, version = world.project.slug, done.release.items.get().artifact_version

    def pages():
        return {
            "inbox": "/",
            "projects": "/projects/",
            "all-change-requests": "/change-requests/",
            "search": "/search/?q=2026",
            "project": reverse("portal:project", args=[slug]),
            "change-requests": reverse("releases:change-requests", args=[slug]),
            "releases": reverse("releases:releases", args=[slug]),
            "release": reverse("releases:release", args=[slug, done.release.version]),
            "artifacts": reverse("releases:artifacts", args=[slug]),
            "artifact-version": reverse("releases:artifact-version", args=[version.pk]),
            "environment": reverse("deployments:environment", args=[slug, "staging"]),
            "new-change-request": reverse("releases:new-change-request", args=[slug]),
            "new-release": reverse("releases:new-release", args=[slug]),
        }

    found = costs(
        username, pages if username == "priya" else lambda: dict(list(pages().items())[:-1])
    )
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}
    assert {name: pair for name, pair in found.items() if pair[1] > LIMIT} == {}


def test_the_page_of_a_change_request_costs_the_same_with_more_on_it(world, as_):
    client = as_("tom")
    small = world.request(world.release())
    versions = [world.version(f"part-{number}") for number in range(8)]
    large = world.request(world.release(*versions))
    world.signed(large, "sofia")
    world.deployed()
    addresses = [reverse("portal:change-request", args=[each.number]) for each in (small, large)]
    few, many = (cost(client, address) for address in addresses)
    assert few == many
    assert many <= LIMIT


def test_the_pages_people_work_with_take_eight_queries_with_session_and_person(world, as_):
    client = as_("priya")
    waiting, done = world.request(), world.deployed()
    addresses = ["/", "/change-requests/", reverse("portal:project", args=[world.project.slug])]
    addresses += [reverse("portal:change-request", args=[each.number]) for each in (waiting, done)]
    for address in addresses:
        assert cost(client, address, left_out=()) <= LIMIT, address
