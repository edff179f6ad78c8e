"""The log as one file: byte for byte, in bounded pieces, for who may read it, and never without an event."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from psycopg.errors import DivisionByZero

from audit.exporting import export as exporting
from audit.exporting.export import Format, Wanted, export
from audit.exporting.statements import COLUMNS
from audit.itself import the_watcher
from audit.models import Event
from audit.packs.csv_text import cell
from audit.packs.entries import sealed_entries
from audit.packs.errors import PackNotAllowed
from audit.packs.snapshot import snapshot
from tests import factories
from tests.support.log import connected, rows, sequence
from tests.support.wait import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

LABELS = (
    "plain", "=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''-1", "'quoted'", 'with "quotes", and commas',
    " =1", "'\u00a0 @x", " plain", "\uff1d1+1", "\uff0b1", "5 apples", "\u0434\u0430", "\n=line", "\nline",
    "two\nlines", "\ttab", "\rreturn", "", "back\\slash \\n \\.", "\\.", "é 🚀 \u2028", "\x01\x02\x7f",
)  # fmt: skip


def write(labels=LABELS, project=None):
    with connected("app") as app:
        for label in labels:
            body = {
                "actor": {"id": "usr_1"},
                "object": {"id": 1, "label": label, "type": "x"},
                "project": project,
                "type": "tests.plain",
            }
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            app.execute("INSERT INTO audit_event (stream, body) VALUES ('x/1', %s)", [text])
    sequence()


def exported(**wanted):
    return b"".join(export(Wanted(**wanted), by=the_watcher()))


def table(**wanted):
    text = exported(format=Format.TABLE, **wanted).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_line_is_an_entry_byte_for_byte_as_packs_have_it():
    write()
    with snapshot() as seen:
        lines = b"".join(each.line for each in sealed_entries(seen, range(len(LABELS))))
    assert exported() == lines
    for line, (entry, leaf) in zip(
        lines.split(b"\n"),
        rows("SELECT entry, leaf_hash FROM audit_event ORDER BY id LIMIT %s", len(LABELS)),
        strict=False,
    ):
        assert bytes(entry) in line
        assert json.loads(line)["leaf_hash"] == bytes(leaf).hex()
        assert hashlib.sha256(b"\x00" + bytes(entry)).digest() == bytes(leaf)


def test_the_table_says_the_same_and_no_cell_is_a_formula():
    write()
    found = table()
    assert tuple(found[0]) == COLUMNS
    unguarded = [row["object"] for row in found]
    # As the packs write it, read back.
    written = next(csv.reader(io.StringIO(",".join(map(cell, LABELS)), newline="")))
    assert unguarded == written
    assert all(not label.startswith(tuple("=+-@\t\r\n\uff1d\uff0b")) for label in unguarded)
    assert "' =1" in unguarded
    assert " plain" in unguarded


def test_lines_of_the_table_end_as_the_standard_says():
    write(["plain"])
    assert exported(format=Format.TABLE).count(b"\r\n") == 2


def test_it_comes_in_bounded_pieces_and_in_the_order_of_the_log(monkeypatch):
    write(["x"] * 200)
    monkeypatch.setattr(exporting, "_LEAVES", 50)
    pieces = list(export(Wanted(), by=the_watcher()))
    assert [piece.count(b"\n") for piece in pieces] == [50] * 4
    indexes = [json.loads(line)["index"] for line in b"".join(pieces).splitlines()]
    assert indexes == list(range(200))


def test_that_it_was_asked_for_is_an_event_before_the_first_byte():
    write(["x"])
    pieces = export(Wanted(project="payments"), by=the_watcher())
    event = Event.objects.get(type="audit.exported")
    assert event.project == "payments"
    assert event.facts["data"]["size"] == 1
    assert b"".join(pieces) == b""


def test_filters_choose():
    write(["one"], project="payments")
    write(["two"], project="search")
    write(["three"])
    assert [row["object"] for row in table(project="search")] == ["two"]
    assert [row["object"] for row in table(after=1)] == ["three"]
    assert [row["object"] for row in table(type="tests.plain")] == ["one", "two", "three"]
    now = datetime.now(UTC)
    assert table(type="tests.plain", since=now) == []
    assert len(table(type="tests.plain", since=now - timedelta(hours=1), until=now)) == 3


def test_one_gets_what_one_may_read_and_nothing_else():
    factories.staffed_project("payments")
    auditor = factories.person("audrey")
    stranger = factories.person("sam")
    write(["mine"], project="payments")
    write(["theirs"], project="search")
    write(["nobody's"])
    mine = b"".join(export(Wanted(type="tests.plain"), by=auditor))
    assert b'"label":"mine"' in mine
    assert mine.count(b"\n") == 1
    for wanted, by in (
        (Wanted(), stranger), (Wanted(project="payments"), stranger), (Wanted(project="search"), auditor)
    ):  # fmt: skip
        with pytest.raises(PackNotAllowed):
            export(wanted, by=by)
    assert Event.objects.filter(type="audit.exported").count() == 1


def test_the_command_writes_the_file_and_says_its_hash(tmp_path, capsys):
    write()
    call_command("export_log", "--output", str(tmp_path / "log.jsonl"))
    said = capsys.readouterr().err
    data = (tmp_path / "log.jsonl").read_bytes()
    assert hashlib.sha256(data).hexdigest() in said
    assert data.count(b"\n") == len(LABELS)


def test_two_connections_read_the_state_of_one_moment():
    write(["before"])
    with snapshot() as one:
        write(["after"])
        with snapshot(one) as other, snapshot() as later:
            counts = [
                each.one("SELECT count(*) FROM audit_event", {}) for each in (one, other, later)
            ]
    assert counts[0] == counts[1] < counts[2]


def test_whoever_stops_in_the_middle_leaves_no_connection_behind(monkeypatch):
    write(["x"] * 200)
    monkeypatch.setattr(exporting, "_LEAVES", 50)
    pieces = export(Wanted(), by=the_watcher())
    assert next(pieces)
    assert transactions() == 2
    pieces.close()
    wait_for(lambda: transactions() == 0)
    assert exported().count(b"\n") >= 200


def transactions() -> int:
    """How many snapshots are open."""
    query = """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"""
    return rows(query)[0][0]


def test_what_the_database_refuses_in_the_middle_ends_the_export():
    with snapshot() as seen:
        seen.ask_for_copy("COPY (SELECT 1 / (3 - n) FROM generate_series(1, 5) n) TO STDOUT", {})
        with pytest.raises(DivisionByZero):
            seen.copied()
