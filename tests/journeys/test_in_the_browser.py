"""The approver's five minutes in Chromium: sign in, find, read, approve, watch it arrive."""

import re

import pytest
from playwright.sync_api import expect

from catalog.models import User
from tests.factories import PASSWORD
from tests.journeys.firm import Firm
from tests.support.browser import axe_violations

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def firm(live_server, live_worker, sandbox_cluster):
    firm = Firm(live_server.url, sandbox_cluster.url)
    yield firm.found()
    firm.close()


def sign_in(page, username):
    account = User.objects.get(username=username)
    account.set_password(PASSWORD)
    account.save(update_fields=["password"])
    page.goto("/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")


@pytest.mark.parametrize("width", [1440, 390])
def test_an_approver_finds_reads_signs_and_watches_it_arrive(firm, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    release = firm.release("1.0.0")
    firm.bind()
    number = firm.ask(release, "staging")["number"]
    firm.sign(number, "tom")

    sign_in(page, "sofia")
    expect(page.get_by_role("heading", level=1)).to_have_text("What waits for you")
    assert axe_violations(page) == []
    page.get_by_role("link", name=re.compile("Review")).first.click()

    expect(page).to_have_url(re.compile(f"/change-requests/(CR-)?{number}/"))
    expect(page.get_by_text("payments-api", exact=False).first).to_be_visible()
    expect(page.get_by_text("All tests passed").first).to_be_visible()
    assert axe_violations(page) == []

    page.locator("textarea[name=comment]:visible").first.fill("The scan is clean.")
    page.get_by_role("button", name="Approve").click()
    # Nobody reloads: the page follows the carry-out by itself.
    expect(page.get_by_text(re.compile("^Deployed$")).first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("The scan is clean.").first).to_be_visible()
    assert axe_violations(page) == []
    assert firm.running("payments-staging") == {image["digest"] for image in release["images"]}


def test_an_author_is_told_before_trying(firm, page):
    release = firm.release("1.0.0")
    firm.bind()
    number = firm.ask(release, "staging")["number"]
    sign_in(page, "dana")
    page.goto(f"/change-requests/CR-{number}/")
    expect(page.get_by_text(re.compile("wrote a commit")).first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
