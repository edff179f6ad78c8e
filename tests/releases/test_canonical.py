"""One document, one byte string."""

import datetime as dt
import json
import uuid
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from releases.canonical import DEEPEST, LARGEST_INTEGER, NotCanonical, canonical_bytes, digest_of

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner)
    ),
    max_leaves=30,
)


@given(documents)
def test_the_bytes_are_those_of_rfc_8785(document):
    assert canonical_bytes(document) == rfc8785.dumps(document)


@given(documents)
def test_reading_and_writing_again_gives_the_same_bytes(document):
    once = canonical_bytes(document)
    assert canonical_bytes(json.loads(once)) == once


@given(st.dictionaries(st.text(st.characters(max_codepoint=127)), st.integers(0, 9)), st.randoms())
def test_the_order_of_names_does_not_matter(document, random):
    names = list(document)
    random.shuffle(names)
    assert digest_of({name: document[name] for name in names}) == digest_of(document)


def test_the_digest_is_a_known_one():
    assert canonical_bytes({"b": [1, None, True], "a": "é\n\x7f"}) == (
        '{"a":"é\\n\x7f","b":[1,null,true]}'.encode()
    )
    assert digest_of({}) == (
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (1.5, "$"),
        ({"a": [1, 2.0]}, "$.a[1]"),
        ({"a": {"b": float("nan")}}, "$.a.b"),
        (LARGEST_INTEGER + 1, "$"),
        ([-LARGEST_INTEGER - 1], "$[0]"),
        ({"é": 1}, "$"),
        ({"a": {1: 2}}, "$.a"),
        ({"a": "\ud800"}, "$.a"),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "$"),
        (uuid.UUID(int=1), "$"),
        (Decimal(1), "$"),
        ((1, 2), "$"),
        ({1, 2}, "$"),
        (b"bytes", "$"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused_with_its_path(value, path):
    with pytest.raises(NotCanonical) as refused:
        canonical_bytes(value)
    assert refused.value.path == path
    assert str(refused.value).startswith(f"{path}: ")
    assert refused.value.sentence.endswith(".")


def test_the_largest_integers_are_kept():
    assert canonical_bytes([LARGEST_INTEGER, -LARGEST_INTEGER]) == (
        b"[9007199254740991,-9007199254740991]"
    )


def test_a_document_has_a_limited_depth():
    document = []
    for _ in range(DEEPEST):
        document = [document]
    assert canonical_bytes(document)
    with pytest.raises(NotCanonical, match="nested"):
        canonical_bytes([document])
    endless = []
    endless.append(endless)
    with pytest.raises(NotCanonical, match="nested"):
        canonical_bytes(endless)
