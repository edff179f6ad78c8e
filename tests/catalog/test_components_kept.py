"""A component's HTML is kept by what it shows, and by nothing less."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.template import engines
from django.utils.safestring import SafeString, mark_safe

from catalog.templatetags import components
from catalog.templatetags.components import NotKept, identity_of

BADGE = '{% include "components/badge.html" with label=label tone="good" icon="check" only %}'


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(components, "_drawn", {})


def drawn(source, **values):
    return engines["django"].from_string(source).render(values)


def test_the_same_values_are_drawn_once():
    drawn(BADGE, label="Met")
    [key] = components._drawn
    components._drawn[key] = SafeString("what was kept")
    assert drawn(BADGE, label="Met") == "what was kept"


def test_other_values_are_drawn_anew():
    assert "Met" in drawn(BADGE, label="Met")
    assert "Waiting" in drawn(BADGE, label="Waiting")


def test_what_was_safe_once_does_not_make_the_same_text_safe():
    assert "<b>x</b>" in drawn(BADGE, label=mark_safe("<b>x</b>"))
    assert "&lt;b&gt;x&lt;/b&gt;" in drawn(BADGE, label="<b>x</b>")


def test_one_and_true_are_two_values():
    assert list(identity_of(1)) != list(identity_of(value=True))
    assert list(identity_of("x")) != list(identity_of(SafeString("x")))


def test_what_may_change_is_never_a_key():
    @dataclass
    class Changeable:
        name: str = "x"

    for value in ([], {}, Changeable(), object()):
        with pytest.raises(NotKept):
            list(identity_of(value))


def test_a_row_is_known_by_all_its_fields():
    @dataclass(frozen=True)
    class Row:
        name: str
        when: datetime

    when = datetime(2026, 11, 23, tzinfo=UTC)
    assert list(identity_of(Row("x", when))) == list(identity_of(Row("x", when)))
    assert list(identity_of(Row("x", when))) != list(identity_of(Row(SafeString("x"), when)))


def test_a_process_keeps_a_bounded_number_of_them(monkeypatch):
    monkeypatch.setattr(components, "MOST", 3)
    for number in range(10):
        drawn(BADGE, label=f"number {number}")
    assert len(components._drawn) <= 3
