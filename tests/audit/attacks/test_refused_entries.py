"""An entry that two readers could read differently gets into the table, and not into the tree."""

import json
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from audit.actions.settle_refused import settle_refused
from audit.canonical import canonical
from audit.completeness.alarms import open_alarms
from audit.completeness.verification import verify_log
from audit.completeness.watch import watch
from audit.doctor.contents import check_queue
from audit.models import Event, Leaf, RefusedEntry, Tree
from audit.proving import prove
from audit.sealing import NotSealed, proof_of
from audit.sequencer.batch import take_batch
from audit.sequencer.form import DEEPEST, flaw_of, has_plain_numbers
from audit.verify import gatehouse_verify as verifier
from tests import factories as make
from tests.audit.sealing import tamper
from tests.support.log import connected, sequence, write

ACTOR = '"actor":{"id":"usr_1"}'
TRAPS = {
    "says a thing twice": f'{{{ACTOR},"type":"tests.plain","type":"tests.other"}}',
    "says a thing twice further in": f'{{{ACTOR},"data":{{"a":1,"a":2}},"type":"t"}}',
    "says a thing twice in two spellings": f'{{{ACTOR},"data":{{"a":1,"\\u0061":2}},"type":"t"}}',
    "is in another order": f'{{"type":"t",{ACTOR}}}',
    "is in another order further in": f'{{{ACTOR},"data":{{"b":1,"a":2}},"type":"t"}}',
    "has room between": f'{{{ACTOR}, "type":"t"}}',
    "has a line break at its end": f'{{{ACTOR},"type":"t"}}\n',
    "escapes what needs no escape": f'{{{ACTOR},"type":"\\u0074"}}',
    "escapes a slash": f'{{{ACTOR},"data":{{"a":"\\/"}},"type":"t"}}',
    "escapes in capitals": f'{{{ACTOR},"data":{{"a":"\\u001F"}},"type":"t"}}',
    "has a fraction": f'{{{ACTOR},"data":{{"a":1.5}},"type":"t"}}',
    "has a fraction of nothing": f'{{{ACTOR},"data":{{"a":[1.0]}},"type":"t"}}',
    "has a fraction below nothing": f'{{{ACTOR},"data":{{"a":-1.5}},"type":"t"}}',
    "has a fraction in a list": f'{{{ACTOR},"data":{{"a":[1,-2.5]}},"type":"t"}}',
    "has an exponent": f'{{{ACTOR},"data":{{"a":1e2}},"type":"t"}}',
    "has a minus and nothing": f'{{{ACTOR},"data":{{"a":-0}},"type":"t"}}',
    "has more digits than readers keep": f'{{{ACTOR},"data":{{"a":9007199254740993}},"type":"t"}}',
    "has too many digits in a list": f'{{{ACTOR},"data":{{"a":[1,-9007199254740993]}},"type":"t"}}',
    "has very many digits": f'{{{ACTOR},"data":{{"a":{"9" * 400}}},"type":"t"}}',
    "has a key that is not ASCII": f'{{{ACTOR},"data":{{"é":1}},"type":"t"}}',
    "is nested too deeply": f'{{{ACTOR},"data":{{"a":{"[" * 900}{"]" * 900}}},"type":"t"}}',
    "has a number for its type": f'{{{ACTOR},"type":7}}',
    "has a number for its actor": '{"actor":{"id":7},"type":"t"}',
    "has a list for its data": f'{{{ACTOR},"data":[1],"type":"t"}}',
    "has an object for its project": f'{{{ACTOR},"project":{{}},"type":"t"}}',
}
HARMLESS = {
    "letters of the world": {"text": "Ωλ 漢字 é\u2028\u2029"},
    "a letter beyond the first plane": {"text": "🚀"},
    "control characters": {"text": '\x01\x1f\x7f\b\f\n\r\t"\\/'},
    "what looks like a number": {"text": "a:1.5 ,2e3 [7.0 1234567890123456789"},
    "the largest number": {"n": 2**53 - 1, "m": -(2**53 - 1)},
    "nothing at all": {"n": None, "yes": True, "no": False, "empty": [], "none": {}},
    "many lists": {"all": [[number] for number in range(100)]},
}


def attempt(body, stream="thing/9"):
    with connected("app") as app:
        app.execute("INSERT INTO audit_event (stream, body) VALUES (%s, %s)", [stream, body])


def findings():
    return " ".join(verify_log(with_files=False).findings)


def alarms():
    watch()
    return {alarm.kind: alarm.sentence for alarm in open_alarms()}


@pytest.mark.django_db(transaction=True)
def test_the_application_that_writes_an_entry_of_two_meanings_gets_it_refused():
    for trap, body in TRAPS.items():
        attempt(body, trap)
    write("thing/1")
    sequence()
    refused = {each.event.stream: each for each in RefusedEntry.objects.all()}
    assert set(refused) == set(TRAPS)
    for each in refused.values():
        assert flaw_of(bytes(each.event.entry)) == each.reason
    assert [leaf.event.stream for leaf in Leaf.objects.all()] == ["thing/1"]
    first = refused["says a thing twice"]
    assert f"Somebody recorded past the portal. Event {first.pk}" in alarms()["refused"]
    assert f"Event {first.pk} (says a thing twice #1, recorded by gatehouse_app" in findings()
    assert check_queue().ok
    with pytest.raises(NotSealed, match="kept out of the log"):
        proof_of(first.event)
    proven = prove(first.event)
    assert proven.state == "failed"
    assert "It was kept out of the log." in " ".join(proven.failures)


@pytest.mark.django_db(transaction=True)
def test_what_only_looks_dangerous_is_put_into_the_tree():
    for data in HARMLESS.values():
        attempt(canonical({"actor": {"id": "usr_1"}, "data": data, "type": "t"}).decode())
    assert sequence() == len(HARMLESS)
    assert not RefusedEntry.objects.exists()
    assert Leaf.objects.count() == len(HARMLESS)
    for event in Event.objects.all():
        assert verifier.entry_of(bytes(event.entry))["id"] == str(event.uid)


def test_what_every_entry_has_is_not_taken_for_a_number():
    data = {
        "digest": "sha256:12e4" + "0" * 60,
        "image": "registry.example.com:5000/part:1.27.0",
        "request": "1234e678-12e4-4e12-81e2-000000000000",
        "at": "2026-03-03T14:05:00.123456Z",
        "number": 12,
        "numbers": [1, -2],
    }
    body = {"actor": {"id": "usr_1"}, "data": data, "type": "t"}
    assert has_plain_numbers(canonical({"at": data["at"], "body": body, "v": 1}))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "stream", ["", "x" * 201, "x" * 30_000, "thing/é", "thing/\n1", 'thing/"1', "thing/\\1", "\x7f"],
    ids=["none", "long", "endless", "accent", "line", "quote", "backslash", "control"],
)  # fmt: skip
def test_a_stream_that_verifiers_would_not_read_is_refused(log, stream):
    attempt(f'{{{ACTOR},"type":"t"}}', stream)
    write("x" * 200)
    log.seal()
    assert "The name of its stream" in RefusedEntry.objects.get().reason
    report = verifier.verify(
        str(log.root), verifier.Trust([verifier.Key.of(str(log.key.verifier))])
    )
    assert report.status(strict=False) == verifier.VERIFIED, report.findings


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(-(2**54), 2**54) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    texts | numbers | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


@given(data=st.dictionaries(texts, anything, max_size=4), how=st.integers(0, 5))
def test_what_the_sequencer_lets_in_every_verifier_reads(data, how):
    body = {"actor": {"id": "usr_1"}, "data": data, "type": "t"}
    said = {
        "at": "2026-03-03T14:05:00.000000Z",
        "body": body,
        "db": "x",
        "id": "1",
        "s": "a/1",
        "seq": 1,
        "v": 1,
    }
    ways = {"sort_keys": how % 2 == 0, "ensure_ascii": how // 2 == 1}
    if how < 4:
        ways["separators"] = (",", ":")
    entry = json.dumps(said, **ways).encode()
    if flaw_of(entry) is None:
        assert verifier.entry_of(entry) == said
        assert orjson.loads(entry) == said
    try:
        is_ours = canonical(said) == entry
    except (TypeError, ValueError):
        is_ours = False
    assert (flaw_of(entry) is None) == is_ours


def test_the_depth_that_is_let_in_is_one_that_python_reads_anywhere():
    def nested(levels):
        body = f'{{{ACTOR},"data":{{"a":{"[" * levels}{"]" * levels}}},"type":"t"}}'
        return (
            f'{{"at":"2026-03-03T14:05:00.000000Z","body":{body},"db":"x","id":"1","s":"a/1","seq":1,"v":1}}'
        ).encode()

    assert flaw_of(nested(DEEPEST - 3)) is None
    assert f"deeper than {DEEPEST}" in flaw_of(nested(DEEPEST - 2))


@pytest.mark.django_db(transaction=True)
def test_refused_entries_hold_nothing_up():
    for number in range(12):
        attempt(TRAPS["says a thing twice"])
        write(f"thing/{number}")
    with connected("sequencer") as connection:
        assert [take_batch(connection, 5) for _ in range(6)] == [5, 5, 5, 5, 4, 0]
    assert (RefusedEntry.objects.count(), Leaf.objects.count()) == (12, 12)
    assert Tree.objects.get().size == 12


@pytest.mark.django_db(transaction=True)
def test_the_alarm_stands_until_somebody_says_what_came_of_it(log):
    attempt(TRAPS["says a thing twice"])
    log.seal()
    assert "refused" in alarms()
    told = StringIO()
    call_command("refused_entries", stdout=told)
    assert "1 refused entries that nobody has looked into." in told.getvalue()
    make.person("dana")
    call_command("refused_entries", "--settle", "A stolen password.", "--by", "dana", stdout=told)
    assert "refused" not in alarms()
    log.seal()
    assert verify_log().findings == []
    with pytest.raises(CommandError, match="nobody has looked into"):
        call_command("refused_entries", "--settle", "Again.", "--by", "dana", stdout=told)
    attempt(TRAPS["has room between"])
    log.seal()
    assert "refused" in alarms()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("up_to", ['"many"', "[1]", "null", "9007199254740991", "1e400", "-1e400"])
def test_who_settles_past_the_portal_neither_silences_the_watch_nor_settles_what_comes(log, up_to):
    attempt(f'{{{ACTOR},"data":{{"up_to":{up_to}}},"type":"audit.refusals_settled"}}')
    attempt(TRAPS["says a thing twice"])
    log.seal()
    assert "refused" in alarms()
    assert "It is not in the canonical form" in findings()


@pytest.mark.django_db(transaction=True)
def test_a_stranger_finds_each_gap_of_a_refused_entry_explained_in_the_log(log):
    def looked():
        keys = [verifier.Key.of(str(log.key.verifier))]
        report = verifier.verify(str(log.root), verifier.Trust(keys))
        return report.status(strict=False), " ".join(sentence for *_, sentence in report.findings)

    write("thing/1")
    attempt(TRAPS["says a thing twice"], "thing/1")
    attempt(TRAPS["is in another order"], "thing/1")
    attempt(TRAPS["has room between"], "x" * 300)
    write("thing/1")
    log.seal()
    status, said = looked()
    assert status == verifier.WRONG
    assert "the stream thing/1 goes from 13 to 16" in said
    [receipt] = settle_refused("A stolen password.", by=make.person("dana"))
    assert Event.objects.get(pk=receipt.event_id).facts["data"]["refused"] == [
        ["thing/1", 14],
        ["thing/1", 15],
    ]
    log.seal()
    status, said = looked()
    assert status == verifier.VERIFIED, said
    assert "that the log itself explains: 1." in said


@pytest.mark.django_db(transaction=True)
def test_what_was_refused_is_settled_in_events_that_have_room_for_it(log, monkeypatch):
    monkeypatch.setattr("audit.actions.settle_refused.AT_ONCE", 2)
    for _ in range(5):
        attempt(TRAPS["says a thing twice"])
    log.seal()
    receipts = settle_refused("A stolen password.", by=make.person("dana"))
    told = [Event.objects.get(pk=receipt.event_id).facts["data"] for receipt in receipts]
    assert [each["entries"] for each in told] == [2, 2, 1]
    assert "refused" not in alarms()


@pytest.mark.django_db(transaction=True)
def test_a_sequencer_that_seals_what_it_should_refuse_is_found(log, monkeypatch):
    attempt(TRAPS["says a thing twice"])
    monkeypatch.setattr("audit.sequencer.batch._require_their_form", lambda *_: None)
    log.seal()
    assert Leaf.objects.count() == 21
    assert "The entry of leaf 20 should not be in the tree." in findings()


@pytest.mark.django_db(transaction=True)
def test_whoever_refuses_an_entry_that_is_whole_is_found(log):
    write("thing/1")
    tamper(
        "INSERT INTO audit_refusedentry (event_id, reason) SELECT event_id, 'No.' FROM audit_pending",
        "DELETE FROM audit_pending",
    )
    assert "nothing is wrong with its entry" in " ".join(verify_log().findings)
