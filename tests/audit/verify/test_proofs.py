"""The verifier on one proof and its entry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.tlog.keys import SigningKey
from audit.tlog.merkle import consistency_path, subtree_root
from audit.verify import gatehouse_verify as verifier
from tests.audit.verify.paper import ORIGIN, PaperLog, entry


@pytest.fixture(scope="module")
def log():
    return PaperLog(entry(number) for number in range(300))


@pytest.fixture(scope="module")
def folder(log, tmp_path_factory):
    return log.publish(tmp_path_factory.mktemp("log"))


@pytest.fixture
def look(log, folder, tmp_path):
    def run(proof, data, *options):
        (tmp_path / "e.json").write_bytes(data)
        (tmp_path / "p.tlog-proof").write_bytes(proof)
        where = [str(tmp_path / "p.tlog-proof"), "--entry", str(tmp_path / "e.json")]
        return verifier.main([*where, *(options or ("--log-key", log.vkey))])

    return run


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
def test_an_entry_with_its_proof_verifies(log, folder, look, index, capsys):
    assert look(log.proof(index, folder), log.entries[index]) == verifier.VERIFIED
    assert f"are entry {index} of {ORIGIN}" in capsys.readouterr().out


def test_another_entry_does_not_fit_the_proof(log, folder, look, capsys):
    assert look(log.proof(5, folder), log.entries[6]) == verifier.WRONG
    assert "the proof leads to another root" in capsys.readouterr().out


def test_another_index_does_not_fit_the_path(log, folder, look):
    proof = log.proof(5, folder).replace(b"index 5\n", b"index 4\n")
    assert look(proof, log.entries[5]) == verifier.WRONG


def test_an_index_beyond_the_tree_is_refused(log, folder, look):
    proof = log.proof(5, folder).replace(b"index 5\n", b"index 300\n")
    assert look(proof, log.entries[5]) == verifier.WRONG


def test_a_checkpoint_of_another_key_is_refused(log, folder, look):
    other = str(SigningKey.generate(ORIGIN).verifier)
    assert look(log.proof(5, folder), log.entries[5], "--log-key", other) == verifier.WRONG


def test_a_signature_over_another_text_is_refused(log, folder, look, capsys):
    proof = log.proof(5, folder).replace(b"\n300\n", b"\n301\n")
    assert look(proof, log.entries[5]) == verifier.WRONG
    assert "is not over this text" in capsys.readouterr().out


def test_without_the_entry_nothing_can_be_checked(log, folder, tmp_path, capsys):
    (tmp_path / "p").write_bytes(log.proof(5, folder))
    assert verifier.main([str(tmp_path / "p"), "--log-key", log.vkey]) == verifier.NOT_CHECKED
    assert "Give the entry's bytes" in capsys.readouterr().out


def test_a_key_that_is_none_is_said_before_anything_is_checked(tmp_path, capsys):
    assert verifier.main([str(tmp_path), "--log-key", "nonsense"]) == verifier.NOT_CHECKED
    assert "what you gave to check with cannot be used" in capsys.readouterr().err


def test_what_is_not_there_is_not_verified(tmp_path, capsys):
    assert verifier.main([str(tmp_path / "none")]) == verifier.NOT_CHECKED


def test_an_entry_that_says_a_thing_twice_is_refused(look):
    double = entry(1).replace(b'"v":1', b'"v":1,"v":1')
    log = PaperLog([double])
    proof = b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + log.checkpoint()
    assert look(proof, double, "--log-key", log.vkey) == verifier.WRONG


@given(data=st.data())
def test_no_byte_of_a_proof_may_be_another(log, folder, data):
    proof = bytearray(log.proof(77, folder))
    at = data.draw(st.integers(0, len(proof) - 1))
    proof[at] ^= data.draw(st.integers(1, 255))
    report = verifier.Report()
    with verifier.Check(report, "proof"):
        index, path, note = verifier.proof_of(bytes(proof))
        keys = [verifier.Key.of(log.vkey)]
        seen = verifier.check_checkpoint(report, note, keys, None, pinned=True)
        leaf = verifier.leaf_hash(log.entries[77])
        if verifier.root_of_inclusion(index, seen.size, leaf, path) != seen.root:
            raise verifier.Refused("another root")
    assert report.status(strict=False) == verifier.WRONG


def test_a_consistency_proof_leads_between_any_two_sizes_and_no_other_one_does():
    leaves = [verifier.leaf_hash(b"%d" % number) for number in range(24)]

    def node(height, index):
        if not height:
            return leaves[index]
        return verifier.node_hash(node(height - 1, 2 * index), node(height - 1, 2 * index + 1))

    trees = [
        verifier.Checkpoint(ORIGIN, size, subtree_root(0, size, node)) for size in range(1, 24)
    ]
    for now in trees:
        for before in trees[: now.size]:
            path = consistency_path(before.size, now.size, node)
            verifier.require_continued(before, now, path)
            fork = verifier.Checkpoint(ORIGIN, before.size, bytes(32))
            for earlier, other in (
                (before, [*path, bytes(32)]), (before, [bytes(32), *path[1:]]), (fork, path),
                (now, path or [bytes(32)]),
            ):  # fmt: skip
                with pytest.raises(verifier.Refused):
                    verifier.require_continued(earlier, now, other)
