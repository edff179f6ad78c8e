"""Could somebody train it again: every point with a sentence, and nothing unknown passes."""

import dataclasses

import pytest

from releases.gates.asks import CheckName, Reproducibility, Strength
from releases.gates.gate import Gate, Item, OnFail
from releases.gates.reproducible import Provenance, checklist, judge_reproducibility
from releases.outcomes import GateVerdict

MODEL = Item("credit", "model", "8", f"sha256:{'a' * 64}")
STRONG = {"name": "loans", "digest": "sha256:00", "strength": "strong"}
WEAK = {"name": "loans", "digest": "0a1b2c3d", "strength": "weak"}
NONE = {"name": "loans", "digest": "", "strength": "none"}
GOOD = Provenance(
    has_record=True,
    commit="5d1c" * 10,
    is_dirty=False,
    parameters=7,
    datasets=[STRONG],
    files=["MLmodel", "env/requirements.txt"],
    image=f"registry.example.com/training@sha256:{'c' * 64}",
)


def judge(provenance, on_fail=OnFail.BLOCK, item=MODEL, **asked):
    asks = Reproducibility(**asked)
    gate = Gate("again", reproducibility=asks, on_fail=on_fail)
    return judge_reproducibility(gate, asks, item, provenance)


def but(**changes):
    return dataclasses.replace(GOOD, **changes)


def test_a_training_of_which_everything_is_known_passes():
    said = judge(GOOD)
    assert said.outcome is GateVerdict.PASS
    assert said.sentence == "credit 8: 6 of 6 points hold."


@pytest.mark.parametrize(
    ("changes", "verdict", "words", "remedy"),
    [
        ({"commit": ""}, "inconclusive", "from which commit", "Train from a Git checkout"),
        ({"is_dirty": True}, "fail", "changes that are in no commit", "Commit the changes"),
        ({"is_dirty": None}, "inconclusive", "Nobody says whether", "mlflow.source.git.dirty"),
        ({"parameters": 0}, "inconclusive", "No parameter", "mlflow.log_params"),
        ({"datasets": []}, "inconclusive", "on which data", "mlflow.log_input"),
        ({"datasets": [STRONG, WEAK]}, "fail", "over the first rows", "a DVC hash"),
        ({"datasets": [NONE]}, "fail", "No digest is recorded for the data loans", "a DVC hash"),
        ({"files": []}, "fail", "says what to install", "requirements.txt"),
        ({"files": None}, "inconclusive", "could not be read", "reach the model's files"),
        ({"image": ""}, "inconclusive", "in which image", "gatehouse.image"),
        ({"image": "training:latest"}, "fail", "by a tag, which may be moved", "@sha256:"),
        ({"image": "training@sha256:"}, "fail", "by a tag, which may be moved", "@sha256:"),
        ({"image": "training@sha256:0a"}, "fail", "by a tag, which may be moved", "@sha256:"),
        ({"commit": "unknown"}, "fail", "'unknown' is said to be the commit", "Git checkout"),
    ],
)
def test_each_point_says_what_was_seen_and_what_would_satisfy_it(changes, verdict, words, remedy):
    said = judge(but(**changes))
    assert said.outcome == verdict
    assert words in said.sentence
    assert remedy in said.satisfied_by


def test_a_policy_may_accept_mlflows_own_digest():
    assert judge(but(datasets=[WEAK]), dataset_strength=Strength.WEAK).outcome is GateVerdict.PASS
    assert judge(but(datasets=[NONE]), dataset_strength=Strength.WEAK).outcome is GateVerdict.FAIL


def test_a_policy_may_ask_for_some_points_only():
    said = judge(but(image="", is_dirty=True), checks=(CheckName.COMMIT, CheckName.DATASET))
    assert said.outcome is GateVerdict.PASS


def test_a_warning_does_not_let_through_what_nobody_knows():
    assert judge(but(is_dirty=True), OnFail.WARN).outcome is GateVerdict.WARN
    assert judge(but(is_dirty=True, commit=""), OnFail.WARN).outcome is GateVerdict.INCONCLUSIVE


def test_a_model_without_a_registry_is_inconclusive():
    said = judge(Provenance(has_record=False, commit="5d1c" * 10))
    assert said.outcome is GateVerdict.INCONCLUSIVE
    assert "did not come from a model registry" in said.sentence


def test_of_an_image_only_commit_and_digest_are_asked():
    image = Item("api", "image", "1.0", f"sha256:{'d' * 64}")
    known = Provenance(has_record=False, commit="5d1c" * 10, image=f"r/api@sha256:{'d' * 64}")
    assert judge(known, item=image).outcome is GateVerdict.PASS
    assert [each.name for each in checklist(known, Reproducibility())] == ["commit", "image"]
