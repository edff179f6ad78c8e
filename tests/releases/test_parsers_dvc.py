"""dvc.lock: which data was read and made, and everything that it is not."""

import io

import pytest

from releases.gates.engine import compile_rule
from releases.outcomes import EvidenceOutcome
from releases.parsers import EvidenceRejected
from releases.parsers.dvc import MOST_ITEMS, MOST_STAGES, DvcParser
from releases.parsers.strict_yaml import DEEPEST, MOST_NODES

ONE, TWO, THREE, FOUR = (digit * 32 for digit in "1234")
LOCK = f"""\
schema: '2.0'
stages:
  prepare:
    cmd: python src/prepare.py
    deps:
    - path: data/raw
      hash: md5
      md5: {ONE}.dir
      size: 1048576
      nfiles: 12
    - path: src/prepare.py
      hash: md5
      md5: {TWO}
      size: 2000
    outs:
    - path: data/features.parquet
      hash: md5
      md5: {THREE}
      size: 4096
  train:
    cmd:
    - python src/train.py
    - python src/check.py
    deps:
    - path: data/features.parquet
      hash: md5
      md5: {THREE}
      size: 4096
    params:
      params.yaml:
        train.depth: 4
        on: [1, 2]
    outs:
    - path: model.skops
      hash: md5
      md5: {FOUR}
      size: 9000
"""


def parse(text, limit=10**7):
    raw = text if isinstance(text, bytes) else text.encode()
    return DvcParser().parse(io.BytesIO(raw), limit=limit)


def stage(deps="", outs=""):
    lines = ["schema: '2.0'", "stages:", "  train:", "    cmd: train"]
    for name, listed in (("deps", deps), ("outs", outs)):
        if listed:
            lines += [f"    {name}:", *(f"    - {{{each}}}" for each in listed.split(";"))]
    return "\n".join(lines)


def test_data_is_what_stages_read_and_neither_their_code_nor_their_results():
    parsed = parse(LOCK)
    assert parsed.outcome is EvidenceOutcome.PASS
    raw, features = parsed.facts["datasets"]
    assert raw == {
        "name": "data/raw", "digest": f"md5:{ONE}.dir", "algorithm": "md5", "strength": "strong",
        "cryptographic": False, "size": 1048576, "files": 12, "role": "source", "made_by": [],
        "read_by": ["prepare"],
    }  # fmt: skip
    assert (features["role"], features["made_by"], features["read_by"]) == (
        "made", ["prepare"], ["train"],
    )  # fmt: skip
    assert [each["name"] for each in parsed.facts["code"]] == ["src/prepare.py"]
    assert [each["name"] for each in parsed.facts["results"]] == ["model.skops"]
    assert parsed.summary == "2 data sets, 1 of them from outside the pipeline, in 2 stages."


def test_a_rule_can_ask_for_digests_that_are_strong_and_for_those_that_cannot_be_forged():
    facts = parse(LOCK).facts
    strong = 'evidence.total > 0 && evidence.weakest == "strong"'
    assert compile_rule(strong).holds({"evidence": facts})
    forged = "evidence.datasets.all(each, each.cryptographic)"
    assert not compile_rule(forged).holds({"evidence": facts})


@pytest.mark.parametrize(
    ("entry", "algorithm", "strength"),
    [
        (f"path: a, md5: {ONE}, hash: md5", "md5", "strong"),
        (f"path: a, md5: {ONE}", "md5-dos2unix", "weak"),
        ("path: a, etag: '\"abc-2\"'", "etag", "weak"),
        ("path: a, checksum: 0000020000", "checksum", "weak"),
        ("path: a, cloud: {s3: {etag: abc, version_id: xyz}}", "version-id", "strong"),
        ("path: a, size: 3", "", "none"),
    ],
    ids=["md5", "before-3.0", "etag", "hdfs", "cloud", "nothing"],
)
def test_what_a_digest_is_worth_depends_on_how_it_was_made(entry, algorithm, strength):
    (data,) = parse(stage(deps=entry)).facts["datasets"]
    assert (data["algorithm"], data["strength"]) == (algorithm, strength)
    assert data["digest"].startswith(f"{algorithm}:") == bool(algorithm)


def test_data_without_a_digest_is_named_in_the_summary():
    parsed = parse(stage(deps="path: data/a.csv"))
    assert parsed.facts["weakest"] == "none"
    assert parsed.summary.endswith("No digest is recorded of data/a.csv.")


def test_another_state_read_than_made_is_a_definite_no():
    text = LOCK.replace(THREE, FOUR, 1)
    parsed = parse(text)
    assert parsed.outcome is EvidenceOutcome.FAIL
    assert parsed.facts["stale"] == ["data/features.parquet"]
    assert "Run dvc repro" in parsed.summary


def test_a_lock_that_names_no_data_is_inconclusive():
    assert parse(stage(deps="path: train.py, md5: " + ONE)).outcome is EvidenceOutcome.INCONCLUSIVE
    assert parse("schema: '2.0'\nstages:\n").outcome is EvidenceOutcome.INCONCLUSIVE


def test_named_data_sets_have_the_state_that_the_lock_says():
    text = stage(deps="path: 'ds://loans'") + (
        "\ndatasets:\n- {name: loans, type: dvc, url: git.example, rev_lock: " + "a" * 40 + "}\n"
    )
    (data,) = parse(text).facts["datasets"]
    assert data["digest"] == "git:" + "a" * 40


def test_scalars_stay_the_text_that_they_are():
    digits = "12345678901234567890123456789012"
    (data,) = parse(stage(deps=f"path: on, md5: {digits}, hash: md5")).facts["datasets"]
    assert (data["name"], data["digest"]) == ("on", f"md5:{digits}")


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: [*d, *d]"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The report is an empty file."),
        (b"\xff\xfe", "The report is not UTF-8 text (byte 0)."),
        ("a: [", "The report is not YAML:"),
        ("- a", "This is no dvc.lock: that is a mapping with schema: '2.0' and stages."),
        ("just words", "This is no dvc.lock"),
        ('{"metrics": []}', "This is no dvc.lock of schema '2.0'; its schema is nothing."),
        ("outs:\n- md5: x\n  path: a", "This is a .dvc file, which names one data set."),
        ("stages:\n  a: {cmd: b}", "This has stages and no schema: a dvc.yaml says"),
        ("schema: '1.0'\nstages: {}", "its schema is 1.0."),
        ("schema: '2.0'\nstages: []", "The lock has stages, but it is no mapping."),
        ("schema: '2.0'\nstages: {a: {deps: []}}", "The stage a has no cmd"),
        ("schema: '2.0'\nstages: {a: {cmd: b, deps: c}}", "The stage a has deps, but it is no list."),
        ("schema: '2.0'\nstages: {a: {cmd: b, deps: [c]}}", "has an entry of deps that is no mapping."),
        (stage(deps="md5: " + ONE), "The stage train has an entry without a path"),
        (stage(deps="path: a, md5: beef"), "The stage train, a: beef is no MD5 of DVC"),
        (stage(deps="path: a, size: many"), "has the size many, which is no whole number."),
        (LAUGHS, "The report uses YAML anchors or aliases (line 1)"),
        ("a: *b", "The report uses YAML anchors or aliases (line 1)"),
        ("!!python/object/apply:os.system [ls]", "The report uses the YAML tag"),
        ("a: 1\n---\nb: 2", "The report has 2 YAML documents; it must be one."),
        ("a: 1\na: 2", "The report has the name a twice in one mapping (line 2)."),
        ("? [a]\n: b", "The report has a name that is no text (line 1)."),
        ('a: "\\0"', "The report has a NUL character (line 1)."),
        ("[" * (DEEPEST + 3), f"The report is nested deeper than {DEEPEST} levels (line 1)."),
        ("[" + "1," * MOST_NODES + "]", f"The report has more than {MOST_NODES} values."),
        (
            "schema: '2.0'\nstages:\n" + "\n".join(f"  s{n}: {{cmd: x}}" for n in range(MOST_STAGES + 1)),
            f"The lock has more than {MOST_STAGES} stages.",
        ),
        (
            stage(deps=";".join(f"path: d{n}" for n in range(MOST_ITEMS + 1))),
            f"The lock has more than {MOST_ITEMS} dependencies and outputs.",
        ),
    ],
    ids=[
        "empty", "not-utf-8", "not-yaml", "list", "words", "json", "dot-dvc", "dvc-yaml", "schema-1",
        "stages-list", "no-cmd", "deps-text", "dep-text", "no-path", "no-md5", "no-size", "laughs",
        "alias", "tag", "two-documents", "twice", "list-as-name", "nul", "deep", "many-values",
        "many-stages", "many-items",
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_its_reason(text, sentence):
    with pytest.raises(EvidenceRejected) as refused:
        parse(text)
    assert sentence in str(refused.value)


def test_a_file_beyond_the_limit_is_refused():
    with pytest.raises(EvidenceRejected, match="larger than 1 KiB"):
        parse("a: " + "x" * 2000, limit=1024)
