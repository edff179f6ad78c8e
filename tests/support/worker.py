"""A real Celery worker in a process of its own, on the test's database and broker."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.conf import settings

from portal.celery import app

CHECKOUT = Path(__file__).resolve().parent.parent.parent
QUEUES = ("default", "carry_out")


def environment(**extra: str) -> dict[str, str]:
    """The environment in which a child process finds this test's database, broker and evidence."""
    return os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings.test"} | extra


@dataclass
class Worker:
    """`kill()` is kill -9 of the whole worker; `start()` begins another one."""

    log: Path
    concurrency: int = 2
    processes: list[subprocess.Popen] = field(default_factory=list)

    def start(self) -> subprocess.Popen:
        name = f"test{len(self.processes)}-{os.getpid()}"
        command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "-n", f"{name}@%h"]
        command += ["-c", str(self.concurrency), "-Q", ",".join(QUEUES), "--loglevel", "INFO"]
        command += ["--without-gossip", "--without-mingle"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=CHECKOUT, env=environment(),
                start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        self._wait_until_ready(process, name)
        return process

    def _wait_until_ready(self, process: subprocess.Popen, name: str) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"The worker did not start:\n{self.log.read_text()}")
            if any(name in reply for answer in app.control.ping(timeout=0.3) for reply in answer):
                return
        raise RuntimeError(f"The worker did not answer within 60 s:\n{self.log.read_text()}")

    @property
    def alive(self) -> list[subprocess.Popen]:
        return [process for process in self.processes if process.poll() is None]

    def kill(self) -> None:
        for process in self.alive:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        for process in self.alive:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def wait_until_idle(self, seconds: float = 30) -> bool:
        """Wait until nothing is queued or running; say whether that came to pass."""
        deadline = time.monotonic() + seconds
        with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
            while time.monotonic() < deadline:
                if not broker.hlen("unacked") and not any(map(broker.llen, QUEUES)):
                    return True
                time.sleep(0.05)
        return False


def empty_queues() -> None:
    """Forget every message: what one test left over must not run in the next."""
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        broker.delete(*QUEUES, "unacked", "unacked_index")
