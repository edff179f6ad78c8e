"""What CI's question costs, which it asks again and again until it is decided."""

import http.client
from collections.abc import Iterator

from benchmarks.client import Request
from benchmarks.data import AWAITING
from benchmarks.report import Row
from benchmarks.rounds import interleaved, latency, rate
from benchmarks.setting import Setting


def verdict_path() -> str:
    """Return the address of a change request that waits for a signature."""
    return f"/api/v1/change-requests/{AWAITING[0]}/verdict/"


def plain_read(setting: Setting) -> Request:
    """Return the baseline's read of the same change request."""
    return Request(f"/api/v1/change-requests/{AWAITING[0]}/", headers=setting.baseline_token)


def etag_of(setting: Setting, path: str, name: str) -> str:
    """Return the ETag that the server gives now."""
    connection = http.client.HTTPConnection("127.0.0.1", setting.ours)
    connection.request("GET", path, headers=dict(setting.token(name)))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"] or ""


def measure(setting: Setting) -> Iterator[Row]:
    """Poll by eight clients, with and without knowing the answer already."""
    plain = setting.polling(setting.baseline, plain_read(setting))
    path, token = verdict_path(), setting.token("bench-ci")
    fresh = interleaved(
        plain, setting.polling(setting.ours, Request(path, headers=token)), setting.rounds
    )
    yield Row(
        "verdict poll / DRF retrieve", rate(fresh.baseline), rate(fresh.ours),
        fresh.rate_ratio, at_least=2.5,
    )  # fmt: skip
    yield Row(
        "  its p95 / DRF's p95", latency(fresh.baseline, 95), latency(fresh.ours, 95),
        fresh.latency_ratio(95), at_most=0.4,
    )  # fmt: skip
    known = (*token, ("If-None-Match", etag_of(setting, path, "bench-ci")))
    unchanged = Request(path, headers=known)
    same = interleaved(plain, setting.polling(setting.ours, unchanged, expect=304), setting.rounds)
    yield Row(
        "verdict unchanged (304) / DRF retrieve", rate(same.baseline), rate(same.ours),
        same.rate_ratio, at_least=3,
    )  # fmt: skip
    bare = setting.polling(setting.baseline, Request("/bare/"))
    limit = interleaved(
        bare, setting.polling(setting.ours, Request(path, headers=token)), setting.rounds
    )
    yield Row(
        "verdict poll / bare Django view", rate(limit.baseline), rate(limit.ours), limit.rate_ratio
    )
