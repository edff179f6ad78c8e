"""The same events for other programs, and the lists for spreadsheets."""

import csv
import io
import json
import re
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trestle.oscal.assessment_results import AssessmentResults, Model

from audit.packs import zip_file
from audit.packs.csv_text import cell, line
from audit.packs.formats.cyclonedx import declarations
from audit.packs.formats.oscal import Finding, Results, assessment_results
from audit.packs.report import displayable, report_of
from audit.packs.samples import Sample
from audit.packs.scope import Scope
from audit.packs.statement import Compared, Statement
from audit.packs.told import Signature, ToldChange
from audit.verify import gatehouse_verify as verifier

# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "'=1",
        '=HYPERLINK("http://x")',
        "=cmd|' /C calc'!A0",
        "\n=1",
        " =1",
        "\u00a0\t+1",
        "\uff1d1+1",
        "\uff20SUM(A1)",
    ],
)
def test_no_cell_is_a_formula(value):
    [[shown]] = list(csv.reader(io.StringIO(line([value]), newline="")))
    assert shown[0] == "'"
    assert shown[1:] == value


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_what_is_written_into_a_list_is_what_is_read_from_it(values):
    values = [value.replace("\x00", "") for value in values]
    [row] = list(csv.reader(io.StringIO(line(values), newline=""), strict=True))
    assert [each[1:] if verifier._GUARDED.match(each) else each for each in row] == values


@given(st.text(min_size=1))
def test_a_cell_never_begins_as_a_formula_does(value):
    shown = cell(value).lstrip('"')
    assert shown[:1] not in tuple("\t\r\n")
    assert shown.lstrip(" \u00a0\t\r\n")[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def test_yes_no_and_nothing():
    assert line([True, False, None, 0]) == "Y,N,,0\r\n"


# ── OCSF ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_event_is_an_ocsf_event_with_its_place_in_the_log(folder):
    events = [json.loads(each) for each in (folder / "formats/ocsf.jsonl").read_text().splitlines()]
    lines = (folder / "formats/events.jsonl").read_bytes().splitlines()
    assert len(events) == len(lines)
    for event, raw in zip(events, lines, strict=True):
        for name in (
            "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
        ):  # fmt: skip
            assert name in event
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["class_uid"] // 1000 == event["category_uid"]
        told = verifier.Event.of_line(raw)
        assert event["unmapped"]["leaf_index"] == told.index
        assert event["metadata"]["uid"] == told.uid
        assert event["metadata"]["version"] == "1.8.0"


def test_a_refused_deed_and_a_role_given_have_their_classes(folder):
    events = [json.loads(each) for each in (folder / "formats/ocsf.jsonl").read_text().splitlines()]
    by_code = {event["metadata"]["event_code"]: event for event in reversed(events)}
    given_role = by_code["catalog.membership_given"]
    assert (given_role["class_uid"], given_role["activity_id"]) == (3005, 1)
    assert given_role["privileges"]
    approved = by_code["releases.approved"]
    assert (approved["class_uid"], approved["type_uid"]) == (3004, 300403)
    assert approved["entity"]["name"] == "CR-1"


def test_the_table_of_events_has_the_same_events(folder):
    rows = list(
        csv.DictReader(io.StringIO((folder / "formats/events.csv").read_text(), newline=""))
    )
    lines = (folder / "formats/events.jsonl").read_bytes().splitlines()
    told = [verifier.Event.of_line(raw) for raw in lines]
    assert [(row["leaf_index"], row["event"]) for row in rows] == [
        (str(e.index), e.uid) for e in told
    ]


# ── OSCAL ────────────────────────────────────────────────────────────────────────────────────────


def test_compliance_trestle_reads_the_assessment_results(folder):
    raw = (folder / "formats/oscal-assessment-results.json").read_bytes()
    found = Model.model_validate_json(raw).assessment_results
    assert isinstance(found, AssessmentResults)
    [result] = found.results
    assert {finding.target.status.state.value for finding in result.findings} == {"satisfied"}
    assert len(result.observations) == 13


def test_a_difference_is_not_satisfied():
    results = Results(
        seed="x", at="2026-11-20T12:00:00.000000Z", since="2026-11-01T00:00:00.000000Z", title="Pack",
        findings=[Finding("a", 1, 2, "cm-3"), Finding("b", 1, 1, "au-10")], files=[("a.csv", "0" * 64)],
    )  # fmt: skip
    document = assessment_results(results)
    found = Model.model_validate(document).assessment_results.results[0].findings
    states = {each.target.target_id: each.target.status.state.value for each in found}
    assert states == {"cm-3_obj": "not-satisfied", "au-10_obj": "satisfied"}
    assert document == assessment_results(results)


# ── CycloneDX ────────────────────────────────────────────────────────────────────────────────────


def told(**changes):
    return ToldChange(
        **{
            "label": "CR-1", "project": "payments", "release": "2026.1",
            "content_digest": "sha256:" + "0" * 64,
            "at": "2026-11-20T12:00:00.000000Z", "approved_first": True, "nobody_own": True, **changes,
        }
    )  # fmt: skip


def references(value):
    """Every name that something else must define."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"claims", "evidence", "counterEvidence"} and isinstance(inner, list):
                yield from (each for each in inner if isinstance(each, str))
            elif key in {"target", "assessor", "requirement"}:
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def definitions(value):
    if isinstance(value, dict):
        if "bom-ref" in value:
            yield value["bom-ref"]
        for inner in value.values():
            yield from definitions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from definitions(inner)


def test_the_attestations_name_only_what_they_define(folder):
    document = json.loads((folder / "formats/cyclonedx-attestations.json").read_bytes())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["serialNumber"])
    names = list(definitions(document))
    assert len(names) == len(set(names))
    assert set(references(document["declarations"])) <= set(names)


def test_what_does_not_hold_is_counter_evidence():
    document = declarations(
        [told(approved_first=False)], seed="x", at="2026-11-20T12:00:00.000000Z"
    )
    first, second = document["declarations"]["claims"]
    assert "counterEvidence" in first
    assert "evidence" in second
    scores = [
        each["conformance"]["score"] for each in document["declarations"]["attestations"][0]["map"]
    ]
    assert scores == [0, 1]


# ── the report ───────────────────────────────────────────────────────────────────────────────────


def test_the_report_is_tagged_pdf_a(folder):
    pdf = (folder / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.7")
    for sign in (
        b"/StructTreeRoot",
        b"/MarkInfo",
        b"<pdfaid:part>2",
        b"<pdfaid:conformance>A",
        b"/Lang",
    ):
        assert sign in pdf, sign


@given(st.text(max_size=200))
def test_every_character_is_shown_or_spelled_out(text):
    assert all(each.isprintable() for each in displayable(text))


def test_any_name_may_stand_in_the_report():
    signature = Signature(
        "e",
        "usr_1",
        "渡辺 🎉 עברית \u202e\x07 naïve",
        "approved",
        "r",
        "2026",
        "sha256:0",
        "ok\n\tfine",
    )
    change = told(
        requester_name="Ægir Þórsson", reason="]] #panic() $ \\ <b> _x_ *y*", signatures=[signature]
    )
    about = {
        "pack": 1, "requested_at": "2026-11-20T12:00:00.000000Z", "requested_by": "usr_1",
        "time_stamps": [],
        "log": {"origin": "x", "size": 3, "root": "00"},
    }  # fmt: skip
    statement = Statement(compared=[Compared("=1", 1, 2)])
    pdf = report_of(about, Scope(purpose="#import 漢字"), statement, [Sample(change, [], {}, [])])
    assert pdf.startswith(b"%PDF")


# ── ZIP ──────────────────────────────────────────────────────────────────────────────────────────


def archive_of(**members):
    archive = zip_file.Archive()
    for name, data in members.items():
        archive.add(name, data)
    out = io.BytesIO()
    digest, size = archive.assemble(out)
    archive.close()
    assert size == len(out.getvalue())
    return out.getvalue(), digest


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(max_size=3000), max_size=5
    )
)
def test_python_reads_what_was_written(members):
    data, _ = archive_of(**members)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == members


def test_members_may_be_written_at_once_and_in_any_order():
    archive = zip_file.Archive()
    with archive.adding("z") as last, archive.adding("a") as first:
        for number in range(1000):
            last.write(b"%d" % number)
            first.write(b"x" * number)
    archive.copy("m", io.BytesIO(b"m" * 3_000_000))
    out = io.BytesIO()
    archive.assemble(out)
    archive.close()
    with zipfile.ZipFile(out) as read:
        assert read.namelist() == ["a", "m", "z"]
        assert read.testzip() is None
        assert len(read.read("m")) == 3_000_000


def test_a_name_is_there_once():
    archive = zip_file.Archive()
    archive.add("a", b"")
    with pytest.raises(ValueError, match="twice"):
        archive.add("a", b"")
    archive.close()


@pytest.mark.parametrize("limit", ["_MOST_16", "_MOST_32"])
def test_large_numbers_are_written_as_zip64(monkeypatch, limit):
    """With the limit lowered, since nobody has four gigabytes to spare."""
    monkeypatch.setattr(zip_file, limit, 2)
    archive = zip_file.Archive()
    for name in "abc":
        archive.add(name, name.encode() * 500)
    out = io.BytesIO()
    archive.assemble(out)
    archive.close()
    data = out.getvalue()
    assert struct.pack("<I", 0x06064B50) in data
    assert struct.pack("<I", 0x07064B50) in data
    if limit == "_MOST_16":
        with zipfile.ZipFile(io.BytesIO(data)) as read:
            assert read.namelist() == ["a", "b", "c"]
            assert read.testzip() is None
