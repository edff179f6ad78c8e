from pathlib import Path

import axe_playwright_python
import pytest

from tests.frontend import gallery

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))


@pytest.fixture(scope="session")
def axe_source():
    return AXE.read_text("utf-8")


@pytest.fixture(scope="module")
def address():
    with gallery.served() as url:
        yield url


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
