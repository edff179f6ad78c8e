"""Connections in other names, and something to record about."""

from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections

from audit.names import EventName
from audit.tlog.merkle import Frontier
from tests.support.unguarded import unguarded


class Happened(EventName):
    """Events of these tests."""

    PLAIN = "tests.plain", "{actor} did it."
    NAMED = "tests.named", "{actor} named {person} for {what} in {object} of {project}."


class Thing:
    """A subject that is no model."""

    def __init__(self, number=1, project="payments"):
        self.audit_stream = f"thing/{number}"
        self.audit_object = {"type": "thing", "id": number, "label": f"thing {number}"}
        self.audit_project = project


class Somebody:
    """An actor that is no model."""

    pseudonym = "usr_5ab1e"
    kind = "person"
    display_name = "Priya Raman"


@pytest.fixture
def event_names(monkeypatch):
    """Let the sentences of these tests' events be known."""
    from audit import sentences  # noqa: PLC0415 -- needs Django

    known = dict(sentences.sentence_templates())
    known.update({str(member): member.sentence for member in Happened})
    monkeypatch.setattr(sentences, "sentence_templates", lambda: known)


@contextmanager
def connected_as(user):
    """Let Django talk to the test's database as another role, in a transaction that is undone."""
    usual = connections["default"]
    connections["default"] = other = usual.copy()
    other.settings_dict = usual.settings_dict | {"USER": user}
    other.set_autocommit(False)
    try:
        yield other
    finally:
        other.rollback()
        other.close()
        connections["default"] = usual


# ── a log that is sequenced and signed ───────────────────────────────────────────────────────────


@pytest.fixture
def signing(tmp_path, transactional_db):
    """A signer in a directory of the test."""
    from tests.support.log import Signing  # noqa: PLC0415 -- needs Django

    return Signing(tmp_path)


@pytest.fixture
def superuser_does(transactional_db):
    """What a superuser can do, past every trigger."""
    from tests.support.log import url  # noqa: PLC0415 -- needs Django

    def run(*statements):
        tables = "audit_event", "audit_leaf", "audit_tree", "audit_checkpoint", "audit_stream"
        with psycopg.connect(url("postgres")) as connection, unguarded(connection, *tables):
            for statement in statements:
                connection.execute(statement)

    return run


CUT = (
    "DELETE FROM audit_leaf WHERE idx >= {}",
    "DELETE FROM audit_event WHERE id NOT IN (SELECT event_id FROM audit_leaf)",
    "UPDATE audit_stream SET last_seq = (SELECT coalesce(max(stream_seq), 0) FROM audit_event)",
    "DELETE FROM audit_checkpoint",
    "DELETE FROM audit_halt",
)
GROWN = "UPDATE audit_tree SET size = {}, frontier = '{}'::bytea[], root = '\\x{}'"


@pytest.fixture
def signed(signing):
    """Twenty entries, signed and published."""
    from tests.support.log import sequence, write  # noqa: PLC0415 -- needs Django

    write(times=20)
    sequence()
    signing.sign()
    return signing


@pytest.fixture
def restored(signed, superuser_does):
    """The database as it was at some smaller size, checkpoints and all."""

    from tests.support.log import rows  # noqa: PLC0415 -- needs Django

    def to(size):
        leaves = rows("SELECT leaf_hash FROM audit_leaf WHERE idx < %s ORDER BY idx", size)
        frontier = Frontier()
        frontier.extend(leaf for (leaf,) in leaves)
        superuser_does(
            *(statement.format(size) for statement in CUT),
            GROWN.format(size, pg_array(frontier.hashes), frontier.root().hex()),
        )

    return to


def pg_array(hashes):
    return "{" + ",".join(f'"\\\\x{each.hex()}"' for each in hashes) + "}"
