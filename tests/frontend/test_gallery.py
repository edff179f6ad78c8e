import pytest
from playwright.sync_api import expect

from tests.frontend.gallery import PAGES, THEMES, WIDTHS

RUN_AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_fits_and_keeps_the_policy(
    browser, address, axe_source, name, width, theme
):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/{name}/")
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    page.evaluate(axe_source)
    found = page.evaluate(RUN_AXE)
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    context.close()
    assert [(item["id"], node["html"]) for item in found for node in item["nodes"]] == []
    assert wide <= 0, "the page scrolls sideways"
    assert complaints == []


def test_the_theme_goes_from_the_system_over_light_to_dark_and_is_kept(page, address):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}/inbox/")
    root = page.locator("html")
    assert root.get_attribute("data-bs-theme") == "dark"
    page.click("[data-theme-switch]")
    assert root.get_attribute("data-bs-theme") == "light"
    page.reload()
    assert root.get_attribute("data-bs-theme") == "light"
    page.click("[data-theme-switch]")
    assert root.get_attribute("data-bs-theme") == "dark"
    page.click("[data-theme-switch]")
    assert root.get_attribute("data-theme-choice") == "auto"


def test_without_scripts_the_system_chooses_the_theme_and_times_are_in_utc(browser, address):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/inbox/")
    assert page.locator("time").first.inner_text().endswith("UTC")
    page.screenshot()
    assert page.locator(".gh-theme").is_hidden()
    context.close()


def test_times_are_in_the_readers_zone_and_keep_utc_as_title(browser, address):
    context = browser.new_context(timezone_id="Asia/Kolkata", locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/project/")
    shown = page.locator("td time").first
    assert shown.get_attribute("title").endswith("UTC")
    offset = page.evaluate(
        "(text) => new Date(text).toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'short'})",
        shown.get_attribute("datetime"),
    )
    assert shown.inner_text() == offset
    context.close()


def test_a_digest_is_copied_whole(browser, address):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/project/")
    page.locator("[data-copy]").first.click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("sha256:9f86d081884c7d65")
    expect(page.locator("#gh-announcer")).to_have_text("Copied")
    context.close()


def test_a_form_is_sent_once_however_often_it_is_pressed(page, address):
    sent = []
    page.route(
        "**/approve/",
        lambda route: (sent.append(route.request.post_data), route.fulfill(status=204)),
    )
    page.goto(f"{address}/change_request/")
    page.evaluate("""() => {
      const approve = document.querySelector("#decision .btn-success");
      approve.click();
      approve.click();
    }""")
    expect(page.locator("#decision .btn-success")).to_be_disabled()
    page.wait_for_timeout(100)
    assert len(sent) == 1
    assert "statement_digest=sha256" in sent[0]


def test_reject_sends_the_same_form_to_its_own_address(page, address):
    sent = []
    page.route(
        "**/reject/",
        lambda route: (sent.append(route.request.post_data), route.fulfill(status=204)),
    )
    page.goto(f"{address}/change_request/")
    page.fill("#decision textarea", "The retry budget is wrong.")
    page.evaluate("document.querySelector('#decision .btn-outline-danger').click()")
    page.wait_for_timeout(100)
    assert "comment=The+retry+budget+is+wrong." in sent[0]


def test_the_bar_of_a_phone_leads_to_the_decision_and_then_leaves(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/change_request/")
    bar = page.locator(".gh-decision-bar")
    assert bar.is_visible()
    bar.get_by_role("link", name="Decide").click()
    page.wait_for_selector(".gh-decision-bar[data-out]", state="attached")
    assert bar.is_hidden()


def test_a_confirmation_is_a_dialog_that_escape_closes(page, address):
    page.goto(f"{address}/change_request/")
    page.click("[data-dialog=withdraw]")
    assert page.get_by_role("dialog", name="Withdraw CR-12?").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#withdraw").is_hidden()


def test_a_long_table_is_filtered_by_words(page, address):
    page.goto(f"{address}/project/")
    page.get_by_label("Filter releases").fill("marta 4.12")
    assert page.locator("#releases tbody tr:visible").count() == 1
    expect(page.locator("#gh-announcer")).to_have_text("1 shown")


def test_on_a_phone_a_row_of_a_table_is_a_card_whose_values_bear_their_columns_names(
    browser, address
):
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/project/")
    table = page.locator("#releases")
    row = table.locator("tbody tr").first
    cells = row.locator("td, th").all()
    tops = [cell.bounding_box()["y"] for cell in cells]
    label = cells[1].evaluate("cell => getComputedStyle(cell, '::before').content")
    hidden = table.evaluate("it => it.parentElement.scrollWidth - it.parentElement.clientWidth")
    roles = [cell.get_attribute("role") for cell in cells]
    context.close()
    assert tops == sorted(set(tops))
    assert label == '"Content"'
    assert hidden == 0
    assert set(roles) <= {"cell", "rowheader"}


def test_a_refused_form_takes_the_focus_to_what_is_wrong(page, address):
    page.goto(f"{address}/parts/")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"


def test_the_slash_key_goes_to_the_search_and_the_first_tab_to_the_content(page, address):
    page.goto(f"{address}/inbox/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "gh-skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "gh-search-input"


def test_the_menus_work_with_the_keyboard_on_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/inbox/")
    page.get_by_role("button", name="Menu").press("Enter")
    assert page.get_by_role("link", name="Policies").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("link", name="Policies").is_hidden()


def test_a_changed_filter_replaces_its_result_under_the_policy(page, address, complaints):
    page.goto(f"{address}/parts/?q=old")
    page.evaluate("document.getElementById('found').dataset.stale = 'yes'")
    page.select_option("select[name=project]", "payments")
    page.wait_for_selector("#found:not([data-stale])")
    assert page.url.endswith("/parts/?q=approved&project=payments&since=")
    assert page.locator("#found time").inner_text().endswith("M")
    assert complaints == []


def test_an_answer_that_cannot_be_shown_is_said(page, address):
    page.route("**/parts/?*", lambda route: route.fulfill(status=500, body="no"))
    page.goto(f"{address}/parts/")
    page.select_option("select[name=project]", "payments")
    expect(page.locator(".gh-toast")).to_contain_text("The portal answered 500")
