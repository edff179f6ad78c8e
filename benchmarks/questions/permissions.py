"""What it costs to show only what somebody may see."""

from collections.abc import Iterator

from django.http import QueryDict

from benchmarks.client import Request
from benchmarks.report import Row
from benchmarks.rounds import Measure, interleaved, latency, timed
from benchmarks.setting import Setting
from catalog.models import User
from releases.api.change_request_list import change_requests

_CALLS = 60
_SIZE = 50


def _page(username: str) -> Measure:
    """Return what measures the page of the newest 50 that somebody may see, without HTTP round it."""
    user = User.objects.get(username=username)

    def page() -> None:
        rows = change_requests(QueryDict(), user)("b", None, _SIZE + 1)
        assert len(rows) == _SIZE + 1

    return lambda: timed(page, _CALLS)


def measure(setting: Setting) -> Iterator[Row]:
    """Compare somebody with 200 memberships and somebody who sees everything."""
    pair = interleaved(_page("admin"), _page("bench-ci"), setting.rounds)
    yield Row(
        "page of 50 by 200 memberships / unfiltered", latency(pair.baseline, 50),
        latency(pair.ours, 50), pair.latency_ratio(50), at_most=1.5,
    )  # fmt: skip
    page = Request("/api/v1/change-requests/", headers=setting.token("bench-ci"))
    grown = interleaved(
        setting.one_at_a_time(setting.small, page),
        setting.one_at_a_time(setting.ours, page),
        setting.rounds,
    )
    yield Row(
        "  the same over HTTP at ten times the rows", latency(grown.baseline, 50),
        latency(grown.ours, 50), grown.latency_ratio(50), at_most=1.2,
    )  # fmt: skip
