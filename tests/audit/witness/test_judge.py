"""What a witness cosigns, and what it refuses (c2sp.org/tlog-witness v1.0.0)."""

import itertools
import os

import pytest

from audit.tlog.checkpoints import Checkpoint, to_base64
from audit.tlog.errors import Malformed
from audit.tlog.keys import SigningKey
from audit.tlog.notes import Note, open_checkpoint
from audit.witness.held import Held, StateInUse
from audit.witness.judge import Witness
from audit.witness.submission import SIZE_TYPE, Submission
from tests.audit.witness.log import Log


def signatures_of(reply, note):
    return Note.of(f"{note.text}\n{reply.body}".encode())


def test_a_first_checkpoint_is_cosigned_with_every_key(witness, log, clock):
    reply = witness.add_checkpoint(log.submission())
    assert reply.status == 200
    verified = signatures_of(reply, log.note()).verified_by(witness.keys)
    assert [(each.key, each.time) for each in verified] == [(key, clock.at) for key in witness.keys]


def test_what_continues_the_last_one_is_cosigned(witness, log):
    sizes = [1, 2, 3, 7, 8, 9, 64, 100]
    log.grow(95)
    old = 0
    for size in sizes:
        assert witness.add_checkpoint(log.submission(old, size)).status == 200, size
        old = size


def test_the_same_checkpoint_is_cosigned_again_with_a_later_time(witness, log, clock):
    witness.add_checkpoint(log.submission())
    clock.at += 10
    reply = witness.add_checkpoint(log.submission(5, path=()))
    assert reply.status == 200
    [first, _] = signatures_of(reply, log.note()).verified_by(witness.keys)
    assert first.time == clock.at


def test_what_was_cosigned_is_held_with_its_cosignatures(witness, log, held):
    witness.add_checkpoint(log.submission())
    checkpoint, verified, _ = open_checkpoint(
        held.checkpoint(log.origin), [log.key.verifier, *witness.keys]
    )
    assert checkpoint == Checkpoint.of_text(log.note().text)
    assert len(verified) == 3
    assert witness.held_checkpoints() == [held.checkpoint(log.origin)]


def test_another_old_size_is_a_conflict_that_says_the_size(witness, log):
    witness.add_checkpoint(log.submission(0, 3))
    for old in (0, 2, 4):
        reply = witness.add_checkpoint(log.submission(old, 5))
        assert (reply.status, reply.body, reply.type) == (409, "3\n", SIZE_TYPE)


def test_a_smaller_tree_is_a_conflict(witness, log):
    witness.add_checkpoint(log.submission(0, 5))
    assert witness.add_checkpoint(log.submission(0, 3)).status == 409
    assert witness.add_checkpoint(log.submission(3, 4)).status == 409


def test_another_tree_of_the_same_size_is_a_conflict_and_kept_as_proof(witness, log, tmp_path):
    witness.add_checkpoint(log.submission())
    raw = log.forked(at=3, to=5).submission(5, path=())
    reply = witness.add_checkpoint(raw)
    assert (reply.status, reply.body) == (409, "5\n")
    assert [file.read_bytes() for file in (tmp_path / "state/refused").iterdir()] == [raw]


def test_a_tree_that_does_not_continue_the_last_one_is_refused_and_kept_as_proof(
    witness, log, tmp_path
):
    witness.add_checkpoint(log.submission())
    other = log.forked(at=3, to=9)
    raw = other.submission(5)
    assert witness.add_checkpoint(raw).status == 422
    assert [file.read_bytes() for file in (tmp_path / "state/refused").iterdir()] == [raw]
    assert witness.add_checkpoint(log.grow(4).submission(5)).status == 200


def test_proofs_that_somebody_makes_up_do_not_fill_the_directory(witness, log, tmp_path):
    """Anybody can send the log's published checkpoint, and no proof of a fork is crowded out by that."""
    witness.add_checkpoint(log.submission(0, 3))
    log.grow(10)
    for _ in range(5):
        assert witness.add_checkpoint(log.submission(3, path=(os.urandom(32),))).status == 422
    assert len(list((tmp_path / "state/refused").iterdir())) == 1


def test_a_proof_must_be_right(witness, log):
    witness.add_checkpoint(log.submission(0, 3))
    log.grow(10)
    good = log.path(3)
    for path in ((), good[:-1], (*good, good[0]), good[::-1], (os.urandom(32), *good[1:])):
        assert witness.add_checkpoint(log.submission(3, path=path)).status == 422
    short = log.submission(3, path=(*good[:-1], good[-1][:31]))
    assert witness.add_checkpoint(short).status == 422
    assert witness.add_checkpoint(log.submission(3)).status == 200


def test_from_the_empty_tree_the_proof_is_empty(witness, log):
    assert witness.add_checkpoint(log.submission(0, path=[os.urandom(32)])).status == 422
    assert witness.add_checkpoint(log.submission(0, 0)).status == 200
    assert witness.add_checkpoint(log.submission(0)).status == 200


def test_an_unknown_log_is_not_found(witness, log):
    assert witness.add_checkpoint(Log(3, origin="example.com/other").submission()).status == 404


def test_a_signature_by_another_key_is_forbidden(witness, log):
    thief = SigningKey.generate(log.origin)
    assert witness.add_checkpoint(log.submission(keys=[thief])).status == 403


def test_a_broken_signature_of_the_known_key_is_forbidden(witness, log):
    raw = log.submission().replace(b"\n5\n", b"\n6\n")
    assert witness.add_checkpoint(raw).status == 403


def test_signatures_of_unknown_keys_are_ignored(witness, log):
    keys = [SigningKey.generate("example.com/somebody"), log.key]
    assert witness.add_checkpoint(log.submission(keys=keys)).status == 200


def test_an_old_size_beyond_the_checkpoint_is_a_bad_request(witness, log):
    assert witness.add_checkpoint(log.submission(7, 5, path=())).status == 400


NO_REQUESTS = {
    "nothing": lambda raw: b"",
    "only an empty line": lambda raw: b"\n\n",
    "no old line": lambda raw: raw[6:],
    "a leading zero": lambda raw: raw.replace(b"old 0", b"old 00"),
    "a sign": lambda raw: raw.replace(b"old 0", b"old -1"),
    "two spaces": lambda raw: raw.replace(b"old 0", b"old  0"),
    "another word": lambda raw: raw.replace(b"old 0", b"new 0"),
    "a digit of another script": lambda raw: raw.replace(b"old 0", "old \u0663".encode()),
    "beyond 63 bits": lambda raw: raw.replace(b"old 0", b"old 99999999999999999999"),
    "a hash that is no base64": lambda raw: raw.replace(b"old 0\n", b"old 0\n?\n"),
    "64 hashes": lambda raw: raw.replace(
        b"old 0\n", b"old 0\n" + 64 * f"{to_base64(bytes(32))}\n".encode()
    ),
    "no empty line": lambda raw: raw.replace(b"old 0\n\n", b"old 0\n"),
    "no last newline": lambda raw: raw[:-1],
    "a hyphen for the dash": lambda raw: raw.replace("\u2014".encode(), b"-"),
    "carriage returns": lambda raw: raw.replace(b"\n", b"\r\n"),
    "a size with a leading zero": lambda raw: raw.replace(b"\n5\n", b"\n05\n"),
    "no UTF-8": lambda raw: raw + b"\xff",
}


@pytest.mark.parametrize("what", NO_REQUESTS)
def test_what_is_no_request_is_a_bad_one(witness, log, what):
    assert witness.add_checkpoint(NO_REQUESTS[what](log.submission())).status == 400


def test_a_clock_that_went_back_cosigns_nothing_until_it_has_caught_up(witness, log, clock, held):
    witness.add_checkpoint(log.submission(0, 3))
    before = held.checkpoint(log.origin)
    clock.at -= 1
    assert witness.add_checkpoint(log.submission(3)).status == 503
    assert held.checkpoint(log.origin) == before
    clock.at += 1
    assert witness.add_checkpoint(log.submission(3)).status == 200


def test_what_cannot_be_kept_is_not_cosigned(witness, log, held, tmp_path, monkeypatch):
    witness.add_checkpoint(log.submission(0, 3))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audit.witness.held.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        witness.add_checkpoint(log.submission(3))
    monkeypatch.undo()
    assert witness.add_checkpoint(log.submission(0)).body == "3\n"


def test_a_memory_that_somebody_changed_cosigns_nothing(witness, log, tmp_path):
    witness.add_checkpoint(log.submission(0, 3))
    [file] = (tmp_path / "state").glob("*.checkpoint")
    file.write_bytes(file.read_bytes().replace(b"\n3\n", b"\n2\n"))
    with pytest.raises(RuntimeError, match="was changed"):
        witness.add_checkpoint(log.submission(2))


def test_a_witness_remembers_after_a_restart(witness, log, held, witness_keys, tmp_path):
    witness.add_checkpoint(log.submission())
    held.close()
    reopened = Held(tmp_path / "state")
    again = Witness(witness_keys, [log.key.verifier], reopened)
    assert again.add_checkpoint(log.forked(at=3, to=9).submission(5)).status == 422
    assert again.add_checkpoint(log.submission(0)).body == "5\n"
    reopened.close()


def test_two_witnesses_cannot_share_a_memory(held, tmp_path):
    with pytest.raises(StateInUse):
        Held(tmp_path / "state")


def test_a_log_may_have_two_keys_while_it_changes_them(log, witness_keys, held):
    new = SigningKey.generate(log.origin)
    witness = Witness(witness_keys, [log.key.verifier, new.verifier], held)
    assert witness.add_checkpoint(log.submission(0, 3)).status == 200
    assert witness.add_checkpoint(log.submission(3, 4, keys=[log.key, new])).status == 200
    assert witness.add_checkpoint(log.submission(4, 5, keys=[new])).status == 200


def test_each_log_is_remembered_for_itself(log, witness_keys, held):
    other = Log(9, origin="example.com/other")
    witness = Witness(witness_keys, [log.key.verifier, other.key.verifier], held)
    assert witness.add_checkpoint(log.submission()).status == 200
    assert witness.add_checkpoint(other.submission()).status == 200
    assert witness.add_checkpoint(log.grow(2).submission(5)).status == 200


def test_only_keys_for_cosignatures_make_a_witness(log, held):
    for keys in ([], [log.key]):
        with pytest.raises(Malformed):
            Witness(keys, [log.key.verifier], held)


def test_no_more_refused_requests_are_kept_than_fit(held, monkeypatch, tmp_path):
    monkeypatch.setattr("audit.witness.held.MOST_REFUSED", 3)
    for number in range(5):
        held.keep_refused(f"checkpoint {number}", f"request {number}".encode())
    assert len(list((tmp_path / "state/refused").iterdir())) == 3


@pytest.mark.parametrize("old", [0, 1, 4, 63])
@pytest.mark.parametrize("hashes", [0, 1, 63])
def test_a_request_reads_as_it_was_written(old, hashes):
    path = tuple(os.urandom(32) for _ in range(hashes))
    written = Submission(old, path, bytes(Log(3).note()))
    assert Submission.of(bytes(written)) == written


def test_every_pair_of_sizes_is_judged_rightly(witness_keys, clock, tmp_path):
    log = Log(17)
    for number, (old, new) in enumerate(itertools.combinations(range(1, 18), 2)):
        state = Held(tmp_path / str(number))
        witness = Witness(witness_keys[:1], [log.key.verifier], state, now=clock)
        witness.add_checkpoint(log.submission(0, old))
        other = log.forked(at=old - 1, to=new)
        assert witness.add_checkpoint(other.submission(old, new)).status == 422
        assert witness.add_checkpoint(log.submission(old, new)).status == 200
        state.close()
