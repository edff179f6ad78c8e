"""What data changed since the champion: said only as far as the digests allow it."""

import json

import pytest

from releases.comparing.comparison import compare
from releases.comparing.data import in_words, lines_of
from releases.comparing.datasets import Dataset, Pin
from releases.comparing.drawn import panel_of
from releases.comparing.known import known_of
from releases.comparing.pages import compared_in
from releases.gates.asks import Reproducibility
from releases.gates.reproducible import checklist
from releases.reports import report_of
from tests.releases.test_comparison import model, serve, with_project

ONE, TWO = "1" * 32, "2" * 32
TABLE = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9"


def data(digest="", algorithm="", strength="none", *, name="loans", by="dvc.lock", **more):
    pin = Pin(digest=digest, algorithm=algorithm, strength=strength, said_by=by)
    return Dataset(name=name, pins=(pin,), **more)


def md5(value, **more):
    return data(f"md5:{value}", "md5", "strong", **more)


def mlflow(value, **more):
    return data(value, "mlflow", "weak", by="MLflow run", **more)


def delta(version, table=TABLE):
    return data(f"delta:{table}@{version}", "delta", "strong", by="report about data sets")


@pytest.mark.parametrize(
    ("old", "new", "change", "sentence"),
    [
        (md5(ONE), md5(ONE), "unchanged", "The same MD5."),
        (md5(ONE), md5(TWO), "changed", "Another MD5."),
        (mlflow("a"), mlflow("b"), "changed", "Another MLflow's own digest."),
        (mlflow("a"), mlflow("a"), "unknown", "which is weak: over the first rows only."),
        (data(), md5(ONE), "unknown", "No digest is recorded for the champion."),
        (md5(ONE), data(), "unknown", "No digest is recorded for this version."),
        (delta(188), delta(214), "changed", "Another Delta version: 188 then, 214 now."),
        (delta(1), delta(1, "other"), "changed", "Another Delta version, of another table."),
        (delta(1), md5(ONE), "unknown", "Named by Delta version for the champion and by MD5 here"),
    ],
    ids=[
        "same", "other", "weak-other", "weak-same", "old-none", "new-none", "version", "table", "unlike",
    ],
)  # fmt: skip
def test_digests_are_compared_only_with_those_made_alike(old, new, change, sentence):
    (line,) = lines_of([new], [old])
    assert (line.change, sentence in line.sentence) == (change, True), line.sentence


def test_data_is_added_or_removed_only_where_the_other_side_says_what_it_used():
    lines = lines_of([md5(ONE), md5(TWO, name="new")], [md5(ONE), md5(TWO, name="old")])
    assert {line.name: line.change for line in lines} == {
        "loans": "unchanged", "new": "added", "old": "removed",
    }  # fmt: skip
    (line,) = lines_of([md5(ONE)], [])
    assert line.change == "unknown"
    assert line.sentence == "The champion's dvc.lock names no data, or there is none."
    lines = lines_of([], [md5(ONE)])
    assert lines[0].sentence == "This version's dvc.lock names no data, or there is none."


def test_what_changed_comes_first_and_is_counted():
    old = [md5(ONE, name="a"), md5(ONE, name="b"), mlflow("x", name="c")]
    new = [md5(ONE, name="a"), md5(TWO, name="b"), mlflow("x", name="c")]
    lines = lines_of(new, old)
    assert [line.name for line in lines] == ["b", "c", "a"]
    assert in_words(lines) == "1 changed, 1 cannot be said, 1 the same"


def test_of_two_names_for_one_state_those_made_alike_are_compared():
    both = Dataset(name="loans", pins=(*md5(TWO).pins, *mlflow("a").pins))
    (line,) = lines_of([both], [mlflow("a")])
    assert (line.change, line.old_digest, line.new_digest) == ("unknown", "a", "a")


def test_thousands_of_data_sets_are_compared_at_once():
    old = [md5(f"{n:032}", name=f"d{n}") for n in range(2000)]
    new = [md5(f"{n + n % 2:032}", name=f"d{n}") for n in range(2000)]
    assert in_words(lines_of(new, old)) == "1000 changed, 1000 the same"


def test_of_several_of_one_name_those_in_the_same_state_are_the_same():
    """MLflow calls every data set without a name "dataset"."""
    old = [mlflow("a", name="dataset"), md5(ONE, name="dataset", by="MLflow run")]
    new = [md5(ONE, name="dataset", by="MLflow run"), mlflow("b", name="dataset")]
    assert {line.new_digest: line.change for line in lines_of(new, old)} == {
        f"md5:{ONE}": "unchanged",
        "b": "changed",
    }


def test_two_inputs_of_a_run_that_are_called_alike_are_two(scene):
    rows = [
        {"name": "dataset", "digest": "0badc0de", "strength": "weak"},
        {"name": "dataset", "digest": ONE, "strength": "strong"},
    ]
    version = model(scene, datasets=rows, git_commit="5d1c" * 10)
    known = known_of([version], at=None)[version.pk]
    assert [each.best.digest for each in known.datasets] == ["0badc0de", ONE]
    checks = {each.name: each.outcome for each in checklist(known.provenance, Reproducibility())}
    assert checks["dataset"] == "fail"


def lock(md5, path="data/loans.parquet"):
    return (
        f"schema: '2.0'\nstages:\n  train:\n    cmd: x\n    deps:\n    - path: {path}\n"
        f"      hash: md5\n      md5: {md5}\n"
    ).encode()


def run(digest, source="s3://lake/data/loans.parquet"):
    return {
        "name": "loans", "context": "training", "digest": digest, "strength": "weak",
        "source": json.dumps({"uri": source}),
    }  # fmt: skip


def with_lock(scene, digest, md5, **more):
    version = model(scene, datasets=[run(digest, **more)])
    scene.evidence(version, lock(md5), kind="dvc")
    return version


def test_a_lock_says_what_the_run_cannot(scene):
    """MLflow's own digest is the same on both sides and proves nothing; the lock's is not the same."""
    serve(scene, with_lock(scene, "0badc0de", ONE))
    version = with_lock(scene, "0badc0de", TWO)
    against = compared_in(with_project(scene, version))
    (line,) = against.comparison.data
    assert (line.name, line.change, line.sentence) == ("loans", "changed", "Another MD5.")
    assert line.new_said_by == "dvc.lock"
    assert against.panel.data_in_words == "1 changed"
    assert against.panel.data_title == (
        "What data changed since credit 1.1.0, which serves in staging"
    )
    (row,) = against.panel.data
    assert (row.old, row.new) == ("md5:111111111111…", "md5:222222222222…")
    assert row.new_detail == "shows every accident, but no forgery: it is an MD5, by the dvc.lock"


def test_a_lock_about_another_file_is_another_data_set(scene):
    version = with_lock(scene, "0badc0de", ONE, source="s3://lake/other.parquet")
    comparison = compared_in(with_project(scene, version)).comparison
    assert [line.name for line in comparison.data] == ["loans", "data/loans.parquet"]
    assert panel_of(compare(comparison.challenger, None, None, None), "staging").data


def test_the_checklist_believes_the_best_digest_and_people_sign_the_lock(scene):
    version = with_lock(scene, "0badc0de", ONE)
    known = compared_in(with_project(scene, version)).comparison.challenger
    (dataset,) = (
        each for each in checklist(known.provenance, Reproducibility()) if each.name == "dataset"
    )
    assert dataset.outcome == "pass"
    (report,) = known.data
    assert f"sha256:{report.sha256}" in known.origins
    assert f"sha256:{report.sha256}" not in known.inputs


def test_the_page_of_a_report_names_its_data_with_their_digests(scene):
    version = model(scene)
    text = lock(ONE) + b"    - path: raw_loans.csv\n    - path: old.csv\n      md5: " + TWO.encode()
    report = report_of(scene.evidence(version, text + b"\n", kind="dvc"))
    assert report.facts == [
        ("total", "3"),
        ("weakest", "none"),
        ("data/loans.parquet", f"md5:{ONE}"),
        ("raw_loans.csv", "no digest"),
        ("old.csv", f"md5-dos2unix:{TWO} (weak)"),
    ]
