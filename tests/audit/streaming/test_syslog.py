"""RFC 5424 messages over TLS, counted by octets, verified against a server of the tests' own."""

import json
import re

import pytest

from audit.models import Leaf
from audit.streaming.records import Record
from audit.streaming.transports import syslog
from audit.streaming.transports.syslog import frame
from audit.tlog.notes import open_checkpoint
from tests.audit.streaming.log_server import Authority, LogServer
from tests.audit.streaming.places import at_once, indexes, made, send

pytestmark = pytest.mark.django_db(transaction=True)

# RFC 5424, 6: PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP SD SP MSG
MESSAGE = re.compile(
    rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) ([!-~]{1,48}) - "
    rb"([!-~]{1,32}) (-|\[meta sequenceId=\"\d+\"\]) (.*)",
    re.DOTALL,
)


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def server(tmp_path, authority, secrets):
    server = LogServer(tmp_path / "server", authority)
    authority.write(secrets / "ca.pem")
    yield server
    server.stop()


@pytest.fixture
def syslogged(log, admin, server):
    return made(admin, kind="syslog", host="127.0.0.1", port=server.port, ca_file="ca.pem")


def told(server):
    return [json.loads(MESSAGE.fullmatch(each)[7]) for each in server.messages]


def test_every_entry_is_a_message_and_the_checkpoint_the_last_one(syslogged, server, log):
    log.grow(3)
    send(syslogged)
    assert syslogged.trouble == ""
    *entries, checkpoint = told(server)
    assert indexes(entries) == list(range(Leaf.objects.count()))
    assert open_checkpoint(checkpoint["checkpoint"].encode(), [log.key.verifier])
    header = MESSAGE.fullmatch(server.messages[-2])
    assert header[1] == b"110"  # log audit, informational
    assert header[2].decode() == entries[-1]["entry"]["at"]
    assert (header[3], header[4], header[5]) == (b"localhost", b"gatehouse", b"tests.plain")
    assert header[6] == f'[meta sequenceId="{len(entries)}"]'.encode()


def test_lengths_are_counted_in_octets_and_lines_may_hold_anything():
    line = json.dumps({"text": "Grüße\n✓"}, ensure_ascii=False).encode()
    record = Record(
        "id", 2**31, "tests." + "x" * 60 + " é", "2026-01-01T00:00:00.000000Z", "denied", line
    )
    count, _, message = frame(record).partition(b" ")
    assert int(count) == len(message)
    parts = MESSAGE.fullmatch(message)
    assert (parts[1], parts[7]) == (b"108", line)  # a warning
    assert len(parts[5]) == 32
    assert parts[6] == b'[meta sequenceId="2"]'


def test_a_server_whose_certificate_we_do_not_trust_gets_nothing(syslogged, server, log, secrets):
    log.grow(1)
    Authority("Somebody else").write(secrets / "ca.pem")
    send(syslogged)
    assert "is not trusted" in syslogged.trouble
    (secrets / "ca.pem").unlink()
    send(at_once(syslogged))
    assert "ca.pem cannot be read" in syslogged.trouble
    assert (server.messages, syslogged.next_index) == ([], 0)


def test_a_certificate_of_another_host_is_not_enough(log, admin, secrets, tmp_path, authority):
    server = LogServer(tmp_path / "other", authority, address="127.0.0.9")
    authority.write(secrets / "ca.pem")
    destination = made(admin, kind="syslog", host="127.0.0.1", port=server.port, ca_file="ca.pem")
    log.grow(1)
    send(destination)
    assert "is not trusted" in destination.trouble
    assert server.messages == []
    server.stop()


def test_a_server_may_ask_for_our_certificate(log, admin, secrets, tmp_path, authority):
    server = LogServer(tmp_path / "strict", authority, asks_for_certificate=True)
    authority.write(secrets / "ca.pem")
    where = {"kind": "syslog", "host": "127.0.0.1", "port": server.port, "ca_file": "ca.pem"}
    without = made(admin, name="without", **where)
    authority.issue(secrets, "us")
    with_one = made(admin, name="with-one", certificate_file="us.pem", key_file="us.key", **where)
    log.grow(1)
    assert send(without).next_index == 0
    assert without.failures == 1
    assert server.messages == []
    assert send(with_one).trouble == ""
    assert indexes(told(server)[:-1]) == list(range(Leaf.objects.count()))
    assert server.clients[-1]["subject"] == ((("commonName", "us"),),)
    server.stop()


def test_it_counts_only_when_the_server_ends_the_connection_in_good_order(
    syslogged, server, log, monkeypatch
):
    monkeypatch.setattr(syslog, "READ_SECONDS", 0.5)
    log.grow(2)
    for manners in ("silent", "reset"):
        server.manners = manners
        send(at_once(syslogged))
        assert (syslogged.next_index, manners) == (0, manners)
        assert "did not take the records" in syslogged.trouble
    server.manners = "close"  # without the alert, as some do
    send(at_once(syslogged))
    assert syslogged.next_index == Leaf.objects.count()


def test_a_log_server_inside_is_called_only_when_the_operator_allows_it(
    syslogged, server, log, settings
):
    settings.OUTGOING_ALLOWED_HOSTS = []
    log.grow(1)
    send(syslogged)
    assert "OUTGOING_ALLOWED_HOSTS" in syslogged.trouble
    assert server.clients == []
