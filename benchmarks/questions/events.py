"""What the event adds to the transaction that it belongs to."""

from collections.abc import Iterator

from benchmarks.client import CLIENTS
from benchmarks.pgbench import VERSION, VERSION_WITH_EVENT, pgbench
from benchmarks.report import Row
from benchmarks.rounds import interleaved, rate
from benchmarks.setting import Setting


def measure(setting: Setting) -> Iterator[Row]:
    """Compare the transaction with and without its event, in SQL, with durable commits."""
    machine, seconds = setting.machine, setting.seconds
    for clients, told in ((1, "one after the other"), (CLIENTS, f"{CLIENTS} clients")):
        pair = interleaved(
            lambda clients=clients: pgbench(machine, VERSION, seconds, clients),
            lambda clients=clients: pgbench(machine, VERSION_WITH_EVENT, seconds, clients),
            setting.rounds,
        )
        yield Row(
            f"transaction with its event / without, in SQL, {told}", rate(pair.baseline),
            rate(pair.ours), 1 / pair.rate_ratio, at_most=1.25,
        )  # fmt: skip
