import re
from pathlib import Path

import pytest

from catalog.templatetags.looks import LOOKS, UNKNOWN_ICON
from tests.frontend.vendor_files import VENDOR

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
ALL = sorted(TEMPLATES.rglob("*.html"))
SYMBOLS = set(
    re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler-icons" / "sprite.svg").read_text("utf-8"))
)


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_holds_nothing_that_the_policy_forbids(path):
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=", text), "inline style"
    assert not re.search(r"\son[a-z]+=", text), "inline handler"
    assert not re.search(r"<style|javascript:|hx-on|\bjs:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "inline script"
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), "something from another host"


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_icon_a_template_draws_is_in_the_sprite(path):
    named = set(re.findall(r'{% icon "([^"]+)"', path.read_text("utf-8")))
    named |= set(re.findall(r'\bicon="([^"]+)"', path.read_text("utf-8")))
    assert named <= SYMBOLS


def test_every_state_has_an_icon_of_the_sprite_and_words():
    assert {look.icon for look in LOOKS.values()} | {UNKNOWN_ICON} <= SYMBOLS
    assert all(look.label for look in LOOKS.values())


@pytest.mark.parametrize(
    "path", sorted((TEMPLATES / "components").glob("*.html")), ids=lambda path: path.name
)
def test_a_component_says_at_its_top_what_it_takes(path):
    assert re.match(r"{# .*(?:Needs|Takes): ", path.read_text("utf-8"))


def test_states_that_differ_in_meaning_differ_without_colour():
    for one, other in (
        ("failed", "errored"),
        ("rejected", "expired"),
        ("fail", "error"),
        ("approved", "deployed"),
    ):
        assert LOOKS[one].icon != LOOKS[other].icon
        assert LOOKS[one].label != LOOKS[other].label
