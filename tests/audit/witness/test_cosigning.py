"""The courier: carries checkpoints to real witnesses, keeps what they answer, raises what they contradict."""

from datetime import timedelta

import httpx
import pytest

from audit.completeness.alarms import open_alarms
from audit.completeness.models import WitnessStanding
from audit.models import Checkpoint, Cosignature, Event, Tree
from audit.outgoing import Answer
from audit.sealing import note_of
from audit.tlog.keys import SignatureType, SigningKey, VerifierKey
from audit.tlog.merkle import consistency_path, root_of
from audit.tlog.notes import Signature, open_checkpoint
from audit.tlog.policy_file import parse_policy
from audit.witness import cosigning as module
from audit.witness.cosigned import witnessed_size
from audit.witness.cosigning import Cosigning
from audit.witness.courier import Courier
from audit.witness.submission import Submission
from tests.audit.sealing import SealedLog, tamper
from tests.audit.witness.process import WitnessProcess
from tests.support.log import ORIGIN, url, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path, settings):
    return SealedLog(tmp_path / "log", settings)


@pytest.fixture
def running(log, tmp_path):
    process = WitnessProcess(tmp_path, str(log.key.verifier))
    yield process
    process.stop()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def policy_of(log, *witnesses, quorum="both"):
    lines = [f"log {log.key.verifier}"]
    for number, (vkey, address) in enumerate(witnesses):
        lines.append(f"witness w{number} {vkey} {address}")
    names = [f"w{number}" for number in range(len(witnesses))]
    lines += [f"group both all {' '.join(names)}", f"quorum {quorum}", ""]
    return parse_policy("\n".join(lines).encode())


@pytest.fixture
def cosigning(log, running):
    policy = policy_of(log, *[(vkey, running.url) for vkey in running.vkeys])
    return Cosigning(policy, url("signer"), clock=Clock())


def test_a_checkpoint_is_cosigned_and_witnessed(log, running, cosigning):
    log.grow(5)
    assert cosigning.round() == 1
    assert Cosignature.objects.count() == 2
    assert witnessed_size(ORIGIN) == 5
    note = note_of(Checkpoint.objects.get())
    keys = [log.key.verifier, *map(VerifierKey.of, running.vkeys)]
    _, verified, _ = open_checkpoint(bytes(note), keys)
    assert len(verified) == 3
    standing = WitnessStanding.objects.get()
    assert (standing.label, standing.size, standing.trouble) == ("w0, w1", 5, "")


def test_nobody_is_asked_twice_for_the_same(log, running, cosigning):
    log.grow(5)
    assert cosigning.round() == 1
    assert cosigning.round() == 0


def test_a_growing_log_is_cosigned_again_and_again(log, running, cosigning):
    for events in (1, 1, 6, 300):
        log.grow(events)
        assert cosigning.round() == 1
    assert witnessed_size(ORIGIN) == 308


def test_checkpoints_between_two_rounds_are_left_out(log, running, cosigning):
    log.grow(3)
    cosigning.round()
    log.grow(3)
    log.grow(3)
    assert cosigning.round() == 1
    assert Cosignature.objects.filter(checkpoint__size=6).count() == 0
    assert witnessed_size(ORIGIN) == 9


def test_what_a_witness_holds_is_asked_for_when_it_was_forgotten(log, running, cosigning):
    log.grow(3)
    cosigning.round()
    WitnessStanding.objects.all().delete()
    log.grow(3)
    assert cosigning.round() == 1


def test_without_an_entry_nobody_is_asked(log, running, cosigning):
    assert cosigning.round() == 0


def test_a_witness_that_is_away_stops_nothing_and_is_asked_again_later(log, running, cosigning):
    log.grow(3)
    running.kill()
    assert cosigning.round() == 0
    assert "did not answer" in WitnessStanding.objects.get().trouble
    assert open_alarms() == []
    running.start()
    running.url_before = running.url
    assert cosigning.round() == 0  # it pauses
    cosigning.clock.now += 10
    cosigning.policy = policy_of(log, *[(vkey, running.url) for vkey in running.vkeys])
    assert cosigning.round() == 1
    assert WitnessStanding.objects.get().trouble == ""


def test_a_quorum_needs_every_witness_that_the_policy_asks_for(log, running):
    absent = SigningKey.generate("witness.example.org/w9", VerifierKey.of(running.vkeys[0]).type)
    closed = "http://127.0.0.1:9"
    policy = policy_of(log, (running.vkeys[0], running.url), (absent.verifier, closed))
    log.grow(3)
    assert Cosigning(policy, url("signer")).round() == 1
    assert witnessed_size(ORIGIN) == 0
    enough = policy_of(log, (running.vkeys[0], running.url), (absent.verifier, closed), quorum="w0")
    log.grow(1)
    assert Cosigning(enough, url("signer")).round() == 1
    assert witnessed_size(ORIGIN) == 4


def test_a_log_that_was_cut_back_is_told_by_its_witness(
    log, running, cosigning, tmp_path, settings
):
    """The database and the files were restored from a backup: the witness remembers more."""
    log.grow(5)
    cosigning.round()
    longer = [*log.leaves, bytes(32), bytes(32)]
    ahead = log.signed(longer)
    path = consistency_path(5, 7, lambda h, i: root_of(longer[i << h : (i + 1) << h]))
    submission = Submission(5, tuple(path), bytes(ahead))
    assert running.add_checkpoint(bytes(submission)).status_code == 200
    log.grow(1)  # the restored log goes on from 5, and has 6
    assert cosigning.round() == 0
    [alarm] = open_alarms()
    assert "holds 7 entries" in alarm.sentence
    assert "entries that were published are missing here" in alarm.sentence
    assert Event.objects.filter(type="audit.alarm_raised", facts__outcome="failure").exists()


def test_a_forked_log_is_told_by_its_witness(log, running, cosigning):
    """Another history under the same key, of the same and of a larger size."""
    log.grow(5)
    other = log.signed([*log.leaves[:4], bytes(32)])
    assert running.add_checkpoint(bytes(Submission(0, (), bytes(other)))).status_code == 200
    assert cosigning.round() == 0
    assert "the log was forked" in open_alarms()[0].sentence
    log.grow(2)
    cosigning.clock.now += 10
    assert cosigning.round() == 0
    assert "the log was forked" in open_alarms()[0].sentence
    assert witnessed_size(ORIGIN) == 0


def test_an_alarm_ends_when_the_witness_cosigns_again(log, running, cosigning, monkeypatch):
    log.grow(3)
    monkeypatch.setattr(module, "post", lambda *a, **k: Answer(409, b"9\n"))
    cosigning.round()
    assert len(open_alarms()) == 1
    monkeypatch.undo()
    cosigning.clock.now += 10
    assert cosigning.round() == 1
    assert open_alarms() == []


def test_a_checkpoint_that_was_signed_meanwhile_is_no_contradiction(log, cosigning, monkeypatch):
    log.grow(3)

    def grows(address, body, headers):
        log.grow(2)
        return Answer(409, b"5\n")

    monkeypatch.setattr(module, "post", grows)
    assert cosigning.round() == 0
    assert open_alarms() == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(404, b"who?"), "does not know the log"),
        (Answer(403, b""), "does not know our signing key"),
        (Answer(500, b"oh\x00 dear"), "answered 500 (“oh dear”)"),
        (Answer(200, b""), "no valid cosignature"),
        (Answer(200, b"<html>"), "no valid cosignature"),
        (Answer(200, "— somebody YWJjZGVm\n".encode()), "keys that are not its own"),
        (Answer(409, b"many"), "does not say which it holds"),
        (Answer(409, b"0\n"), "another size each time"),
    ],
    ids=lambda each: f"{each.status} {each.content!r}" if isinstance(each, Answer) else "",
)
def test_what_a_witness_says_otherwise_is_told_and_raises_no_alarm(
    log, cosigning, monkeypatch, answer, told
):
    log.grow(3)
    monkeypatch.setattr(module, "post", lambda *a, **k: answer)
    assert cosigning.round() == 0
    assert told in WitnessStanding.objects.get().trouble
    assert open_alarms() == []


def test_a_forged_cosignature_is_not_kept(log, running, cosigning, monkeypatch):
    log.grow(3)
    real = module.post

    def forging(address, body, headers):
        answer = real(address, body, headers)
        return Answer(answer.status, answer.text.replace("A", "B").encode())

    monkeypatch.setattr(module, "post", forging)
    cosigning.round()
    assert Cosignature.objects.count() == 0


def test_a_log_goes_on_while_its_witness_refuses(log, running, cosigning, monkeypatch):
    monkeypatch.setattr(module, "post", lambda *a, **k: Answer(500, b""))
    for _ in range(3):
        log.grow(1)
        cosigning.clock.now += 1000
        cosigning.round()
    assert Tree.objects.get().size == 3
    write("thing/1")


def test_a_witness_that_was_away_for_long_is_asked_every_few_minutes(log, cosigning, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "post", lambda *a, **k: asked.append(1) or Answer(500, b""))
    log.grow(1)
    for _ in range(12):
        cosigning.clock.now += 100_000
        cosigning.round()
    assert len(asked) == 12
    cosigning.clock.now += module.LONGEST_PAUSE - 1
    cosigning.round()
    assert len(asked) == 12
    cosigning.clock.now += 2
    cosigning.round()
    assert len(asked) == 13


def test_a_witness_inside_the_network_is_called_only_if_it_is_allowed(
    log, running, cosigning, settings
):
    settings.OUTGOING_ALLOWED_HOSTS = []
    log.grow(3)
    assert cosigning.round() == 0
    assert "OUTGOING_ALLOWED_HOSTS" in WitnessStanding.objects.get().trouble
    assert httpx.get(f"{running.url}/livez").status_code == 200


def test_a_witness_whose_clock_is_apart_raises_an_alarm(log, cosigning, monkeypatch):
    real = module.timezone.now
    log.grow(3)
    monkeypatch.setattr(module.timezone, "now", lambda: real() - timedelta(minutes=10))
    assert cosigning.round() == 1
    monkeypatch.undo()
    [alarm] = open_alarms()
    assert "the witness w0, w1" in alarm.sentence
    log.grow(1)
    assert cosigning.round() == 1
    assert open_alarms() == []


@pytest.mark.parametrize("stated", [0, 2**63, 2**64 - 1])
def test_a_cosignature_of_no_time_is_not_kept_and_stops_nothing(log, monkeypatch, stated):
    witness = SigningKey.generate("witness.example.org/w1", SignatureType.ED25519_COSIGNATURE)
    policy = policy_of(log, (witness.verifier, "http://127.0.0.1:9"))
    note = log.grow(3)
    line = Signature(witness.name, witness.verifier.key_id, witness.sign(note.text, at=stated))
    monkeypatch.setattr(module, "post", lambda *a, **k: Answer(200, str(line).encode()))
    assert Cosigning(policy, url("signer")).round() == 0
    assert "states a time that is none" in WitnessStanding.objects.get().trouble
    assert Cosignature.objects.count() == 0


def test_a_cosignature_that_somebody_changed_does_not_end_the_courier(log, cosigning, caplog):
    log.grow(3)
    cosigning.round()
    tamper("UPDATE audit_cosignature SET line = 'no line'", "DELETE FROM audit_quorum")
    tamper("DELETE FROM audit_cosignature WHERE id = (SELECT max(id) FROM audit_cosignature)")
    tamper("UPDATE audit_cosignature SET name = 'somebody'")
    courier = Courier(cosigning)
    courier.stopping.wait = lambda _seconds: courier.stopping.set()
    courier.run()
    assert "What is kept of the log cannot be used" in caplog.text
