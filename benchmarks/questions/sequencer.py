"""How fast recorded events get their place in the log, and how long one waits for its signature."""

import threading
import time
from collections.abc import Callable, Iterator

import psycopg

from audit.sequencer.batch import LARGEST_BATCH, Connection, take_batch
from benchmarks.history import running, sequencing, wait_until_signed
from benchmarks.machine import DATABASE
from benchmarks.report import Row
from benchmarks.setting import Setting

_ENOUGH = 15_000.0
"""Entries a second."""
_SEALED_WITHIN, _AT_WORST_WITHIN = 1.0, 3.0
"""Seconds, for 95 and for 99 of 100 events."""
_WRITERS, _PAUSE = 4, 0.02
_BODY = (
    '{"actor":{"id":"usr_0123456789abcdef0123","kind":"service"},"data":{"text":"'
    + "x" * 300
    + '"},'
    '"object":{"id":1,"label":"one","type":"bench"},"outcome":"success","type":"bench.sealed"}'
)
_FILL = """
INSERT INTO audit_event (stream, body)
SELECT 'bench/' || (number %% 40), %s FROM generate_series(1, 400) AS number
"""
_PLAIN = """
INSERT INTO bench_plain SELECT row_number() OVER (ORDER BY p.event_id), p.event_id, e.leaf_hash
FROM audit_pending p JOIN audit_event e ON e.id = p.event_id
WHERE p.event_id > %s ORDER BY p.event_id LIMIT %s RETURNING event_id
"""
_LAGS = """
SELECT extract(epoch FROM (
    SELECT min(c.signed_at) FROM audit_checkpoint c WHERE c.size > l.idx) - e.recorded_at)::float8 AS lag
FROM audit_event e JOIN audit_leaf l ON l.event_id = e.id
WHERE e.type = 'bench.sealed' AND e.recorded_at > %s ORDER BY lag
"""


def measure(setting: Setting) -> Iterator[Row]:
    """Drain a backlog, then write while sequencer and signer run as in `make run`."""
    postgres = setting.machine.postgres
    with psycopg.connect(postgres.url("gatehouse_owner", DATABASE), autocommit=True) as owner:
        count = _backlog(owner, 100 * setting.rounds)
        plain = count / _seconds(lambda: _copy(owner))
    with sequencing(setting.machine) as connection:
        ours = count / _seconds(lambda: _drain(connection))
    yield Row(
        "events put into the tree / plain INSERT of as much", f"{plain:,.0f}/s", f"{ours:,.0f}/s",
        ours / plain,
    )  # fmt: skip
    yield Row(
        "events put into the tree / goal", f"{_ENOUGH:,.0f}/s", f"{ours:,.0f}/s", ours / _ENOUGH,
        at_least=1,
    )  # fmt: skip
    lags = _seal_lags(setting)
    for percent, goal in ((95, _SEALED_WITHIN), (99, _AT_WORST_WITHIN)):
        lag = lags[len(lags) * percent // 100]
        yield Row(
            f"from recorded to sealed, p{percent} / goal", f"{goal:.1f} s", f"{lag:.2f} s",
            lag / goal, at_most=1,
        )  # fmt: skip


def _backlog(owner: Connection, rounds: int) -> int:
    for _ in range(rounds):
        owner.execute(_FILL, [_BODY])
    row = owner.execute("SELECT count(*) FROM audit_pending").fetchone()
    return int(row[0]) if row else 0


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _copy(owner: Connection) -> None:
    """Put as much into a table with the same indexes, by batches that are as large and as durable."""
    owner.execute(
        "CREATE TABLE bench_plain (idx bigint, event_id bigint PRIMARY KEY, leaf_hash bytea)"
    )
    owner.execute("CREATE INDEX ON bench_plain (idx)")
    last = 0
    while found := owner.execute(_PLAIN, [last, LARGEST_BATCH]).fetchall():
        last = max(event_id for (event_id,) in found)
    owner.execute("DROP TABLE bench_plain")


def _drain(connection: Connection) -> None:
    while take_batch(connection):
        continue


def _seal_lags(setting: Setting) -> list[float]:
    """Return the seconds from each event's record to the first signature over it, the shortest first."""
    machine = setting.machine
    url = machine.postgres.url("gatehouse_owner", DATABASE)
    with running(setting, "sequencer", "signer"), psycopg.connect(url, autocommit=True) as owner:
        wait_until_signed(machine)
        began = owner.execute("SELECT clock_timestamp()").fetchone()
        _write(machine.postgres.url("gatehouse_app", DATABASE), 10 * setting.seconds)
        time.sleep(_AT_WORST_WITHIN)
        rows = owner.execute(_LAGS, began).fetchall()
    return [float("inf") if lag is None else lag for (lag,) in rows]


def _write(url: str, seconds: float) -> None:
    """Record events from several connections, each in its own transaction."""
    deadline = time.monotonic() + seconds

    def one(stream: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                connection.execute(
                    "INSERT INTO audit_event (stream, body) VALUES (%s, %s)", [stream, _BODY]
                )
                time.sleep(_PAUSE)

    writers = [threading.Thread(target=one, args=[f"sealed/{n}"]) for n in range(_WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
