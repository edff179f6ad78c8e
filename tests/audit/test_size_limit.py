"""Entries of the largest size that a tile's bundle can say, all the way through the log and out again."""

import json

import psycopg
import pytest

from audit.completeness.verification import verify_log
from audit.exporting.export import Wanted, export
from audit.itself import the_watcher
from audit.verify import gatehouse_verify as verifier
from tests.support.log import connected, rows, sequence

pytestmark = pytest.mark.django_db(transaction=True)

LARGEST = 65_535
FULL_BUNDLE = 256
INSERT = "INSERT INTO audit_event (stream, body) VALUES (%s, %s)"


def body(filler):
    return json.dumps(
        {"actor": {"id": "usr_1"}, "data": {"text": filler}, "type": "tests.plain"},
        sort_keys=True, separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip


@pytest.fixture
def insert():
    """Insert an event whose entry has so many bytes, each into a stream of its own."""
    with connected("app") as app:
        app.execute(INSERT, ["thing/000", body("")])
        ((envelope,),) = rows("SELECT octet_length(entry) FROM audit_event")

        def of(number, size, letter="x"):
            room = size - envelope
            filler = letter * (room // len(letter.encode()))
            filler += "x" * (room - len(filler.encode()))
            app.execute(INSERT, [f"thing/{number:03d}", body(filler)])

        yield of


def test_one_byte_more_is_refused_by_the_database(insert):
    insert(1, LARGEST)
    with pytest.raises(psycopg.errors.CheckViolation, match="audit_entry_fits_a_tile"):
        insert(2, LARGEST + 1)
    assert rows("SELECT max(octet_length(entry)) FROM audit_event") == [(LARGEST,)]


def test_a_bundle_of_the_largest_entries_is_sealed_signed_verified_and_exported(
    signing, insert, settings
):
    for number in range(1, FULL_BUNDLE):
        insert(number, LARGEST, "é" if number % 2 else "🚀")
    sequence()
    assert signing.sign()
    settings.LOG_ROOT = signing.root
    (signing.root / "log.vkey").write_text(f"{signing.key.verifier}\n")
    report = verifier.verify(str(signing.root), verifier.Trust([], None, None, None))
    assert report.status(strict=False) == verifier.VERIFIED, report.all_findings()
    assert verify_log().findings == []
    lines = b"".join(export(Wanted(), by=the_watcher())).splitlines()
    assert sum(len(line) > LARGEST for line in lines) == FULL_BUNDLE - 1
