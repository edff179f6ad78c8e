"""Headless Chromium, driven by Playwright; the browser is Debian's, never a downloaded one."""

import shutil
from pathlib import Path

import axe_playwright_python
import pytest

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",  # root in a container cannot have Chromium's own sandbox
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-proxy-server",
]
_AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
_RUN_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    v => `${v.id}: ${v.help} (${v.nodes.map(n => n.target.join(" ")).join(" | ")})`)"""


def executable() -> str:
    """The browser's path; skips the test when there is none."""
    found = next(filter(None, map(shutil.which, CANDIDATES)), None)
    if found is None:
        pytest.skip("no Chromium here; install it with: apt-get install chromium")
    return found


def axe_violations(page) -> list[str]:
    """What axe finds wrong with the page as it is now, one sentence each."""
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    return page.evaluate(_RUN_AXE)
