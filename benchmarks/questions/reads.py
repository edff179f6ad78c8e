"""What it costs to read a change request, or a list of fifty."""

from collections.abc import Iterator

from benchmarks.client import Request
from benchmarks.data import DEPLOYED, FIRST
from benchmarks.report import Row
from benchmarks.rounds import interleaved, latency, rate
from benchmarks.setting import Setting

_PROJECT = "service-7"


def measure(setting: Setting) -> Iterator[Row]:
    """One with its gates, rules and approvals against a flat row; fifty against fifty flat rows."""
    token = setting.token("bench-ci")
    path = f"/api/v1/change-requests/{DEPLOYED[0]}/"
    read = interleaved(
        setting.polling(setting.baseline, Request(path, headers=setting.baseline_token)),
        setting.polling(setting.ours, Request(path, headers=token)),
        setting.rounds,
    )
    yield Row(
        "change request read / DRF retrieve", rate(read.baseline), rate(read.ours),
        read.rate_ratio, at_least=1,
    )  # fmt: skip
    ours = Request(f"/api/v1/change-requests/?project={_PROJECT}&state=deployed", headers=token)
    number = FIRST - 1 + int(_PROJECT.removeprefix("service-"))
    plain = Request(
        f"/api/v1/change-requests/?project_id={number}&state=deployed",
        headers=setting.baseline_token,
    )
    listed = interleaved(
        setting.polling(setting.baseline, plain),
        setting.polling(setting.ours, ours),
        setting.rounds,
    )
    yield Row(
        "list of 50, filtered / DRF list", rate(listed.baseline), rate(listed.ours),
        listed.rate_ratio, at_least=5,
    )  # fmt: skip
    everything = Request("/api/v1/change-requests/?state=deployed", headers=token)
    grown = interleaved(
        setting.one_at_a_time(setting.small, everything),
        setting.one_at_a_time(setting.ours, everything),
        setting.rounds,
    )
    yield Row(
        "list of 50: p50 at ten times the rows", latency(grown.baseline, 50),
        latency(grown.ours, 50), grown.latency_ratio(50), at_most=1.2,
    )  # fmt: skip
