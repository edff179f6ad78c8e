"""Model files that somebody made odd on purpose: the intake ends, and says what it could not read."""

import pytest

from models_registry.models import Intake
from tests.models_registry.lab import trained

NESTED = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
MERGED = "\n".join(
    f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 10)}], k{n}: 1}}" for n in range(1, 12)
)
UNREADABLE = {
    "a date out of the calendar": "flavors: {a: {b: 2026-02-31}}",
    "no truth": "flavors: !!bool maybe",
    "a whole number of nothing": 'flavors: !!int ""',
    "deep": "flavors: " + "[" * 5000,
    "merged without end": f"l0: &l0 {{a: 1}}\n{MERGED}\nflavors: {{x: *l11}}",
}
READABLE = {
    "aliases without end": f"l0: &l0 [x, x]\n{NESTED}\nflavors: {{x: {{y: *l11}}}}",
    "itself": "flavors: {x: &a {y: *a}}",
    "half a character": 'flavors: {x: {"\\ud800": "\\ud800 \\0"}}',
    "nothing in a key": 'flavors: {"\\0": {"\\0": 1}}',
    "a number without end": f"flavors: {{x: {{y: 0x{'f' * 9000}, z: [0x{'f' * 9000}]}}}}",
    "bytes": "flavors: {x: {y: !!binary aGk=, z: !!set {a, b}}}",
    "an odd signature": 'signature: {inputs: [{name: {1: 2}, type: !!binary aGk=}], outputs: "!!bool x"}',
}


def taken_in(lab, anna, standin, described):
    anna.model("credit-risk")
    trained(anna)
    for path in standin.files:
        if path.endswith("MLmodel"):
            standin.files[path] = described.encode()
    lab.sync()
    version = lab.version("credit-risk")
    assert (version.intake, version.digest_basis) == (Intake.COMPLETE, "files")
    return version


@pytest.mark.parametrize("described", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_remarked_and_the_files_count_all_the_same(
    lab, anna, standin, described
):
    version = taken_in(lab, anna, standin, described)
    assert version.remarks[-1].startswith("Its MLmodel file is not YAML")


@pytest.mark.parametrize("described", READABLE.values(), ids=READABLE)
def test_what_is_odd_is_kept_shortly_and_breaks_nothing(lab, anna, standin, described):
    version = taken_in(lab, anna, standin, described)
    assert len(str(version.flavours)) < 2000


def test_folders_without_end_are_given_up(lab, anna, standin, monkeypatch):
    monkeypatch.setattr("models_registry.clients.mlflow.MOST_FILES", 50)
    anna.model("credit-risk")
    trained(anna)
    listed = (
        b'{"files": [' + b",".join(b'{"path": "%d", "is_dir": true}' % n for n in range(9)) + b"]}"
    )
    standin.faults.append(
        lambda call, asked: (200, listed, "application/json") if call == "artifacts" else None
    )
    lab.sync()
    assert "more than 50 files and folders" in lab.version("credit-risk").digest_sentence
    assert len([call for call, _ in standin.calls if call == "artifacts"]) < 10
