"""Writers of events past Django, and a sequencer that works while one waits."""

import os
from contextlib import contextmanager

import psycopg

from audit.sequencer.batch import take_batch
from audit.sequencer.standing import settle_origin

ORIGIN = "log.example/gatehouse"
BODY = (
    '{{"actor":{{"id":"usr_1"}},"data":{{"n":{}}},'
    '"object":{{"id":1,"label":"x","type":"x"}},"type":"tests.plain"}}'
)


def url(role):
    """The address of this process's test database, as a role or as the superuser."""
    app = os.environ["DATABASE_URL"]
    return app.replace("gatehouse_app", f"gatehouse_{role}" if role != "postgres" else role)


@contextmanager
def connected(role, **options):
    with psycopg.connect(url(role), autocommit=True, **options) as connection:
        yield connection


def write(stream="thing/1", times=1, role="app"):
    """Commit events, one transaction for all."""
    with connected(role) as connection, connection.transaction():
        for number in range(times):
            insert(connection, stream, number)


def insert(connection, stream, number=0):
    statement = "INSERT INTO audit_event (stream, body) VALUES (%s, %s)"
    connection.execute(statement, [stream, BODY.format(number)])


def sequence(limit=5000):
    """Put everything that is committed into the tree; return how much that was."""
    with connected("sequencer") as connection:
        settle_origin(connection, ORIGIN)
        done = 0
        while taken := take_batch(connection, limit):
            done += taken
        return done


def rows(statement, *values, role="postgres"):
    with connected(role) as connection:
        found = connection.execute(statement, values or None)
        return found.fetchall() if found.description is not None else []
