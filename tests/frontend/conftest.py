import shutil
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import sync_playwright

from tests.frontend import gallery

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))


@pytest.fixture(scope="session")
def axe_source():
    return AXE.read_text("utf-8")


@pytest.fixture(scope="module")
def address():
    with gallery.served() as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    path = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if path is None:
        pytest.skip("No Chromium on this machine: install it (Debian: apt-get install chromium).")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def complaints():
    """What the browser's console said: policy violations, errors."""
    return []


@pytest.fixture
def page(browser, complaints):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
