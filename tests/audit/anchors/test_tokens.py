"""Time stamps of a local authority, made by openssl and checked by both."""

from datetime import UTC, datetime, timedelta

import pytest

from audit.anchors.tokens import AnchorInvalid, StampVerifier, request_for
from tests.audit.anchors.authority import Authority

DATA = b"gatehouse.example.com/log\n5\nAAAA\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def verifier(authority):
    return StampVerifier.of_file(authority.roots)


def test_a_stamp_says_the_time_and_the_authority(authority, verifier):
    request = request_for(DATA)
    stamp = verifier.verify(authority.stamp(request.as_bytes()), DATA, request=request)
    assert abs(stamp.time - datetime.now(UTC)) < timedelta(seconds=30)
    assert "CN=Stamps" in stamp.authority


def test_openssl_finds_the_same(authority):
    response = authority.stamp(request_for(DATA).as_bytes())
    assert authority.verifies(response, DATA)
    assert not authority.verifies(response, DATA + b"x")


def test_a_stamp_over_something_else_does_not_hold(authority, verifier):
    response = authority.stamp(request_for(DATA).as_bytes())
    with pytest.raises(AnchorInvalid, match="does not hold"):
        verifier.verify(response, DATA.replace(b"5", b"6"))


def test_an_old_stamp_is_no_answer_to_a_new_request(authority, verifier):
    old = authority.stamp(request_for(DATA).as_bytes())
    verifier.verify(old, DATA)
    with pytest.raises(AnchorInvalid, match="Nonce"):
        verifier.verify(old, DATA, request=request_for(DATA))


def test_a_stamp_of_another_authority_does_not_hold(verifier, tmp_path):
    other = Authority(tmp_path / "other")
    with pytest.raises(AnchorInvalid):
        verifier.verify(other.stamp(request_for(DATA).as_bytes()), DATA)


def test_a_changed_byte_is_found(authority, verifier):
    response = bytearray(authority.stamp(request_for(DATA).as_bytes()))
    for at in range(60, len(response), 37):
        changed = response.copy()
        changed[at] ^= 1
        try:
            verifier.verify(bytes(changed), DATA)
        except AnchorInvalid:
            continue
        # Whatever is left that may change without harm, the stamp itself must still be whole.
        assert authority.verifies(bytes(changed), DATA)


@pytest.mark.parametrize("response", [b"", b"no DER", b"\x30\x03\x02\x01\x00"], ids=str)
def test_what_is_no_response_is_refused(verifier, response):
    with pytest.raises(AnchorInvalid):
        verifier.verify(response, DATA)


def test_without_a_certificate_nothing_is_believed(tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for file in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(AnchorInvalid, match="certificate"):
            StampVerifier.of_file(file)
    with pytest.raises(AnchorInvalid):
        StampVerifier([])
