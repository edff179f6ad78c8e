"""What does it cost to show only what somebody may see?"""

from collections.abc import Iterator

from benchmarks.report import Row
from benchmarks.rounds import Measure, interleaved, latency, timed
from benchmarks.setting import Setting
from catalog.models import User
from releases.api.change_request_documents import in_columns
from releases.models import ChangeRequest

_CALLS = 60


def _page(database: str, username: str) -> Measure:
    """Return what measures the page of the newest 50 that somebody may see, as the API reads it."""
    user = User.objects.using(database).get(username=username)

    def page() -> None:
        rows = in_columns(ChangeRequest.objects.using(database).visible_to(user)).order_by("-pk")
        assert len(rows[:50]) == 50  # noqa: PLR2004 -- a page

    return lambda: timed(page, _CALLS)


def measure(setting: Setting) -> Iterator[Row]:
    """Compare somebody with 200 memberships and somebody who sees everything."""
    unfiltered, filtered = _page("default", "admin"), _page("default", "bench-ci")
    pair = interleaved(unfiltered, filtered, setting.rounds)
    yield Row(
        "page of 50 by 200 memberships / unfiltered", latency(pair.baseline, 50),
        latency(pair.ours, 50), pair.latency_ratio(50), at_most=1.5,
    )  # fmt: skip
    grown = interleaved(_page("small", "bench-ci"), filtered, setting.rounds)
    yield Row(
        "  the same at ten times the rows", latency(grown.baseline, 50),
        latency(grown.ours, 50), grown.latency_ratio(50), at_most=1.2,
    )  # fmt: skip
