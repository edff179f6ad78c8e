"""Entries by the million, and the processes that seal, sign and publish them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from audit.sequencer.batch import Connection, take_batch
from audit.sequencer.standing import settle_origin
from benchmarks.machine import DATABASE, ORIGIN, Machine, end
from benchmarks.setting import Setting

_LOT = 50_000
_STREAMS = 1000
# What the trigger composes, for many at once: stamps, entry and leaf hash are as it makes them.
_FILL = """
INSERT INTO audit_event (uid, xid, recorded_at, db_user, stream, stream_seq, type, actor, project, facts,
                         entry, leaf_hash)
SELECT uid, pg_current_xact_id(), now(), 'gatehouse_app', stream, seq, 'bench.filled', 'usr_0123456789abcdef0123',
       'service-1', facts, entry, sha256('\\x00'::bytea || entry)
FROM (
    SELECT n, uid, stream, seq, body::jsonb AS facts, convert_to(
        '{"at":"' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","body":' || body
        || ',"db":"gatehouse_app","id":"' || uid || '","s":"' || stream || '","seq":' || seq || ',"v":1}', 'UTF8'
    ) AS entry
    FROM (
        SELECT n, md5('filler ' || n)::uuid AS uid, 'filled/' || n %% %(streams)s AS stream,
               n / %(streams)s + 1 AS seq,
               '{"actor":{"id":"usr_0123456789abcdef0123","kind":"service"},"data":{"n":' || n || ',"text":"'
               || repeat('x', 300) || '"},"object":{"id":1,"label":"=one, \\"two\\"","type":"bench"},"outcome":"success",'
               || '"private":{},"project":"service-1","source":{"channel":"api","request":null},'
               || '"type":"bench.filled"}' AS body
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
    ) numbered
) composed ORDER BY n
"""  # noqa: E501 -- a body is one line
_COUNT = """
INSERT INTO audit_stream (stream, last_seq)
SELECT stream, max(stream_seq) FROM audit_event WHERE id > %(after)s GROUP BY stream
ON CONFLICT (stream) DO UPDATE SET last_seq = excluded.last_seq
"""
_QUEUE = "INSERT INTO audit_pending (event_id) SELECT id FROM audit_event WHERE id > %(after)s"
_FILLED = "SELECT count(*) FROM audit_event WHERE type = 'bench.filled'"


def fill(machine: Machine, entries: int) -> None:
    """Let the log have as many entries, all of them sealed; what is there counts.

    Done as a superuser, in lots, since a million calls would take minutes.
    """
    with psycopg.connect(machine.postgres.url("postgres", DATABASE), autocommit=True) as superuser:
        have, filled = _number(superuser, "SELECT count(*) FROM audit_event"), 0
        filled = _number(superuser, _FILLED)
        superuser.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_composed_here")
        for first in range(filled, filled + max(0, entries - have), _LOT):
            last = min(first + _LOT, filled + entries - have) - 1
            with superuser.transaction():
                after = _number(superuser, "SELECT max(id) FROM audit_event")
                superuser.execute(_FILL, {"first": first, "last": last, "streams": _STREAMS})
                superuser.execute(_COUNT, {"after": after})
                superuser.execute(_QUEUE, {"after": after})
        superuser.execute(
            "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_is_composed_here"
        )
        superuser.execute("VACUUM ANALYZE audit_event")
    with sequencing(machine) as connection:
        while take_batch(connection):
            continue


def _number(connection: Connection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0] or 0) if row else 0


@contextmanager
def sequencing(machine: Machine) -> Iterator[Connection]:
    """Yield a connection with which batches may be taken."""
    url = machine.postgres.url("gatehouse_sequencer", DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        settle_origin(connection, ORIGIN)
        yield connection


@contextmanager
def running(setting: Setting, *names: str) -> Iterator[None]:
    """Let processes of `make run` run meanwhile: ``sequencer``, ``signer``."""
    machine = setting.machine
    processes = [
        machine.spawn(name, machine.command(name, 1), **machine.environment()) for name in names
    ]
    try:
        yield
    finally:
        for process in processes:
            end(process)


def wait_until_signed(machine: Machine, seconds: float = 600) -> None:
    """Return once all that is in the tree is signed and published."""
    signed = "SELECT 1 FROM audit_checkpoint c JOIN audit_tree t ON c.size = t.size"
    _wait_for(machine, f"SELECT EXISTS ({signed})", seconds, "signer")


def wait_until_sealed(machine: Machine, seconds: float = 600) -> None:
    """Return once nothing waits for the sequencer."""
    _wait_for(machine, "SELECT NOT EXISTS (SELECT FROM audit_pending)", seconds, "sequencer")


def _wait_for(machine: Machine, question: str, seconds: float, name: str) -> None:
    deadline = time.monotonic() + seconds
    with psycopg.connect(machine.postgres.url("postgres", DATABASE), autocommit=True) as connection:
        while not _number(connection, question):
            if time.monotonic() > deadline:
                raise RuntimeError(f"The {name} is not done:\n{machine.log(name)}")
            time.sleep(0.1)
