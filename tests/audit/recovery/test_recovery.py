"""A restored database is brought back to what was signed, or a new log is opened that says where it ended."""

import json
import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.doctor.contents import check_entries, check_queue, check_streams
from audit.doctor.guards import check_triggers
from audit.doctor.tree import check_sealing, check_tree
from audit.models import Checkpoint as Kept
from audit.models import Event, Halt, Leaf, Tree
from audit.signer.database import connect, halt
from audit.signer.errors import Refused
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.merkle import check_inclusion, leaf_hash
from audit.tlog.notes import Note, open_checkpoint
from tests.audit.sequencer.test_batches import assert_streams_in_order, assert_whole
from tests.audit.signer.test_signing import assert_published
from tests.support.log import ORIGIN, sequence, url, write

CHECKS = (
    check_streams, check_queue, check_entries, check_triggers, check_tree, check_sealing,
)  # fmt: skip


TAKEN = """
INSERT INTO audit_event
    (uid, xid, recorded_at, db_user, stream, stream_seq, type, actor, facts, entry, leaf_hash)
SELECT '{}', xid, recorded_at, db_user, 'x/1', 1, type, actor, facts, entry, leaf_hash
FROM audit_event LIMIT 1
"""


@pytest.fixture
def recover(signed, monkeypatch):
    """Run the command where the signer runs, as the owner."""
    for name, value in signed.environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments, role="owner"):
        usual = connection.settings_dict["USER"]
        connection.close()
        connection.settings_dict["USER"] = f"gatehouse_{role}"
        out = StringIO()
        try:
            call_command("recover_log", *arguments, stdout=out)
        finally:
            connection.close()
            connection.settings_dict["USER"] = usual
        return out.getvalue()

    return run


def refuse(signed):
    """Let the signer look, and halt everything."""
    with pytest.raises(Refused) as refused:
        signed.sign()
    with connect(url("signer")) as connection_:
        halt(connection_, str(refused.value))


def content():
    """Every entry in the order of the tree."""
    return [bytes(event.entry) for event in Event.objects.order_by("leaf__idx")]


def assert_well():
    assert_whole()
    assert [check().sentence for check in CHECKS if not check().ok] == []
    assert not Halt.objects.exists()


@pytest.mark.parametrize("size", [0, 1, 13, 19])
def test_lost_entries_come_back_from_the_published_files(signed, restored, recover, size):
    before = content()
    restored(size)
    refuse(signed)
    assert "restored from an older state" in recover()
    told = recover("--reimport")
    assert f"{size} leaves were as they were signed, {20 - size} entries came back" in told
    sequence()
    assert content()[:20] == before
    assert Event.objects.latest("leaf__idx").type == "audit.log_recovered"
    assert_well()
    assert_streams_in_order()
    # And life goes on: the streams' numbers too.
    write(times=2)
    sequence()
    signed.sign()
    assert_published(signed, 23)


def test_what_was_recorded_since_the_restore_waits_for_new_places(signed, restored, recover):
    before = content()
    restored(15)
    write("thing/2", 9)
    sequence()
    write("thing/3", 2)
    refuse(signed)
    assert "15 leaves were as they were signed, 5 entries came back, and 9 wait" in recover(
        "--reimport"
    )
    sequence()
    assert content()[:20] == before
    assert_well()
    assert_streams_in_order()
    signed.sign()
    assert_published(signed, 32)


def test_numbers_that_were_given_again_leave_a_new_log_only(signed, restored, recover):
    restored(15)
    write("thing/1")
    refuse(signed)
    held = Tree.objects.values().get(), Event.objects.count()
    with pytest.raises(CommandError, match="Number 16 of the stream thing/1 was given to another"):
        recover("--reimport")
    assert (Tree.objects.values().get(), Event.objects.count()) == held
    assert Halt.objects.exists()


def test_a_new_log_begins_with_the_last_checkpoint_of_the_old_one(signed, restored, recover):
    old = {path: path.read_bytes() for path in signed.root.rglob("*") if path.is_file()}
    note = signed.files.checkpoint()
    proof = signed.files.inclusion_path(17, 20)
    lost = content()[17]
    restored(15)
    write("thing/1", 3)
    refuse(signed)
    assert f"{ORIGIN}/2 is open" in recover("--open-new")
    assert Tree.objects.get().incarnation == 2
    first = Event.objects.get(leaf__idx=0)
    assert (first.type, first.stream, first.stream_seq) == ("audit.log_reopened", "audit-log/2", 1)
    assert first.facts["data"]["checkpoint"].encode() == note
    sequence()
    assert_well()
    assert_streams_in_order()
    assert Leaf.objects.count() == 19
    signed.sign()
    new = signed.root / "2"
    key = signed.key.named(f"{ORIGIN}/2")
    checkpoint, _, _ = open_checkpoint((new / "checkpoint").read_bytes(), [key.verifier])
    assert checkpoint == Checkpoint(f"{ORIGIN}/2", 19, bytes(Tree.objects.get().root))
    assert (new / "log.vkey").read_text() == f"{key.verifier}\n"
    # What was published stays, and its proofs hold.
    assert all(path.read_bytes() == data for path, data in old.items())
    ended, _, _ = open_checkpoint(note, [signed.key.verifier])
    check_inclusion(17, 20, leaf_hash(lost), proof, ended.root)
    assert json.loads((signed.home / "state.json.1").read_bytes())["size"] == 20
    # And the third one is the second one's successor.
    restored(15)
    with pytest.raises(Refused, match="/2, and 19 are signed"):
        signed.sign()
    assert f"{ORIGIN}/3 is open" in recover("--open-new")
    sequence()
    signed.sign()
    assert Note.of((signed.root / "3" / "checkpoint").read_bytes()).text.startswith(
        f"{ORIGIN}/3\n16\n"
    )


def test_an_opening_that_was_cut_short_is_finished(signed, restored, recover):
    restored(15)
    state = signed.state_file.read_bytes()
    recover("--open-new")
    signed.state_file.write_bytes(state)
    refuse(signed)
    events = Event.objects.count()
    assert "/2 is open" in recover("--open-new")
    assert Event.objects.count() == events
    Halt.objects.exists()


def test_files_that_are_not_whole_bring_nothing_back(signed, restored, recover):
    restored(15)
    good = signed.home / "good"
    shutil.copytree(signed.root, good)
    cases = {
        "tile/0/000.p/20": (lambda data: data[:-32], "is cut short"),
        "tile/entries/000.p/20": (lambda data: data[:-3], "cannot be read"),
        "tile/0/000.p/": (lambda data: bytes(len(data)), "do not lead to the root"),
    }
    for path, (bend, says) in cases.items():
        file = signed.root / (path + "20" if path.endswith("/") else path)
        file.write_bytes(bend(file.read_bytes()))
        with pytest.raises(CommandError, match=says):
            recover("--reimport")
        shutil.rmtree(signed.root)
        shutil.copytree(good, signed.root)
    assert Tree.objects.get().size == 15
    recover("--reimport")
    assert Tree.objects.get().size == 20


def test_an_event_that_took_the_id_of_a_lost_one_is_not_taken_for_it(
    signed, restored, recover, superuser_does
):
    lost = Event.objects.get(leaf__idx=17).uid
    restored(15)
    superuser_does(TAKEN.format(lost))
    with pytest.raises(CommandError, match=f"The event {lost} in the database is another than"):
        recover("--reimport")
    assert Tree.objects.get().size == 15


def test_a_checkpoint_that_lags_behind_the_memory_is_not_kept_for_it(signed, restored, recover):
    before = signed.files.checkpoint()
    write()
    sequence()
    signed.sign()
    (signed.root / "checkpoint").write_bytes(before)
    restored(15)
    recover("--reimport")
    assert not Kept.objects.exists()


def test_only_the_owner_recovers(signed, restored, recover):
    restored(15)
    for way in ("--reimport", "--open-new"):
        with pytest.raises(CommandError, match="GATEHOUSE_DB_ROLE=owner"):
            recover(way, role="app")


def test_a_signer_without_memory_has_nothing_to_recover(signed, recover):
    signed.state_file.unlink()
    with pytest.raises(CommandError, match="has no memory"):
        recover("--reimport")


def test_a_log_that_is_well_is_said_to_be_well(signed, recover):
    assert "at least as much as was signed" in recover()
    with pytest.raises(CommandError, match="no account nobody"):
        recover("--reimport", "--by", "nobody")
