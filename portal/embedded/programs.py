"""The table of what `make run` keeps running."""

import os
import sys

from portal.embedded.environment import Installation
from portal.embedded.supervision import Program

QUEUES = "default,carry_out"


def services(installation: Installation) -> list[Program]:
    """Return the servers everything else needs."""
    found = []
    if installation.postgres:
        command = [sys.executable, "-m", "portal.embedded", "serve-postgres"]
        found.append(Program("postgres", command, priority=1, stop_signal="INT", stop_seconds=20))
    if installation.valkey:
        found.append(Program("valkey", installation.valkey.command(), priority=2))
    return found


def portal(installation: Installation) -> list[Program]:
    """Return the portal's own processes and the sandbox cluster."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "portal"]
    cluster = installation.variables["SANDBOX_CLUSTER_PORT"]
    schedule = str(installation.layout.home / "beat")
    threads = str(max(4, 2 * (os.cpu_count() or 1)))
    listen = ["--bind", f"127.0.0.1:{installation.port}", "--no-control-socket"]
    scale = ["--worker-class", "gthread", "--workers", "2", "--threads", threads]
    return [
        Program("cluster", [*python, "portal.sandbox_cluster", "--port", cluster], priority=10),
        Program(
            "worker",
            [*celery, "worker", "--queues", QUEUES, "--concurrency", "4", "--loglevel", "INFO"],
            priority=20,
            stop_seconds=15,
            # A stopping worker puts back what it could not finish (worker_soft_shutdown_timeout).
            environment={"REMAP_SIGTERM": "SIGQUIT"},
        ),
        Program("beat", [*celery, "beat", "--schedule", schedule, "--pidfile="], priority=21),
        Program("web", [*python, "gunicorn", "portal.wsgi", *scale, *listen], priority=30),
    ]
