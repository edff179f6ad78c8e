"""Data sets by digest and by the version of a Delta table."""

import io
import json

import pytest

from releases.gates.engine import compile_rule
from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.datasets import MOST_DATASETS, DatasetsParser

TABLE = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9"
LOANS = {
    "name": "loans",
    "context": "training",
    "source": "s3://lake/loans",
    "delta": {"id": TABLE, "version": 214, "timestamp": 1790000000000, "operation": "MERGE"},
}
SHA = {"name": "validation", "digest": "sha256:" + "a" * 64}


def report(*datasets, **more):
    return {"schema": "gatehouse.datasets/v1", "datasets": list(datasets), **more}


def parse(document, limit=10**7):
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return DatasetsParser().parse(io.BytesIO(raw), limit=limit)


def with_(base, **changes):
    return report({**base, **changes})


def delta(**changes):
    return with_(LOANS, delta={**LOANS["delta"], **changes})


def test_a_delta_version_is_named_by_table_and_version():
    parsed = parse(report(LOANS, SHA))
    loans, validation = parsed.facts["datasets"]
    assert parsed.outcome is EvidenceOutcome.PASS
    assert (loans["digest"], loans["algorithm"]) == (f"delta:{TABLE}@214", "delta")
    assert (loans["strength"], loans["cryptographic"]) == ("strong", False)
    assert loans["delta"]["timestamp"] == "2026-09-21T14:13:20Z"
    assert validation["cryptographic"] is True
    assert parsed.summary == (
        "2 data sets: loans, validation; all named by what identifies the content."
    )


def test_a_rule_can_ask_for_one_of_them():
    facts = parse(report(LOANS, SHA)).facts
    rule = 'evidence.datasets.exists(d, d.name == "loans" && d.delta.version >= 200)'
    assert compile_rule(rule).holds({"evidence": facts})


def test_data_without_a_digest_is_read_and_worth_nothing():
    facts = parse(report(LOANS, {"name": "postcodes"})).facts
    assert (facts["weakest"], facts["none"], facts["strong"]) == ("none", 1, 1)


def test_a_report_without_data_is_inconclusive():
    assert parse(report()).outcome is EvidenceOutcome.INCONCLUSIVE


def test_the_same_data_may_be_there_for_two_uses():
    assert parse(report({**SHA, "context": "a"}, {**SHA, "context": "b"})).facts["total"] == 2


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"version: 1", "The report is not JSON"),
        ([], 'A report about data sets is a JSON object with "schema": "gatehouse.datasets/v1".'),
        ({"schema": "other"}, 'with "schema": "gatehouse.datasets/v1".'),
        (report(extra=1), "has extra, which gatehouse.datasets/v1 does not know."),
        (report() | {"datasets": {}}, "A report about data sets has a list named datasets."),
        (report("loans"), "datasets[0] is no object with a name and a digest or a Delta version."),
        (with_(SHA, path="x"), "datasets[0] has path, which gatehouse.datasets/v1 does not know."),
        (with_(SHA, name=" "), "datasets[0].name is no text of from 1 to 200 characters."),
        (with_(SHA, source=1), "datasets[0].source is no text of at most 1000 characters."),
        (with_(SHA, digest="abc"), "datasets[0].digest does not begin with how it was made"),
        (with_(SHA, digest=1), "datasets[0].digest does not begin with how it was made"),
        (with_(SHA, digest="sha256:ab"), "datasets[0].digest is no sha256: 64 hexadecimal digits"),
        (with_(SHA, digest="etag:a b"), "datasets[0].digest has no value of at most 200"),
        (with_(LOANS, digest=SHA["digest"]), "datasets[0] has both digest and delta"),
        (with_(LOANS, delta=214), "datasets[0].delta is no object with id, version"),
        (delta(user="x"), "datasets[0].delta has user, which"),
        (delta(id=""), "datasets[0].delta.id is not the table's id"),
        (delta(version="214"), "datasets[0].delta.version is no whole number, 0 or more."),
        (delta(version=True), "datasets[0].delta.version is no whole number, 0 or more."),
        (delta(timestamp="yesterday"), "datasets[0].delta.timestamp is no time"),
        (delta(timestamp="2026-09-01T00:00:00"), "datasets[0].delta.timestamp has no time zone"),
        (with_(SHA, rows=-1), "datasets[0].rows is no whole number, 0 or more."),
        (report(SHA, SHA), "The data set validation is there twice."),
        (
            report(*({"name": f"d{n}"} for n in range(MOST_DATASETS + 1))),
            f"The report has more than {MOST_DATASETS} data sets.",
        ),
    ],
    ids=[
        "yaml", "list", "schema", "member", "no-list", "text", "member-of-one", "no-name", "source",
        "no-algorithm", "number", "short", "spaces", "both", "delta-number", "delta-member", "no-id",
        "version-text", "version-truth", "no-time", "no-zone", "rows", "twice", "many",
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_its_reason(document, sentence):
    with pytest.raises(EvidenceRejected) as refused:
        parse(document)
    assert sentence in str(refused.value)
