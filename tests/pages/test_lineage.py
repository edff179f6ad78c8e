"""The pages of lineage: read, refused, the same cost at any size, and in Chromium with axe."""

import io
from itertools import product

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from releases.actions.add_evidence import add_evidence
from tests import factories
from tests.pages.test_in_the_browser import DESKTOP, PHONE, sign_in
from tests.pages.test_query_counts import cost
from tests.releases.test_comparison import recorded
from tests.releases.test_data_changes import ONE, lock
from tests.support.browser import axe_violations

__all__ = ["sign_in"]

PIPELINE = lock(ONE) + (
    b"    outs:\n    - path: data/features\n      hash: md5\n      md5: " + b"3" * 32 + b".dir\n"
    b"  fit:\n    cmd: y\n    deps:\n    - path: data/features\n      hash: md5\n      md5: "
    + b"3" * 32
    + b".dir\n    - path: data/unnamed.csv\n    outs:\n    - path: model\n"
)


class Stage:
    """What ``recorded`` asks of a scene."""

    def __init__(self, world):
        self.project, self.admin, self.count = world.project, factories.admin(), world.count


def trained(world, **record):
    version = world.version("credit", kind="model")
    known = recorded(
        Stage(world), version, run_id=f"{version.pk:032}", run_name="night run", **record
    )
    add_evidence(version, kind="dvc", stream=io.BytesIO(PIPELINE), by=world.priya)
    return version, known


def addresses(version, record):
    return [
        f"/artifact-versions/{version.pk}/lineage/",
        f"/model-versions/{record.pk}/lineage/",
        "/projects/payments/environments/staging/lineage/",
    ]


def test_the_graph_is_read_from_left_to_right(world, as_):
    version, record = trained(world)
    done = world.deployed(world.request(world.release(version, world.version())))
    page = as_("vera").get(addresses(version, record)[1]).content.decode()
    order = ["data/loans.parquet", "data/features", "night run", done.release.version]
    places = [page.index(f">{name}<") for name in order]
    assert places == sorted(places)
    assert done.label in page[places[-1] :]
    assert "from data/features, data/unnamed.csv" in page
    assert "no digest" in page
    assert "Serves now" in page
    assert reverse("releases:release", args=["payments", done.release.version]) in page


def test_the_page_of_a_model_version_leads_to_its_lineage(world, as_):
    version, record = trained(world)
    page = as_("vera").get(f"/model-versions/{record.pk}/").content.decode()
    assert f'href="{addresses(version, record)[1]}"' in page
    assert "nowhere" in page


def test_outsiders_see_none_of_it(world, as_):
    for address in addresses(*trained(world)):
        assert as_("olga").get(address).status_code == 404, address


def test_lineage_costs_the_same_with_more_in_it(world, as_):
    version, record = trained(world)
    client = as_("vera")
    world.deployed(world.request(world.release(version, world.version())))
    few = [cost(client, address) for address in addresses(version, record)]
    for number in range(3):
        world.deployed(world.request(world.release(version, world.version(f"part-{number}"))))
    assert [cost(client, address) for address in addresses(version, record)] == few
    assert max(few) <= 16


@pytest.mark.browser
def test_axe_finds_nothing_on_the_pages_of_lineage(shared_world, sign_in):
    """One world for both sizes and both themes: to make one costs more than to look at it."""
    version, record = trained(shared_world)
    release = shared_world.release(version, shared_world.version())
    shared_world.deployed(shared_world.request(release))
    _, graph, environment = addresses(version, record)
    for size, theme in product((DESKTOP, PHONE), ("light", "dark")):
        page = sign_in("vera", size)
        page.emulate_media(color_scheme=theme)
        for address in (graph, environment):
            page.goto(address)
            assert axe_violations(page) == [], address
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{address} is wider than the screen"
        page.goto(graph)
        link = page.locator(".gh-node a").first
        link.focus()
        expect(link).to_be_focused()
        assert page.locator(".gh-lineage-curves").is_visible() is (size == DESKTOP)
        assert page.locator(".gh-node").first.is_visible()
    page.goto(f"/model-versions/{record.pk}/")
    assert axe_violations(page) == []
