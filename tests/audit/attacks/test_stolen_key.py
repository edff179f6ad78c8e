"""Somebody has the database and the signer's key: only who stands outside can tell."""

import pytest

from audit.completeness.alarms import open_alarms
from audit.fallbacks.hand_out import hand_out
from audit.publishing.reader import LogFiles
from audit.tlog.errors import InvalidProof
from audit.tlog.merkle import check_consistency, root_of
from audit.tlog.policy_file import parse_policy
from audit.witness.cosigning import Cosigning
from tests.audit.attacks.forgery import cut_back, forge_the_whole_tree
from tests.audit.sealing import tamper
from tests.audit.witness.process import WitnessProcess
from tests.support.log import url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def witnessed(log, tmp_path):
    process = WitnessProcess(tmp_path, str(log.key.verifier))
    lines = [f"log {log.key.verifier}", f"witness w1 {process.vkeys[0]} {process.url}", "quorum w1"]
    cosigning = Cosigning(parse_policy("\n".join([*lines, ""]).encode()), url("signer"))
    assert cosigning.round() == 1
    yield cosigning
    process.stop()


def rewrite_everything(log):
    """Change one entry, sign the tree that it makes with the real key, and publish that."""
    forge_the_whole_tree()
    tamper(
        "DELETE FROM audit_cosignature", "DELETE FROM audit_quorum", "DELETE FROM audit_checkpoint"
    )
    log.seal()


def test_nothing_in_the_house_shows_a_history_rewritten_with_the_signers_key(log, findings):
    rewrite_everything(log)
    assert findings() == ""


def test_a_witness_refuses_a_history_rewritten_with_the_signers_key(log, witnessed):
    rewrite_everything(log)
    assert witnessed.round() == 0
    assert "the log was forked" in open_alarms()[0].sentence


def test_a_witness_refuses_what_is_built_on_a_rewritten_history(log, witnessed):
    rewrite_everything(log)
    log.grow(40)
    assert witnessed.round() == 0
    assert "the log was forked" in open_alarms()[0].sentence


def test_a_witness_refuses_a_history_cut_back_with_the_signers_key(log, witnessed):
    cut_back(12)
    tamper("DELETE FROM audit_cosignature", "DELETE FROM audit_quorum")
    log.seal()
    assert witnessed.round() == 0
    assert "entries that were published are missing here" in open_alarms()[0].sentence


def test_a_kept_checkpoint_contradicts_a_history_rewritten_with_the_signers_key(
    log, tmp_path, settings
):
    (tmp_path / "store").mkdir()
    settings.CHECKPOINT_STORE_PLACE = str(tmp_path / "store")
    assert hand_out() == []
    rewrite_everything(log)
    [trouble] = hand_out()
    assert "holds another checkpoint of the same size" in trouble


def test_no_proof_leads_from_a_kept_checkpoint_to_a_rewritten_history(log):
    """Whoever kept one, by mail or from a webhook, asks for this proof."""
    before = root_of(log.leaves)
    rewrite_everything(log)
    log.grow(30)
    path = LogFiles(log.root).consistency_path(20, 50)
    with pytest.raises(InvalidProof):
        check_consistency(20, 50, path, before, root_of(log.leaves))


def test_nothing_shows_what_a_stolen_key_signs_on_top_of_the_true_history(log, witnessed, findings):
    """Entries that are invented and only added are a continuation like any other."""
    log.grow(1, "forged/1")
    assert witnessed.round() == 1
    assert findings() == ""
