"""What people type, as a question to the index."""

import pytest

from audit.search.words import Term, terms_of, tsquery_of


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("CR-12", ["cr-12"]),
        ("Priya  approved, CR-12!", ["priya", "approved", "cr-12"]),
        ("sha256:AB12…", ["ab12"]),
        ("payments/production", ["payments/production"]),
        ("created the project", ["created", "project"]),
        ("the", ["the"]),
        ("2026.10.1", ["2026.10.1"]),
        ("(x) 'y' \\ & | ! : *", ["x", "y"]),
        ("!!! ---", []),
        ("a b a b", ["b"]),
    ],
    ids=str,
)
def test_words_are_taken_as_people_write_them(typed, words):
    assert [term.word for term in terms_of(typed)] == words


def test_a_hyphen_before_a_word_excludes_it():
    assert terms_of("approved -priya") == [Term("approved"), Term("priya", excluded=True)]


def test_no_more_than_twelve_words_are_looked_for():
    assert len(terms_of(" ".join(f"w{number}" for number in range(100)))) == 12


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed", ["o'neil", "back\\slash", "a'b\\'c", "';drop", "x:*&y", "é", "日本"]
)
def test_whatever_is_typed_is_a_question_and_never_an_error(typed):
    from django.db import connection  # noqa: PLC0415 -- needs Django

    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsquery", [tsquery_of(terms_of(typed))])
        assert cursor.fetchone()
