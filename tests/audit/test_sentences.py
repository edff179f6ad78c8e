"""What people read: every event has its sentence, every sentence its words, erased or not."""

import re

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from audit.models import Disclosure, Event
from audit.names import EventName
from audit.record import record
from audit.sentences import sentence_of, sentence_templates, with_sentences
from tests.audit.conftest import Happened, Somebody, Thing
from tests.support.removal import say_pruned

LISTS = [import_string(path) for path in settings.AUDIT_EVENTS]
NAMES = [name for names in LISTS for name in names]


@pytest.mark.parametrize("names", LISTS, ids=lambda names: names.__name__)
def test_every_list_is_one_of_event_names_of_its_own_app(names):
    assert issubclass(names, EventName)
    app = names.__module__.partition(".")[0]
    assert all(re.fullmatch(rf"{app}\.[a-z]+(_[a-z]+)*", str(name)) for name in names)


def test_no_name_is_in_two_lists():
    assert len(NAMES) == len(set(map(str, NAMES))) == len(sentence_templates())


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_every_event_has_a_sentence(name):
    words = {word: f"<{word}>" for word in name.words}
    sentence = name.sentence.format_map(words)
    assert sentence[0].isupper() or sentence[0] == "<"
    assert sentence.rstrip()[-1] in ".>:"
    assert set(re.findall(r"<(\w+)>", sentence)) == name.words
    assert sentence_templates()[str(name)] == name.sentence


def test_the_words_of_a_sentence_are_its_placeholders():
    assert Happened.NAMED.words == {"actor", "person", "what", "object", "project"}


@pytest.mark.django_db
def test_an_event_that_was_recorded_without_a_word_of_its_sentence_is_complained_of():
    with pytest.warns(UserWarning, match=r"tests.named was recorded without \['person'\]"):
        record(Happened.NAMED, subject=Thing(), by=Somebody(), what="x")
    assert Event.objects.count() == 1  # the deed itself is not stopped


@pytest.fixture
def named(db, event_names):
    record(
        Happened.NAMED,
        subject=Thing(),
        by=Somebody(),
        private={"person": "Tom {what} Becker"},
        what="courage",
    )
    return Event.objects.get()


def test_the_sentence_has_the_names_that_are_disclosed(named):
    (event,) = with_sentences([named])
    assert event.sentence == (
        "Priya Raman named Tom {what} Becker for courage in thing 1 of payments."
    )
    assert event.actor_name == "Priya Raman"
    assert event.disclosed["person"] == "Tom {what} Becker"


def test_an_erased_name_leaves_the_sentence_readable(named):
    Disclosure.objects.all().delete()
    say_pruned()
    (event,) = with_sentences([named])
    assert event.sentence == "(erased) named (erased) for courage in thing 1 of payments."
    assert event.actor_name == "(erased)"


def test_an_event_of_a_later_version_reads_as_its_name(named):
    named.facts["type"] = "tests.unheard_of"
    assert sentence_of(named, {}) == "tests.unheard_of (thing/1)"


@pytest.mark.django_db
def test_many_events_take_one_query_for_their_names(django_assert_num_queries, event_names):
    for _ in range(20):
        record(Happened.PLAIN, subject=Thing(), by=Somebody())
    events = list(Event.objects.in_log_order())
    with django_assert_num_queries(1):
        listed = with_sentences(events)
    assert {event.sentence for event in listed} == {"Priya Raman did it."}
