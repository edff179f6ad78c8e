"""What a page costs when a hundred thousand change requests lie behind it."""

import logging
import statistics
import time
from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.client import Request
from benchmarks.data import AWAITING
from benchmarks.report import Row
from benchmarks.rounds import interleaved, latency
from benchmarks.setting import Setting
from catalog.templatetags import components

PAGES = {
    # ours: (address, the same rows in the plain way)
    "inbox": ("/", "/change-requests/?state=awaiting_approval&rows=20"),
    "project": ("/projects/service-7/", "/change-requests/?project=service-7&rows=12"),
    "25 change requests": ("/change-requests/", "/change-requests/?rows=25"),
    "change request": (f"/change-requests/{AWAITING[0]}/", f"/change-requests/{AWAITING[0]}/"),
}
_MOST_QUERIES = 8
_TIMES = 15


def _client(session: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.cookies["sessionid"] = session
    return client


def queries_of(client: Client, path: str) -> int:
    """Return how many queries the page takes in this process, session and person included."""
    for _ in range(2):  # what a process looks up once is looked up before
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)  # noqa: PLR2004 -- OK
    return len(seen)


def spent_on(client: Client, path: str, *, forgetting: bool) -> float:
    """Return the seconds of processor that the page takes in this process, the database's not counted."""
    spent = []
    for _ in range(_TIMES):
        if forgetting:
            components.forget()
        began = time.process_time()
        client.get(path)
        spent.append(time.process_time() - began)
    return statistics.median(spent)


def measure(setting: Setting) -> Iterator[Row]:
    """Ask as a person with a role in 200 projects, one page at a time."""
    session, plain_session = setting.session("sofia"), setting.baseline_session
    rounds = max(2, setting.rounds - 2)
    logging.disable(logging.INFO)
    for name, (path, plain_path) in PAGES.items():
        client = _client(setting.ground.sessions["sofia"])
        count = queries_of(client, path)
        yield Row(f"{name} page: queries", "", str(count), count, at_most=_MOST_QUERIES)
        ours = setting.one_at_a_time(setting.ours, Request(path, headers=session))
        plain = Request(plain_path, headers=plain_session)
        pair = interleaved(setting.one_at_a_time(setting.baseline, plain), ours, rounds)
        yield Row(
            f"{name} page / select_related + Django template", latency(pair.baseline, 50),
            latency(pair.ours, 50), pair.latency_ratio(50), at_most=0.5,
        )  # fmt: skip
        small = setting.one_at_a_time(setting.small, Request(path, headers=session))
        grown = interleaved(small, ours, rounds)
        yield Row(
            f"{name} page at ten times the rows", latency(grown.baseline, 50),
            latency(grown.ours, 50), grown.latency_ratio(50), at_most=1.3,
        )  # fmt: skip
        kept = spent_on(client, path, forgetting=False)
        first = spent_on(client, path, forgetting=True)
        yield Row(
            f"  {name} page drawn for the first time / again: processor time in Python",
            f"{kept * 1000:.1f} ms", f"{first * 1000:.1f} ms", first / kept,
        )  # fmt: skip
