"""What the event adds to the transaction that it belongs to."""

from collections.abc import Iterator

from benchmarks.pgbench import Script, pgbench
from benchmarks.report import Row
from benchmarks.rounds import interleaved, rate
from benchmarks.setting import Setting


def measure(setting: Setting) -> Iterator[Row]:
    """Compare the transaction with and without its event, in SQL, with durable commits."""
    pair = interleaved(
        lambda: pgbench(setting.machine, Script.VERSION, setting.seconds),
        lambda: pgbench(setting.machine, Script.VERSION_WITH_EVENT, setting.seconds),
        setting.rounds,
    )
    yield Row(
        "transaction with its event / without, in SQL", rate(pair.baseline), rate(pair.ours),
        1 / pair.rate_ratio, at_most=1.25,
    )  # fmt: skip
