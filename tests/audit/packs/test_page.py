"""The pack's page in Chromium, opened from disk: it reads and verifies without a network."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import axe_violations

pytestmark = [pytest.mark.browser]


@pytest.fixture
def opened(browser):
    """Open a page from disk; a request to anywhere else, a script error or a refusal fails the test."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on(
        "request",
        lambda request: None if request.url.startswith("file:") else complaints.append(request.url),
    )

    def open_page(folder):
        page.goto((folder / "index.html").as_uri())
        return page

    yield open_page
    context.close()
    assert complaints == []


def verdict(page):
    shown = page.locator("#verdict")
    expect(shown).not_to_contain_text("Checking")
    return shown.inner_text()


def test_it_shows_the_samples_and_the_counts(folder, opened):
    page = opened(folder)
    assert "Project payments" in page.locator("#sentence").inner_text()
    assert page.locator("#samples > details").count() == 3
    page.locator("#samples > details").first.locator("summary").first.click()
    assert "Priya Raman asked to put" in page.locator("#samples").inner_text()
    assert "equal" in page.locator("#compared").inner_text()
    assert "entries were there on 20" in page.locator("#log").inner_text()


def test_it_verifies_signature_proofs_and_names(folder, opened):
    page = opened(folder)
    page.locator("#verify").click()
    said = verdict(page)
    assert "Verified, as far as this page can." in said
    assert "entries are in the log, byte for byte" in said


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (r"\"outcome\":\"success\"", r"\"outcome\":\"failure\"", "is not in the log"),
        ('"Sofia Marino"', '"Olga Petrova"', "is not what was committed to"),
        ("log.example/gatehouse\\n", "log.example/gatehousf\\n", "wrong"),
    ],
)
def test_it_finds_what_was_changed(folder, opened, before, after, why):
    path = folder / "index.html"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    page = opened(folder)
    page.locator("#verify").click()
    said = verdict(page)
    assert "Something is wrong" in said
    assert why in said


def test_it_checks_the_folder_against_its_manifest(folder, opened):
    page = opened(folder)
    page.set_input_files("#folder", folder)
    said = verdict(page)
    assert "Verified, as far as this page can." in said
    assert "files are as the manifest says" in said


def test_it_finds_a_changed_file_in_the_folder(folder, opened):
    (folder / "samples/CR-1/summary.txt").write_text("All is well.\n")
    page = opened(folder)
    page.set_input_files("#folder", folder)
    assert "samples/CR-1/summary.txt is not as the manifest says" in verdict(page)


def test_axe_finds_nothing(folder, opened):
    page = opened(folder)
    page.locator("#samples > details").first.locator("summary").first.click()
    assert axe_violations(page) == []
