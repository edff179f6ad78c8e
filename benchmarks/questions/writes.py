"""What an audited write costs, from HTTP down to the same inserts in SQL."""

import itertools
import json
import secrets
from collections.abc import Callable, Iterator

from benchmarks.client import CLIENTS, Request, drive
from benchmarks.pgbench import VERSION_WITH_EVENT, pgbench
from benchmarks.report import Row
from benchmarks.rounds import Measure, interleaved, rate
from benchmarks.setting import Setting

_AUTHORS = [{"name": "Wanda Wood", "email": "wanda@example.com"}]
_SOURCE = {
    "repository": "https://git.example.com/service-1/part",
    "commit": "0" * 40,
    "authors": _AUTHORS,
    "build_url": "https://ci.example.com/builds/1",
}


def _builds(wrapped: Callable[[dict[str, object]], Request]) -> Callable[[int], Iterator[bytes]]:
    """Return what makes each client register versions of an artifact of its own."""
    run = secrets.token_hex(4)

    def requests(client: int) -> Iterator[bytes]:
        for number in itertools.count():
            yield wrapped(
                {
                    "artifact": f"part-{client}",
                    "kind": "image",
                    "version": f"{run}.{number}",
                    "digest": f"sha256:{secrets.token_hex(32)}",
                    "uri": "registry.example.com/service-1/part",
                }
            ).wire()

    return requests


def measure(setting: Setting) -> Iterator[Row]:
    """POST by eight clients: ours with validation, roles, scope and event."""

    def ours(fields: dict[str, object]) -> Request:
        body = json.dumps({**fields, "source": _SOURCE}).encode()
        path = "/api/v1/projects/service-1/artifact-versions/"
        return Request(path, "POST", setting.token("bench-ci"), body)

    def plain(fields: dict[str, object]) -> Request:
        body = json.dumps({**fields, **_SOURCE}).encode()
        return Request("/api/v1/builds/", "POST", setting.baseline_token, body)

    def posting(port: int, wrapped: Callable[[dict[str, object]], Request]) -> Measure:
        return lambda: drive(port, _builds(wrapped), seconds=setting.seconds, expect=201)

    with_row = interleaved(
        posting(setting.baseline, plain), posting(setting.ours, ours), setting.rounds
    )
    yield Row(
        "audited write / DRF create with ORM audit row", rate(with_row.baseline),
        rate(with_row.ours), with_row.rate_ratio, at_least=2.5,
    )  # fmt: skip
    in_sql = interleaved(
        lambda: pgbench(setting.machine, VERSION_WITH_EVENT, setting.seconds),
        posting(setting.ours, ours),
        max(2, setting.rounds - 2),
    )
    yield Row(
        f"audited write / the same inserts by pgbench, {CLIENTS} clients",
        rate(in_sql.baseline), rate(in_sql.ours), in_sql.rate_ratio, at_least=0.15,
    )  # fmt: skip
