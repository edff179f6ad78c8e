"""What the signer does not sign: another tree than the one it remembers, in whatever way it came about."""

import json
import shutil

import pytest

from audit.models import Halt
from audit.sequencer.batch import Halted
from audit.sequencer.run import Sequencer
from audit.signer.errors import CannotSign, Refused
from audit.signer.run import Service
from audit.tlog.tiles import tiles_of
from tests.support.log import ORIGIN, Signing, sequence, url, write

RENAMED = "UPDATE audit_tree SET origin = 'log.example/gatehouse/2', incarnation = 2"


def before(signing):
    return (signing.files.checkpoint(), signing.state_file.read_bytes())


def assert_refused(signing, says, error=Refused):
    held = before(signing)
    signing.again()
    with pytest.raises(error, match=says):
        signing.sign()
    assert before(signing) == held


def test_a_database_restored_from_a_backup_is_told_by_its_size(signed, restored):
    restored(15)
    assert_refused(signed, f"holds 15 entries of {ORIGIN}, and 20 are signed: it was restored")


def test_a_restored_database_that_grew_as_far_again_is_told_by_its_root(signed, restored):
    restored(15)
    write("thing/2", 5)
    sequence()
    assert_refused(signed, "is another than the one that was signed")


def test_a_restored_database_that_grew_further_is_told_by_its_entries(signed, restored):
    restored(15)
    write("thing/2", 9)
    sequence()
    assert_refused(signed, "Among the entries 0 to 19 .* another than the one that was signed")


def test_an_emptied_database_is_told(signed, restored, superuser_does):
    restored(0)
    assert_refused(signed, "holds 0 entries")
    superuser_does("UPDATE audit_tree SET origin = ''")
    assert_refused(signed, "holds 0 entries")


def test_another_database_is_told_by_its_name(signed, superuser_does):
    superuser_does(RENAMED)
    assert_refused(
        signed, "holds the log log.example/gatehouse/2, and log.example/gatehouse was signed"
    )


TAMPERINGS = {
    "an entry that waits for its signature": "UPDATE audit_event SET entry = entry || ' ' WHERE id = "
    "(SELECT event_id FROM audit_leaf WHERE idx = 22)",
    "an entry and its hash": "UPDATE audit_event SET entry = 'x', leaf_hash = sha256('\\x0078'::bytea)"
    " WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 22)",
    "a leaf": "UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE idx = 21;"
    "UPDATE audit_tree SET root = sha256('x')",
    "a signed entry of the last bundle": "UPDATE audit_event SET entry = 'x' WHERE id = "
    "(SELECT event_id FROM audit_leaf WHERE idx = 3)",
    "an event that is gone": "DELETE FROM audit_event WHERE id = "
    "(SELECT event_id FROM audit_leaf WHERE idx = 22)",
    "a leaf that is gone": "DELETE FROM audit_leaf WHERE idx = 21",
    "two leaves that changed places": "UPDATE audit_leaf SET event_id = -event_id WHERE idx IN (21, 22);"
    "UPDATE audit_leaf l SET event_id = -o.event_id FROM audit_leaf o WHERE l.idx IN (21, 22) AND "
    "o.idx = 43 - l.idx",
    "the root": "UPDATE audit_tree SET root = sha256('x')",
    "the size": "UPDATE audit_tree SET size = 24",
}


@pytest.mark.parametrize("deed", TAMPERINGS.values(), ids=TAMPERINGS)
def test_what_a_superuser_bends_before_it_is_signed_is_not_signed(signed, superuser_does, deed):
    write("thing/2", 5)
    sequence()
    superuser_does(*deed.split(";"))
    assert_refused(signed, "another than the one|do not lead to the root|is missing")


def test_a_refusal_halts_every_sequencer_and_the_halt_says_why(signed, restored):
    restored(15)
    service = Service(url("signer"), signed.again())

    def say(sentence):
        service.stopping.set()
        said.append(sentence)

    said = []
    service._say = say
    service.run()
    assert "restored from an older state" in said[0]
    assert [halt.reason for halt in Halt.objects.all()] == said
    write("thing/2")
    with pytest.raises(Halted, match=r"manage\.py recover_log"):
        sequence()


def test_a_sequencer_that_sees_the_published_log_does_not_even_begin(signed, restored):
    restored(15)
    with pytest.raises(Halted, match=r"20 entries of .* are published, and the database holds 15"):
        Sequencer(url("sequencer"), ORIGIN, signed.root).connect()
    Sequencer(url("sequencer"), ORIGIN, signed.root / "elsewhere").connect().close()


# ── the signer's own memory ──────────────────────────────────────────────────────────────────────


def test_a_lost_memory_is_not_made_up(signed):
    signed.state_file.unlink()
    signed.again()
    with pytest.raises(
        CannotSign, match=r"20 entries of .* are published, and the signer's memory"
    ):
        signed.sign()
    assert not signed.state_file.exists()


def test_a_lost_memory_is_taken_from_the_published_checkpoint_when_told_so(signed):
    kept = json.loads(signed.state_file.read_bytes())
    signed.state_file.unlink()
    write(times=3)
    sequence()
    signed.again(adopting=True)
    assert signed.sign()
    assert signed.checkpoint.size == 23
    again = json.loads(signed.state_file.read_bytes())
    assert again["keys"] == kept["keys"]


def test_nothing_is_adopted_that_the_database_does_not_hold(signed, restored, superuser_does):
    signed.state_file.unlink()
    superuser_does(
        "UPDATE audit_event SET entry = 'x' WHERE id = (SELECT min(id) FROM audit_event)"
    )
    signed.again(adopting=True)
    with pytest.raises(Refused, match="do not lead to the root"):
        signed.sign()
    restored(15)
    with pytest.raises(Refused, match="restored from an older state"):
        signed.sign()


def test_an_older_copy_of_the_memory_is_told_by_the_published_checkpoint(signed):
    copy = signed.state_file.read_bytes()
    write()
    sequence()
    signed.sign()
    signed.state_file.write_bytes(copy)
    assert_refused(signed, "put back from an older copy", CannotSign)


@pytest.mark.parametrize("torn", [b"", b"{", b"[]", b'{"format": 1}', b"\xff", b"null"])
def test_a_torn_memory_is_named(signed, torn):
    signed.state_file.write_bytes(torn)
    assert_refused(signed, "memory .*state.json cannot be used", CannotSign)


def test_a_memory_that_was_bent_is_told_by_its_root(signed):
    state = json.loads(signed.state_file.read_bytes())
    state["edge"][0].pop()
    state["size"] -= 1
    signed.state_file.write_text(json.dumps(state))
    assert_refused(signed, "its root is not that of its tree", CannotSign)


def test_a_signer_that_stopped_before_it_published_does_so_when_it_starts(signed):
    old = signed.files.checkpoint()
    write()
    sequence()
    signed.sign()
    (signed.root / "checkpoint").write_bytes(old)
    signed.again()
    assert signed.sign()
    assert signed.checkpoint.size == 21
    (signed.root / "checkpoint").unlink()
    signed.again()
    assert signed.sign()
    assert signed.checkpoint.size == 21


@pytest.mark.parametrize("lost", ["", "tile/0", "tile/entries", "checkpoint"])
def test_files_that_are_lost_are_published_anew(signed, superuser_does, lost):
    write(times=280)
    sequence()
    signed.sign()
    write(times=20)
    sequence()
    signed.sign()
    before = {path: path.read_bytes() for path in signed.root.rglob("*") if path.is_file()}
    gone = signed.root / lost
    if gone.is_file():
        gone.unlink()
    elif gone.exists():
        shutil.rmtree(gone)
    signed.again()
    signed.sign()
    needed = {signed.root / tile.path for tile in tiles_of(320)} | {signed.root / "checkpoint"}
    assert all(path.read_bytes() == before[path] for path in needed)


def test_lost_files_are_not_made_up_from_entries_that_were_changed(signed, superuser_does):
    shutil.rmtree(signed.root / "tile")
    superuser_does(
        "UPDATE audit_event SET entry = 'x' WHERE id = (SELECT min(id) FROM audit_event)"
    )
    assert_refused(signed, "do not lead to the root")


def test_a_full_disk_costs_nothing_but_time(signed, monkeypatch):
    write(times=300)
    sequence()
    held = before(signed)

    def full(*_):
        raise OSError(28, "No space left on device")

    for name in ("audit.publishing.store._write", "audit.publishing.store._sync_directory"):
        with monkeypatch.context() as patch:
            patch.setattr(name, full)
            signed.again()
            with pytest.raises(OSError, match="No space"):
                signed.sign()
    assert signed.files.checkpoint() == held[0]
    signed.again()
    assert signed.sign()
    assert signed.checkpoint.size == 320
    assert not list(signed.root.rglob(".*"))


def test_a_second_signer_waits_for_the_first(signed, tmp_path):
    first, second = (Service(url("signer"), signed.again()) for _ in range(2))
    lock = first._only_one()
    second.stopping.wait = lambda _seconds: second.stopping.set()
    assert second._only_one() is None
    lock.close()
    second.stopping.clear()
    second._only_one().close()


def test_a_new_signer_does_not_write_over_a_log_that_other_keys_signed(signed, tmp_path):
    (tmp_path / "other").mkdir()
    other = Signing(tmp_path / "other")
    shutil.copytree(signed.root, other.root)
    held = other.files.checkpoint()
    for adopting in (False, True):
        other.again(adopting=adopting)
        with pytest.raises(CannotSign, match="signed by none of the keys"):
            other.sign()
    assert other.files.checkpoint() == held
    assert not other.state_file.exists()
    shutil.rmtree(other.root)
    assert other.sign()
    assert other.checkpoint.size == 20


@pytest.mark.parametrize("torn", [b"", b"log.example/gatehouse\n20\n"])
def test_without_a_memory_a_torn_checkpoint_is_not_taken_for_none(signed, torn):
    signed.state_file.unlink()
    (signed.root / "checkpoint").write_bytes(torn)
    signed.again()
    with pytest.raises(CannotSign, match="is torn, or signed by none of the keys"):
        signed.sign()
    assert not signed.state_file.exists()


@pytest.mark.parametrize("name", ["tile/0/000", "tile/1/000.p/1", "tile/entries/001.p/64"])
def test_files_that_are_torn_are_published_anew_at_the_next_start(signed, name):
    write(times=300)
    sequence()
    signed.sign()
    whole = (signed.root / name).read_bytes()
    (signed.root / name).write_bytes(whole[:17])
    signed.again()
    signed.sign()
    assert (signed.root / name).read_bytes() == whole
