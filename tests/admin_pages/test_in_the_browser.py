"""The pages in Chromium: axe finds nothing at both widths in both themes, nothing scrolls sideways, and
what needs the browser works: dialogs, filters in place, suggestions, the token that can be copied."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from audit.models import Event
from audit.streaming.actions.create import create_destination
from audit.streaming.models import DeadLetter, Destination
from audit.streaming.wanted import Wanted
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.erase_person import erase_person
from catalog.actions.place_hold import place_hold
from catalog.actions.request_erasure import request_erasure
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import ApiToken, Membership
from releases.models import Policy
from tests import factories
from tests.admin_pages.test_every_page import addresses as every_page
from tests.support.browser import axe_violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def signed_in(page, live_server, client):
    """The page of a browser in which somebody of the cast is signed in."""

    def as_(username):
        person = factories.admin() if username == "admin" else factories.person(username)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return page

    return as_


def addresses():
    yield from every_page()
    signed = Event.objects.filter(type="catalog.membership_given").last()
    yield reverse("audit:event", args=[signed.pk])
    yield reverse("audit:events") + "?text=role&order=log&since=2020-01-01"
    yield reverse("audit:events") + "?person=nobody"
    yield reverse("releases:compare-policy", args=["standard"]) + "?old=1&new=2"
    yield from destinations()
    yield from personal_data()


def destinations():
    """A destination that refused something, another that is set up, and where they are listed."""
    wanted = Wanted(name="siem", kind="file", file_name="audit.jsonl")
    one = create_destination(wanted, by=factories.admin()).pk
    Destination.objects.filter(pk=one).update(next_index=9)
    DeadLetter.objects.create(
        destination_id=one, origin="", index=7, event_type="tests.plain", reason="No.", tries=3
    )
    yield reverse("audit:destinations")
    yield reverse("audit:destination", args=[one])
    yield reverse("audit:destination-change", args=[one])
    yield reverse("audit:destination-new", args=["webhook"])
    yield reverse("audit:destination-new", args=["syslog"])


def personal_data():
    """An erasure that was carried out, one that waits for a second person, and a hold."""
    admin, vera = factories.admin(), factories.person("vera")
    vera = set_portal_permissions(vera, permissions=["manage_privacy"], by=admin)
    done = request_erasure(factories.person("jonas"), basis="not_needed", by=vera)
    confirm_erasure(done.pk, by=admin)
    erase_person(done.pk)
    asked = request_erasure(factories.person("petra"), basis="objected", by=vera)
    place_hold(kind="project", about="payments", reason="Matter 12/26.", by=vera)
    yield reverse("catalog:privacy")
    yield reverse("catalog:erasure", args=[done.pk])
    yield reverse("catalog:erasure", args=[asked.pk])


# Contrast does not depend on the width, nor what fits on the colours.
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_page_is_accessible_and_fits(furnished, signed_in, width, theme):
    page = signed_in("admin")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    found = {}
    for address in addresses():
        page.goto(address)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        wrong = axe_violations(page) + (["scrolls sideways"] if wide > 0 else [])
        if wrong:
            found[address] = wrong
    assert found == {}


def test_a_role_is_ended_after_the_dialog_asked(furnished, signed_in):
    tom = Membership.objects.get(user__username="tom", project=furnished)
    page = signed_in("oskar")
    page.goto(reverse("catalog:project-members", args=["payments"]))
    page.get_by_role("row", name="Tom Becker").get_by_role("button", name="End").click()
    dialog = page.get_by_role("dialog", name="End Developer of Tom Becker?")
    assert axe_violations(page) == []
    dialog.get_by_role("button", name="End").click()
    expect(page.locator("#gh-messages")).to_contain_text(
        "The role Developer of Tom Becker in Payments has ended"
    )
    tom.refresh_from_db()
    assert tom.ended_at


def test_a_person_is_suggested_and_gets_a_role(furnished, signed_in):
    factories.person("olga")
    page = signed_in("oskar")
    page.goto(reverse("catalog:project-members", args=["payments"]))
    field = page.get_by_label("Person or machine")
    suggestions = field.get_attribute("list")
    assert page.locator(f"#{suggestions} option[value=olga]").inner_text() == "Olga Petrova"
    field.fill("olga")
    page.get_by_label("Role", exact=True).select_option(label="Viewer")
    page.get_by_label("staging").check()
    page.get_by_role("button", name="Give the role").click()
    expect(page.get_by_role("row", name="Olga Petrova")).to_contain_text("staging")


def test_a_token_is_issued_and_can_be_copied(furnished, signed_in):
    page = signed_in("tom")
    page.goto(reverse("catalog:my-tokens"))
    page.get_by_label("What it is for").fill("my scripts")
    page.get_by_label("Read", exact=True).check()
    page.get_by_role("button", name="Issue").click()
    shown = page.locator(".gh-token code")
    expect(shown).to_have_text(re.compile(r"gh_[\w-]{43}"))
    assert axe_violations(page) == []
    assert ApiToken.objects.filter(user__username="tom", name="my scripts").exists()
    page.goto(reverse("catalog:my-tokens"))
    expect(shown).to_have_count(0)


def test_a_part_of_the_log_is_sent_again_after_the_dialog_asked(furnished, signed_in):
    [_, address, *_] = destinations()
    page = signed_in("admin")
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(address)
    page.get_by_role("button", name="Send again from…").click()
    dialog = page.get_by_role("dialog", name="Send a part of the log again?")
    assert axe_violations(page) == []
    dialog.get_by_label("From entry").fill("4")
    dialog.get_by_role("button", name="Send again").click()
    expect(page.locator("#gh-messages")).to_contain_text("sent there again from entry 4 on")
    assert Destination.objects.get().next_index == 4


def test_the_log_is_filtered_in_place(furnished, signed_in):
    page = signed_in("audrey")
    page.goto(reverse("audit:events"))
    page.evaluate("document.getElementById('found').dataset.stale = 'yes'")
    page.get_by_label("Words").fill("vera")
    page.get_by_label("Words").press("Tab")
    expect(page.locator("#found:not([data-stale])")).to_contain_text("Vera Novak")
    expect(page.locator("#found .gh-entry")).to_have_count(1)
    page.locator("#found .gh-entry-sentence a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("gave Vera Novak the role viewer")


def test_a_policy_goes_from_its_first_document_into_force(furnished, signed_in):
    page = signed_in("admin")
    page.goto(reverse("releases:new-policy"))
    page.get_by_label("Name").fill("services")
    page.get_by_label("Title").fill("Services")
    page.get_by_role("button", name="Create the policy").click()
    document = page.get_by_role("textbox", name="Document")
    good = document.input_value()
    document.fill(good.replace('"security"]', '"wizard"]'))
    page.get_by_role("button", name="Save as a draft").click()
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text("$.approvals[1].roles[0]")
    expect(refused).to_be_focused()
    assert axe_violations(page) == []
    document.fill(good)
    page.get_by_role("button", name="Save as a draft").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    page.get_by_label("Environment", exact=True).select_option(label="production")
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator("#gh-messages")).to_contain_text(
        "services v1 is in force in Payments production"
    )
    assert Policy.objects.get(name="services").versions.get().activations.count() == 1
