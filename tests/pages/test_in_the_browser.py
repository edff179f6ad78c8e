"""The approver's steps in Chromium: the page says what to do, axe finds nothing, it follows by itself."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from deployments.actions.attest import attest
from deployments.carry_out import carry_out
from releases.actions.open_access_review import open_access_review
from releases.models import ChangeRequest
from tests import factories
from tests.support.browser import axe_violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def sign_in(page, live_server):
    """Open a page as one of the cast, without the sign-in form."""

    def signed_in(username, size=DESKTOP):
        client = Client()
        client.force_login(factories.person(username))
        cookie = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.set_viewport_size(size)
        return page

    return signed_in


@pytest.fixture
def waiting(shared_world):
    running = shared_world.deployed()
    assert running.state == "deployed"
    return shared_world.request()


def open_request(page, change_request):
    page.goto(f"/change-requests/{change_request.label}/")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_auditors(size, theme, shared_world, waiting, sign_in):
    review = open_access_review(
        shared_world.project, owner=factories.person("oskar"), by=factories.admin()
    )
    page = sign_in("oskar", size)
    page.emulate_media(color_scheme=theme)
    for address in [
        "/audit/compliance/",
        "/audit/compliance/soc2/CC8.1/",
        "/audit/compliance/soc2/CC6.4/",
        "/audit/compliance/iso27001/A.5.3/",
        "/access-reviews/",
        "/projects/payments/access/",
        f"/access-reviews/{review.pk}/",
    ]:
        page.goto(address)
        assert axe_violations(page) == [], address


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_a_project(size, theme, shared_world, waiting, sign_in):
    shared_world.rejected(shared_world.request())
    version = waiting.release.items.get().artifact_version_id
    page = sign_in("priya", size)
    page.emulate_media(color_scheme=theme)
    for address in [
        "/",
        "/projects/",
        "/projects/payments/",
        "/projects/payments/change-requests/",
        "/projects/payments/change-requests/new/",
        "/projects/payments/releases/",
        f"/projects/payments/releases/{waiting.release.version}/",
        "/projects/payments/new-release/",
        "/projects/payments/artifacts/",
        f"/artifact-versions/{version}/",
        "/projects/payments/environments/staging/",
        f"/change-requests/{waiting.label}/",
        "/search/?q=2026",
    ]:
        page.goto(address)
        assert axe_violations(page) == [], address
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{address} is wider than the screen"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_somebody_approves_from_the_inbox(size, shared_world, waiting, sign_in):
    shared_world.signed(waiting, "tom")
    page = sign_in("sofia", size)
    page.goto("/")
    page.get_by_role("link", name=re.compile("Review")).click()
    expect(page.get_by_role("heading", name="Your decision")).to_be_visible()
    page.get_by_label("Comment").fill("Read the diff.")
    assert axe_violations(page) == []
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("every rule is met")).to_be_visible()
    expect(page.get_by_text("Read the diff.").first).to_be_visible()
    assert axe_violations(page) == []
    waiting.refresh_from_db()
    assert waiting.state == "queued"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_rejection_asks_for_its_reason_and_then_is_final(size, waiting, sign_in):
    page = sign_in("sofia", size)
    open_request(page, waiting)
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    assert axe_violations(page) == []
    page.get_by_label("Comment").fill("Not before the audit.")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_text("Sofia Marino rejected it")).to_be_visible()
    assert axe_violations(page) == []
    assert ChangeRequest.objects.get(pk=waiting.pk).state == "rejected"


def test_the_page_follows_the_deployment_without_being_loaded_again(shared_world, waiting, sign_in):
    page = sign_in("sofia")
    open_request(page, waiting)
    page.get_by_label("Comment").fill("half a sen")
    shared_world.signed(waiting, "tom")
    expect(page.get_by_text("Tom Becker approved").first).to_be_visible(timeout=15_000)
    expect(page.get_by_label("Comment")).to_have_value("half a sen")
    shared_world.signed(waiting, "sofia")
    carry_out(waiting.number, worker="celery@one")
    expect(page.get_by_role("heading", name="Deployment")).to_be_visible(timeout=15_000)
    expect(page.locator("#cr-state")).to_contain_text("Deploying")
    deployment = waiting.deployments.get()
    attest(deployment.pk, result="succeeded", comment="", by=shared_world.omar)
    expect(page.locator("#cr-state")).to_contain_text("Deployed", timeout=15_000)
    expect(page.locator("#cr-decision")).to_contain_text("Nothing to decide any more")
    expect(page.locator("#cr-live")).not_to_have_attribute("hx-trigger", re.compile("."))
    assert axe_violations(page) == []


def test_the_keyboard_alone_is_enough_to_sign(waiting, sign_in):
    page = sign_in("sofia")
    open_request(page, waiting)
    page.get_by_label("Comment").focus()
    page.keyboard.type("By hand.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Others have to sign as well.")).to_be_visible()


def test_a_filter_changes_the_list_in_place(shared_world, waiting, sign_in):
    page = sign_in("sofia")
    page.goto("/projects/payments/change-requests/")
    expect(page.get_by_role("heading", level=2)).to_have_count(2)
    page.get_by_label("State").select_option("awaiting_approval")
    expect(page.get_by_role("heading", level=2)).to_have_count(1)
    expect(page).to_have_url(re.compile("state=awaiting_approval"))
