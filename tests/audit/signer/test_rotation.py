"""A key gives way to another: announced in the log, signing together, each verifiable for its time."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.errors import NotRecordable
from audit.models import Checkpoint, Event
from audit.signer.errors import CannotSign
from audit.signer.growth import announced_key
from audit.signer.state import State
from audit.tlog.errors import InvalidSignature
from audit.tlog.keys import SigningKey, VerifierKey
from audit.tlog.notes import Note, open_checkpoint
from tests import factories as make
from tests.support.log import ORIGIN, connected, sequence, write


def told(command, /, *arguments, **options):
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue().strip()


def grow(signing):
    write()
    sequence()
    signing.sign()
    return open_checkpoint(signing.files.checkpoint(), [signing.key.verifier])


def signers(signing, *keys):
    signatures = Note.of(signing.files.checkpoint()).signatures
    return [next(key for key in keys if each.is_by(key.verifier)) for each in signatures]


def announce(key):
    make.person("kim")
    told("announce_signer_key", str(key.verifier), by="kim")


def test_a_rotation_from_the_first_key_to_the_second(signing):
    old, new = signing.key, SigningKey.of(told("signer_key", name=ORIGIN))
    grow(signing)
    # The new key is in the file before it is announced: it does not sign.
    signing.use(old, new)
    grow(signing)
    assert signers(signing, old, new) == [old]
    announce(new)
    write()
    sequence()
    signing.sign()
    event = Event.objects.get(type="audit.key_rotated")
    assert announced_key(bytes(event.entry)) == str(new.verifier)
    # From the next step on both sign, so that those who know one of them may learn of the other.
    grow(signing)
    assert signers(signing, old, new) == [old, new]
    # Then the old one goes.
    signing.use(new)
    signing.key = new
    signing.again()
    grow(signing)
    assert signers(signing, old, new) == [new]
    keys = (signing.root / "log.vkey").read_text().split()
    assert keys == [str(new.verifier), str(old.verifier)]
    history = json.loads((signing.root / "log.keys.json").read_text())
    assert [(use["vkey"], use["until"] is None) for use in history] == [
        (str(old.verifier), False),
        (str(new.verifier), True),
    ]
    # Every checkpoint there ever was is verified by a key of its time.
    for kept in Checkpoint.objects.all():
        of_its_time = [
            VerifierKey.of(use["vkey"])
            for use in history
            if use["since"] <= kept.size and (use["until"] is None or kept.size <= use["until"])
        ]
        assert open_checkpoint(kept.note.encode(), of_its_time)


def test_a_key_that_nobody_announced_signs_nothing(signing):
    grow(signing)
    stolen_place = SigningKey.generate(ORIGIN)
    signing.use(stolen_place)
    write()
    sequence()
    signing.again()
    with pytest.raises(CannotSign, match="was announced in the log"):
        signing.sign()
    with pytest.raises(InvalidSignature):
        open_checkpoint(signing.files.checkpoint(), [stolen_place.verifier])


def test_what_only_looks_like_an_announcement_is_none(signing):
    other = SigningKey.generate(ORIGIN)
    assert announced_key(b'{"body":{"type":"a","x":"audit.key_rotated"}}') is None
    grow(signing)
    signing.use(other)
    signing.again()
    with pytest.raises(CannotSign):
        grow(signing)


@pytest.mark.parametrize(
    "data", [None, "{}", '{"vkey":null}', '{"vkey":["x"]}', '{"vkey":"x"}', '{"vkey":"a+b+c"}']
)
def test_an_announcement_past_the_portal_stops_nobody(signing, data):
    said = f'"data":{data},' if data else ""
    body = f'{{"actor":{{"id":"usr_1"}},{said}"type":"audit.key_rotated"}}'
    with connected("app") as app:
        app.execute("INSERT INTO audit_event (stream, body) VALUES ('audit-log/1', %s)", [body])
    sequence()
    assert signing.sign()
    assert State.load(signing.state_file).announced == ()


def test_a_key_that_is_announced_again_and_again_is_remembered_once(signing):
    new = SigningKey.generate(ORIGIN)
    announce(new)
    told("announce_signer_key", str(new.verifier), by="kim")
    sequence()
    signing.sign()
    assert State.load(signing.state_file).announced == (str(new.verifier),)


@pytest.mark.django_db
def test_what_is_no_key_is_not_announced():
    make.person("kim")
    with pytest.raises(CommandError, match="no verifier key"):
        told("announce_signer_key", "x+y+z", by="kim")
    with pytest.raises(CommandError, match="no account"):
        told("announce_signer_key", "x+y+z", by="nobody")
    assert not Event.objects.filter(type="audit.key_rotated").exists()
    assert issubclass(NotRecordable, ValueError)


def test_a_key_is_made_and_its_public_half_is_shown(monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://gatehouse.example.com:8443")
    key = told("signer_key")
    assert key.startswith("PRIVATE+KEY+gatehouse.example.com/gatehouse+")
    monkeypatch.setattr("sys.stdin", StringIO(f"{key}\n"))
    assert told("signer_key", public=True) == str(SigningKey.of(key).verifier)
    assert SigningKey.of(told("signer_key", ml_dsa=True, name="cosigner")).type == 6
    with pytest.raises(CommandError, match="no name"):
        told("signer_key", name="a b")
