from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from portal.api.parsers import MAX_BYTES, loads
from portal.api.renderers import dumps

PROJECTS = "/api/v1/projects/"


def send(api, raw):
    return api.generic("POST", PROJECTS, raw, content_type="application/json")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "line 1, column"),
        (b'{"slug": "a", "slug": "b"}', "twice"),
        (b'{"slug": NaN}', "NaN"),
        (b'{"slug": Infinity}', "Infinity"),
        (b'{"slug": -Infinity}', "-Infinity"),
        (b'{"slug": 1e999}', "too large"),
        (b'{"slug": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"slug": "a\\u0000b"}', "NUL"),
        (b'{"a\\u0000b": 1}', "NUL"),
        (b'[[["a\\u0000b"]]]', "NUL"),
        (b'{"slug": "\\ud800"}', "half a character"),
        (b'{"slug": "\xff"}', "UTF-8"),
        (b"[" * 60 + b"]" * 60, "levels deep"),
        (b"[" * 100_000, "levels deep"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "levels deep"),
        ("\ufeff{}".encode(), "not JSON"),
    ],
)
def test_a_body_that_is_not_plain_json_is_refused_with_a_sentence(api, raw, said):
    answer = send(api, raw)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_a_body_of_more_than_two_megabytes_is_413(api):
    answer = send(api, b'{"slug": "' + b"x" * MAX_BYTES + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_another_encoding_is_not_guessed(api):
    answer = send(api, '{"slug": "é"}'.encode("latin-1"))
    assert answer.status_code == 400


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner
        )
    ),
)


@given(JSON)
def test_what_is_written_is_what_is_read(value):
    assert loads(dumps(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_parse_error(raw):
    with suppress(ParseError):
        loads(raw)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Upper"),
        ("slug", "x" * 64),
        ("slug", 12),
        ("slug", None),
        ("slug", ""),
        ("name", ["a"]),
        ("name", "x" * 101),
        ("name", True),
        ("risk_tier", "awful"),
        ("risk_tier", 1),
        ("description", "x" * 2001),
        ("owner", "me"),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, field, value):
    body = {"slug": "new", "name": "New", "risk_tier": "low"} | {field: value}
    answer = world.as_("admin").post(PROJECTS, body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert answer.json()["detail"].startswith(f"{field}: ")


def test_all_fields_at_fault_are_named_at_once(world):
    answer = world.as_("admin").post(PROJECTS, {"slug": 1, "extra": 2})
    assert answer.json()["errors"].keys() == {"slug", "extra", "name", "risk_tier"}


@pytest.mark.parametrize("address", ["/accounts/login/", "/api/v1/schema/", "/api/v1/teams/"])
def test_a_body_larger_than_any_form_or_call_takes_is_refused_unread(client, settings, address):
    settings.EVIDENCE_MAX_BYTES = 1000
    answer = client.post(address, {"file": BytesIO(b"x" * 3_200_000)})
    assert answer.status_code == 413
    kind = "application/problem+json" if address.startswith("/api/") else "text/html"
    assert answer["Content-Type"].startswith(kind)
    assert ("a report may have up to 1000" in answer.content.decode()) is (kind == "text/html")
