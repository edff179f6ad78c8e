"""Connections in other names, and something to record about."""

from contextlib import contextmanager

import pytest
from django.db import connections

from audit.names import EventName


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
