"""Finding events by the words that people read, whether they are in the index or not."""

import pytest
from django.db import transaction

from audit.log import found_within, page_of
from audit.models import Event
from audit.reach import Reach
from audit.record import record
from audit.search import found as module
from audit.search.indexing import index_more
from audit.search.models import Words, WordsCursor
from tests import factories
from tests.audit.conftest import Happened, Somebody, Thing
from tests.support.log import connected, rows, sequence
from tests.support.unguarded import unguarded

EVERYTHING = Reach(whole=True, projects=())

pytestmark = pytest.mark.django_db(transaction=True)


def search(text, reach=EVERYTHING, **more):
    found = found_within(reach, {"text": text, **more})
    return [event.stream for event in page_of(found.parts, oldest_first=True).events]


def happen(number=1, project="payments", by=None, **data):
    with transaction.atomic():
        return record(Happened.PLAIN, subject=Thing(number, project), by=by or Somebody(), **data)


@pytest.fixture(params=["indexed", "not yet indexed", "not yet sealed"])
def told(request, event_names):
    """Three things; what is found does not depend on how far the index has come."""
    happen(1, label="payments-api 3.1.0", digest=f"sha256:{'ab' * 32}")
    happen(2, project="credit", count=4711, nested={"list": ["deep", {"er": "Deepest"}]})
    happen(3, what="Café naïve")
    if request.param != "not yet sealed":
        sequence()
    if request.param == "indexed":
        assert index_more() == 3


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("3.1.0", [1]),
        ("payments-a", [1]),
        ("api", [1]),
        ("sha256:abab", [1]),
        ("ab" * 32, [1]),
        ("4711", [2]),
        ("deepest", [2]),
        ("credit", [2]),
        ("thing/2", [2]),
        ("naïve", [3]),
        ("did it", [1, 2, 3]),
        ("did -credit", [1, 3]),
        ("did nothing", []),
        ("usr_5ab1e", [1, 2, 3]),
        ("tests.plain", [1, 2, 3]),
    ],
    ids=str,
)
def test_an_event_is_found_by_what_its_entry_says(told, typed, numbers):
    assert search(typed) == [f"thing/{number}" for number in numbers]


def test_a_search_stays_within_ones_reach(told):
    assert search("did", Reach(whole=False, projects=("credit",))) == ["thing/2"]
    assert search("did", Reach(whole=False, projects=())) == []


def test_an_event_is_found_by_its_uid_and_its_leaf_hash(told):
    event = Event.objects.get(stream="thing/2")
    assert search(str(event.uid)) == ["thing/2"]
    assert search(bytes(event.leaf_hash).hex()[:20]) == ["thing/2"]


def test_the_name_of_a_person_leads_to_what_they_did_and_what_was_done_to_them(event_names):
    dana = factories.person("dana")
    happen(1, by=dana)
    happen(2, account=dana.pseudonym)
    happen(3)
    for typed in ("dana", dana.full_name, dana.full_name.split()[-1][:4], f"{dana.full_name} did"):
        assert [s for s in search(typed) if s.startswith("thing")] == ["thing/1", "thing/2"]


def test_names_and_free_text_are_not_in_the_index(event_names):
    with transaction.atomic():
        record(
            Happened.NAMED,
            subject=Thing(),
            by=Somebody(),
            private={"person": "Secretius", "what": "confidential"},
        )
    sequence()
    index_more()
    [words] = Words.objects.values_list("words", flat=True)
    assert "secret" not in words
    assert "confidential" not in words
    assert "priya" not in words
    assert search("confidential") == []


def test_the_index_is_filled_in_batches_and_goes_on_where_it_was(event_names):
    for number in range(7):
        happen(number)
    sequence()
    assert [index_more(3) for _ in range(4)] == [3, 3, 1, 0]
    assert Words.objects.count() == 7


def test_the_index_begins_again_with_a_new_log_and_keeps_what_it_has(event_names):
    happen(1)
    sequence()
    index_more()
    WordsCursor.objects.update(origin="another log")
    assert search("did") == ["thing/1"]
    assert index_more() == 1
    assert Words.objects.count() == 1


def test_a_leaf_of_no_event_does_not_keep_the_others_out_of_the_index(event_names):
    for number in range(3):
        happen(number)
    sequence()
    with connected("postgres") as superuser, unguarded(superuser, "audit_leaf"):
        superuser.execute("UPDATE audit_leaf SET event_id = 4711 WHERE idx = 1")
    assert index_more() == 3
    assert Words.objects.count() == 2
    happen(4)
    sequence()
    assert index_more() == 1
    assert search("thing/4") == ["thing/4"]


def test_who_finds_somebody_else_indexing_leaves_it_to_them(event_names):
    happen(1)
    sequence()
    with connected("app") as other, other.transaction():
        other.execute("SELECT FROM audit_wordscursor FOR UPDATE")
        assert index_more() == 0


def test_what_cannot_all_be_looked_at_is_said(event_names, monkeypatch):
    for number in range(4):
        happen(number)
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    found = found_within(EVERYTHING, {"text": "did"})
    assert found.overlooked
    assert len(page_of(found.parts).events) == 3


def test_a_rare_word_is_found_by_the_index(event_names):
    with connected("postgres") as superuser, unguarded(superuser, "audit_words"):
        superuser.execute(
            "INSERT INTO audit_words SELECT n, array_to_tsvector(ARRAY['common', 'w' || n])"
            " FROM generate_series(1000, 30000) n"
        )
    rows("ANALYZE audit_words")
    plan = rows("EXPLAIN SELECT event_id FROM audit_words WHERE words @@ '''w29999'':*'::tsquery")
    assert "audit_by_words" in str(plan)
