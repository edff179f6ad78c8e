"""What it costs the writers that their rows are entries of a log: sixteen at once, while it is sealed."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks.client import Load
from benchmarks.history import running, wait_until_sealed
from benchmarks.machine import DATABASE
from benchmarks.pgbench import pgbench
from benchmarks.report import Row
from benchmarks.rounds import interleaved, rate
from benchmarks.setting import Setting

WRITERS = 16
_EVENT = """
INSERT INTO audit_event (stream, body) VALUES ('artifact-version/' || gen_random_uuid(), :body)
RETURNING id, uid, stream_seq, recorded_at, leaf_hash;
"""
# The same columns, indexes and history: an ordinary table of events, and nothing that watches over it. Were
# it empty, its indexes would fit into the memory, and no page of them would go into the WAL as a whole.
_TABLE = """
CREATE TABLE bench_row (LIKE audit_event INCLUDING INDEXES INCLUDING IDENTITY);
INSERT INTO bench_row OVERRIDING SYSTEM VALUE SELECT * FROM audit_event ORDER BY id;
SELECT setval(pg_get_serial_sequence('bench_row', 'id'), (SELECT max(id) FROM bench_row));
"""
_ROW = """
INSERT INTO bench_row (uid, xid, recorded_at, db_user, stream, stream_seq, type, actor, project, facts, entry,
                       leaf_hash)
VALUES (gen_random_uuid(), pg_current_xact_id(), clock_timestamp(), session_user,
        'artifact-version/' || gen_random_uuid(), 1, 'catalog.artifact_version_registered',
        'usr_0123456789abcdef0123', 'service-1', :body, convert_to(:body, 'UTF8'), '')
RETURNING id, uid, stream_seq, recorded_at, leaf_hash;
"""
_FLUSH = "ALTER SYSTEM SET commit_delay = 1000", "ALTER SYSTEM SET commit_siblings = 0"
_USUAL = "ALTER SYSTEM RESET commit_delay", "ALTER SYSTEM RESET commit_siblings"


def measure(setting: Setting) -> Iterator[Row]:
    """Insert events and ordinary rows in turns, on this disk and on one that takes a millisecond longer."""
    machine = setting.machine
    with psycopg.connect(machine.postgres.url("gatehouse_owner", DATABASE)) as owner:
        owner.execute(_TABLE)
    with machine.postgres.superuser(DATABASE) as superuser:
        superuser.execute("VACUUM ANALYZE bench_row")

    def rows() -> Load:
        wait_until_sealed(machine)
        return pgbench(machine, _ROW, setting.seconds, WRITERS)

    def events() -> Load:
        return pgbench(machine, _EVENT, setting.seconds, WRITERS)

    with running(setting, "sequencer"):
        pair = interleaved(rows, events, setting.rounds)
        yield _row("", rate(pair.baseline), rate(pair.ours), pair.rate_ratio)
        with _slower_disk(setting):
            pair = interleaved(rows, events, setting.rounds)
        yield _row(", commits wait 1 ms", rate(pair.baseline), rate(pair.ours), pair.rate_ratio)


def _row(how: str, baseline: str, ours: str, ratio: float) -> Row:
    what = f"event / plain INSERT of the same row, {WRITERS} writers{how}"
    return Row(what, baseline, ours, ratio, at_least=0.85)


@contextmanager
def _slower_disk(setting: Setting) -> Iterator[None]:
    """Let every flush wait for a millisecond, as on most disks; here it may be a cache that answers."""
    with setting.machine.postgres.superuser() as superuser:
        for statement in (*_FLUSH, "SELECT pg_reload_conf()"):
            superuser.execute(statement)
        yield
        for statement in (*_USUAL, "SELECT pg_reload_conf()"):
            superuser.execute(statement)
