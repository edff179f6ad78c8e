from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django import forms
from django.template import Context, Template

from catalog.templatetags import ui

MOMENT = datetime(2026, 11, 3, 9, 5, tzinfo=UTC)


def test_a_short_digest_is_twelve_digits_and_names_its_algorithm():
    digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert ui.short_digest(digest) == "9f86d081884c"
    assert ui.digest_algorithm(digest) == "sha256"
    assert ui.short_digest(None) == ""


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Nwosu", "AN"), ("ci-payments", "CP"), ("Ada", "A"), ("", ""), ("a b c", "AC")],
)
def test_initials_are_first_and_last_word(name, letters):
    assert ui.initials(name) == letters


def test_a_moment_is_shown_and_marked_up_in_utc():
    in_delhi = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert ui.utc_iso(in_delhi) == "2026-11-03T09:05:00Z"
    assert ui.utc_text(in_delhi) == "3 Nov 2026, 09:05 UTC"
    assert ui.utc_iso(MOMENT.replace(tzinfo=None)) == "2026-11-03T09:05:00Z"


def test_a_date_has_no_time_and_nothing_is_empty():
    assert ui.utc_text(date(2026, 11, 3)) == "3 Nov 2026"
    assert ui.utc_iso(date(2026, 11, 3)) == "2026-11-03"
    assert (ui.utc_iso(None), ui.utc_text(None), ui.since(None), ui.duration(None)) == (
        "",
        "",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (134, "2 min 14 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (86400, "1 day"),
        (timedelta(days=9, hours=5), "9 days"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_units(seconds, words):
    assert ui.duration(seconds) == words


def test_how_long_ago_counts_from_now():
    assert ui.since(datetime.now(UTC) - timedelta(days=4, minutes=1)) == "4 days"


def test_an_unknown_state_is_shown_neutrally_by_its_own_name():
    look = ui.look("half_baked")
    assert (look.tone, look.label) == ("neutral", "Half baked")


def test_pips_show_what_is_given_of_what_is_required():
    assert ui.pips(1, 3) == [True, False, False]
    assert ui.pips(["a", "b"], 2) == [True, True]
    assert ui.pips(None, "x") == []


def test_the_same_name_always_has_the_same_hue():
    assert ui.hue("Ada Nwosu") == ui.hue("Ada Nwosu")
    assert {ui.hue(str(number)) for number in range(200)} == set(range(6))


class Sample(forms.Form):
    name = forms.CharField(help_text="Lower case.")
    tier = forms.ChoiceField(choices=[("a", "A")])
    agree = forms.BooleanField()
    scopes = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)
    key = forms.CharField(widget=forms.HiddenInput)


def drawn(form):
    return Template("{% include 'components/fields.html' with form=form only %}").render(
        Context({"form": form})
    )


def test_help_and_error_are_tied_to_the_control():
    html = drawn(Sample({"name": ""}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'href="#id_name"' in html


def test_a_group_of_choices_is_a_fieldset_with_a_legend():
    html = drawn(Sample())
    assert "<fieldset" in html
    assert "<legend" in html
    assert html.count("<label") == 4


def test_an_error_of_a_hidden_field_is_said_too():
    assert "This field is required." in drawn(
        Sample({"name": "x", "tier": "a", "agree": "on", "scopes": ["a"]})
    )


def test_what_people_wrote_is_escaped():
    template = Template("{% load ui %}{% icon name %}")
    assert "<script>" not in template.render(Context({"name": "<script>"}))
