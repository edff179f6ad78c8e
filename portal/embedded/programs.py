"""The table of what `make run` keeps running."""

import os
import sys

from portal.embedded.environment import Installation
from portal.embedded.layout import CHECKOUT
from portal.embedded.supervision import Program

SERVICES, WORLD, SERVING, AFTERWARDS = 1, 2, 3, 4
"""The stages in which things start; they stop the other way round."""

QUEUES = "default,carry_out"


def services(installation: Installation) -> list[Program]:
    """Return the servers everything else needs."""
    found = []
    if installation.postgres:
        command = [sys.executable, "-m", "portal.embedded", "serve-postgres"]
        found.append(
            Program("postgres", command, stage=SERVICES, stop_signal="INT", stop_seconds=20)
        )
    if installation.valkey:
        found.append(Program("valkey", installation.valkey.command(), stage=SERVICES))
    return found


def _witnesses(installation: Installation) -> list[Program]:
    """Return who carries checkpoints out, and the witness of our own unless there is another."""
    courier = [sys.executable, str(CHECKOUT / "manage.py"), "courier"]
    found = [Program("courier", courier, stage=AFTERWARDS)]
    port = installation.variables.get("WITNESS_PORT")
    if port:
        home = installation.layout.witness
        command = [sys.executable, "-m", "audit.witness", "--listen", f"127.0.0.1:{port}"]
        command += ["--quiet", "--state", str(home / "state"), "--key", str(home / "key")]
        command += ["--policy", str(home / "policy")]
        found.append(Program("witness", command, stage=SERVING))
    return found


def _mlflow(installation: Installation) -> list[Program]:
    """Return the MLflow server, where one is installed. It takes its time to start, and nobody waits."""
    server = installation.mlflow
    if server is None:
        return []
    environment = server.environment()
    return [Program("mlflow", server.command(), stage=AFTERWARDS, environment=environment)]


def portal(installation: Installation) -> list[Program]:
    """Return the portal's own processes and the sandbox cluster."""
    python = [sys.executable, "-m"]
    # In a container of one's own there is nobody else to be than root.
    as_root = "ignore:You're running the worker with superuser privileges"
    celery = [sys.executable, "-W", as_root, "-m", "celery", "--quiet", "--app", "portal"]
    where = ["--port", installation.variables["SANDBOX_CLUSTER_PORT"]]
    where += ["--state", str(installation.layout.cluster_state)]
    schedule = str(installation.layout.home / "beat")
    threads = str(max(4, 2 * (os.cpu_count() or 1)))
    listen = ["--bind", f"127.0.0.1:{installation.port}", "--no-control-socket"]
    listen += ["--log-level", "warning"]
    scale = ["--worker-class", "gthread", "--workers", "2", "--threads", threads, "--preload"]
    return [
        Program("cluster", [*python, "portal.sandbox_cluster", *where], stage=WORLD),
        Program(
            "worker",
            [*celery, "worker", "--queues", QUEUES, "--concurrency", "4", "--loglevel", "WARNING"],
            stage=SERVING,
            # A soft shutdown: what is not finished in five seconds is put back for the next start.
            stop_signal="QUIT",
            stop_seconds=15,
        ),
        Program("sequencer", [*python, "audit.sequencer"], stage=SERVING),
        Program("signer", [*python, "audit.signer"], stage=SERVING),
        *_witnesses(installation),
        Program(
            "streamer", [sys.executable, str(CHECKOUT / "manage.py"), "streamer"], stage=AFTERWARDS
        ),
        Program(
            "web",
            [*python, "gunicorn", "portal.wsgi", *scale, *listen],
            stage=SERVING,
            environment={"WEB_THREADS": threads},
        ),
        *_mlflow(installation),
        # Nobody waits for it, and the others need the processor while they start.
        Program("beat", [*celery, "beat", "--schedule", schedule, "--pidfile="], stage=AFTERWARDS),
    ]
