"""How many audited database tasks a worker carries."""

import itertools
import sys
import time
from collections.abc import Iterator

from celery import Celery
from django.db.models import Max, Min

from audit.models import Event
from benchmarks.client import Load
from benchmarks.report import Row
from benchmarks.rounds import Measure, interleaved, rate
from benchmarks.setting import Setting

CONCURRENCY = "4"
_NAME = "benchmarks.audited"
_SOON = 120.0


def measure(setting: Setting) -> Iterator[Row]:
    """Two workers, each with four processes and a queue of its own, busy in turns."""
    count = 400 if setting.rounds > 3 else 100  # noqa: PLR2004 -- not a quick run
    sides = [_worker(setting, name, count) for name in ("plain", "ours")]
    pair = interleaved(sides[0], sides[1], setting.rounds)
    yield Row(
        "audited tasks / Celery's own settings", rate(pair.baseline), rate(pair.ours),
        pair.rate_ratio, at_least=3,
    )  # fmt: skip


def _worker(setting: Setting, name: str, count: int) -> Measure:
    """Start a worker and return what measures how fast it works off its queue."""
    queue = f"bench_{name}"
    command = [sys.executable, "-m", "celery", "--app", f"benchmarks.workers.{name}", "worker"]
    command += ["--queues", queue, "--concurrency", CONCURRENCY, "--hostname", f"{name}@%h"]
    command += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    setting.machine.spawn(queue, command, **setting.machine.environment())
    client = Celery("bench", broker=setting.machine.environment()["REDIS_URL"])
    numbers = itertools.count()

    def work_off() -> Load:
        before = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        for _ in range(count):
            client.send_task(_NAME, args=[next(numbers)], queue=queue)
        deadline = time.monotonic() + _SOON
        done = Event.objects.filter(pk__gt=before, type="catalog.project_changed")
        while done.count() < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{queue} is not done:\n{setting.machine.log(queue)}")
            time.sleep(0.1)
        times = done.aggregate(first=Min("recorded_at"), last=Max("recorded_at"))
        return Load((times["last"] - times["first"]).total_seconds(), [0.0] * count)

    return work_off
