"""Which WSGI server: gunicorn's threads against granian, where that is installed."""

import importlib.util
import sys
from collections.abc import Iterator

from benchmarks.client import Request
from benchmarks.machine import wait_for
from benchmarks.questions.verdict import verdict_path
from benchmarks.report import Row
from benchmarks.rounds import interleaved, rate
from benchmarks.setting import Setting
from portal.embedded.ports import free_port


def measure(setting: Setting) -> Iterator[Row]:
    """Compare the bare view and the verdict; nothing where granian is not installed."""
    if importlib.util.find_spec("granian") is None:
        return
    baseline = {"DJANGO_SETTINGS_MODULE": "benchmarks.baseline.settings"}
    plain = _granian(setting, "granian-plain", "benchmarks.baseline.wsgi:application", **baseline)
    ours = _granian(setting, "granian-ours", "portal.wsgi:application")
    verdict = Request(verdict_path(), headers=setting.token("bench-ci"))
    listed = Request("/api/v1/change-requests/?state=deployed", headers=verdict.headers)
    for what, request, theirs, mine in (
        ("bare view", Request("/bare/"), plain, setting.baseline),
        ("verdict poll", verdict, ours, setting.ours),
        ("list of 50", listed, ours, setting.ours),
    ):
        pair = interleaved(
            setting.polling(theirs, request), setting.polling(mine, request), setting.rounds
        )
        yield Row(
            f"{what}: gunicorn's threads / granian",
            rate(pair.baseline),
            rate(pair.ours),
            pair.rate_ratio,
        )


def _granian(setting: Setting, name: str, application: str, **more: str) -> int:
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "2", "--blocking-threads", "4"]
    command += ["--no-ws", "--log-level", "warning", application]
    setting.machine.spawn(name, command, **setting.machine.environment(**more))
    wait_for(port, setting.machine.home / f"{name}.log")
    return port
