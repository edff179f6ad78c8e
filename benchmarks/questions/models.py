"""Reading a real MLflow registry: against the time that MLflow's own client needs to page through it.

Needs ``.venv-mlflow`` (`make mlflow`) or MLFLOW_PYTHON; without it there is nothing to measure against.
"""

import os
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
from django.conf import settings
from django.urls import reverse
from mlflow import MlflowClient

from benchmarks.client import Load
from benchmarks.report import Row
from benchmarks.rounds import interleaved, timed
from benchmarks.setting import Setting
from catalog.models import Project, the_portal
from models_registry import work
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import ModelVersion, Registry, SyncResult
from portal.celery import app
from portal.embedded.mlflow import MlflowServer, installed, new_webhook_key
from portal.embedded.ports import free_port
from tests.support.mlflow_writer import Writer

MODELS = 200
WORKERS = 4
"""Of MLflow's server: what it starts unless told otherwise."""
_SOON = 60.0
_STARTED = 240.0
"""Seconds: MLflow loads all that it has, in each of its workers."""
_SECRET = "measured.webhook"


def measure(setting: Setting) -> Iterator[Row]:
    """Read 10,000 versions (1,000 in a quick run), again and again, and then wait for new ones."""
    python = installed()
    if python is None:
        print("    skipped: there is no MLflow to measure against; install it:  make mlflow")
        return
    count = 10_000 if setting.rounds > 3 else 1_000  # noqa: PLR2004 -- not a quick run
    server = _serve(setting, python, int(os.environ.get("BENCH_MODEL_VERSIONS", count)))
    secrets = setting.machine.home / "mlflow-secrets"
    secrets.mkdir()
    (secrets / _SECRET).write_text("only-for-measuring")
    settings.MLFLOW_CREDENTIALS_DIR = str(secrets)
    registry = _registry(server)
    yield from _comparisons(setting, server, registry)
    yield from _webhooks(setting, server, registry, str(secrets))


def _comparisons(setting: Setting, server: MlflowServer, registry: Registry) -> Iterator[Row]:
    _page(server)  # both sides' first call opens connections and loads code
    first = timed(lambda: _sync(registry), 1)
    _tell(f"first intake: {first.seconds:.1f} s")
    paging = interleaved(
        lambda: timed(lambda: _page(server), 1),
        lambda: timed(lambda: _sync(registry, every_answer=True), 1),
        setting.rounds,
    )
    idle = interleaved(
        lambda: timed(lambda: _page(server), 1),
        lambda: timed(lambda: _sync(registry), 1),
        setting.rounds,
    )
    bare = [timed(lambda: _answers_alone(server), 1) for _ in range(setting.rounds)]
    yield Row(
        "MLflow: its server's answers alone, read and thrown away / MlflowClient's paging",
        _seconds(paging.baseline), _seconds(bare), _median(paging.baseline) / _median(bare),
    )  # fmt: skip
    yield Row(
        "MLflow: every version parsed and compared / MlflowClient's paging",
        _seconds(paging.baseline), _seconds(paging.ours), paging.rate_ratio, at_least=1.2,
    )  # fmt: skip
    yield Row(
        "MLflow: idle comparison / MlflowClient's paging",
        _seconds(idle.baseline), _seconds(idle.ours), idle.rate_ratio,
    )  # fmt: skip
    yield Row(
        "MLflow: first intake with runs and events / MlflowClient's paging",
        _seconds(paging.baseline), _seconds([first]), _median(paging.baseline) / first.seconds,
    )  # fmt: skip
    yield Row(
        "MLflow: idle comparison / first intake: time",
        _seconds([first]), _seconds(idle.ours), _median(idle.ours) / first.seconds, at_most=1 / 30,
    )  # fmt: skip


def _webhooks(
    setting: Setting, server: MlflowServer, registry: Registry, secrets: str
) -> Iterator[Row]:
    machine = setting.machine
    port = machine.serve("hooked", MLFLOW_CREDENTIALS_DIR=secrets)
    environment = machine.environment(MLFLOW_CREDENTIALS_DIR=secrets)
    machine.spawn("models-worker", machine.command("worker", port), **environment)
    _until(lambda: bool(app.control.ping(timeout=0.5)))
    writer = Writer(server.url)  # type: ignore[no-untyped-call]  # tests have no types
    address = reverse("mlflow-webhook", args=[registry.webhook_key])
    writer.call(  # type: ignore[no-untyped-call]  # untyped outside
        "POST",
        "webhooks",
        name="measured",
        url=f"http://127.0.0.1:{port}{address}",
        secret="only-for-measuring",
        events=[{"entity": "MODEL_VERSION", "action": "CREATED"}],
    )
    time.sleep(1.5)  # MLflow remembers its webhooks for a second
    count = 20 if setting.rounds > 3 else 5  # noqa: PLR2004 -- not a quick run
    try:
        for _ in range(6):  # each process of the worker loads MLflow's client once
            _visible_after(writer)
    except TimeoutError as error:
        said = "\n".join(machine.log(name) for name in ("hooked", "models-worker", "mlflow"))
        raise TimeoutError(f"No version became visible by a webhook:\n{said}") from error
    waits = Load(latencies=[_visible_after(writer) for _ in range(count)])
    told = f"p50 {waits.percentile(50) * 1000:.0f} ms, p95 {waits.percentile(95) * 1000:.0f} ms"
    yield Row(
        "MLflow: registered → visible by webhook: p95 in seconds", "2 s", told,
        waits.percentile(95), at_most=2,
    )  # fmt: skip


def _tell(sentence: str) -> None:
    print(f"    {sentence}", flush=True)


def _visible_after(writer: Writer) -> float:
    began = time.perf_counter()
    number = writer.version("model-000")  # type: ignore[no-untyped-call]  # untyped outside
    _until(lambda: ModelVersion.objects.filter(model__name="model-000", number=number).exists())
    return time.perf_counter() - began


def _sync(registry: Registry, *, every_answer: bool = False) -> None:
    assert work.sync(registry.pk, every_answer=every_answer)
    registry.sync.refresh_from_db()
    assert registry.sync.result == SyncResult.SUCCEEDED, registry.sync.sentence


def _page(server: MlflowServer) -> None:
    """What a program does that wants to see all versions, aliases and tags included."""
    client, token = MlflowClient(server.url), None
    while True:
        models = client.search_registered_models(max_results=1000, page_token=token)
        token = models.token
        if not token:
            break
    while True:
        versions = client.search_model_versions(
            max_results=10_000, order_by=["name ASC", "version_number ASC"], page_token=token
        )
        token = versions.token
        if not token:
            return


def _answers_alone(server: MlflowServer) -> None:
    """Ask for the same pages as the client and look at nothing: what MLflow itself needs."""
    asked: tuple[dict[str, object], ...] = (
        {"call": "registered-models/search", "max_results": 1000},
        {
            "call": "model-versions/search",
            "max_results": 10_000,
            "order_by": ["name ASC", "version_number ASC"],
        },
    )
    address = f"{server.url}/api/2.0/mlflow"
    with httpx.Client(base_url=address, timeout=180, trust_env=False) as http:
        for each in asked:
            call = str(each.pop("call"))
            token: str | None = ""
            while token is not None:
                answer = http.get(call, params={**each, "page_token": token})
                raw = answer.raise_for_status().content
                told = re.search(rb'"next_page_token": "([^"]+)"', raw[-200:])
                token = told[1].decode() if told else None


def _registry(server: MlflowServer) -> Registry:
    project = Project.objects.order_by("pk").first()
    assert project is not None
    # Secrets carry the project's name.
    home = Path(settings.MLFLOW_CREDENTIALS_DIR)
    name = f"{project.slug}.webhook"
    (home / name).write_text((home / _SECRET).read_text())
    spec = RegistrySpec(tracking_url=server.url, name_pattern="model-*", webhook_secret=name)
    return create_registry(project, f"bench-{uuid.uuid4().hex[:8]}", spec, by=the_portal())


def _serve(setting: Setting, python: Path, count: int) -> MlflowServer:
    home = setting.machine.home / "mlflow"
    server = MlflowServer(python, home, free_port(), new_webhook_key(), workers=WORKERS)
    setting.machine.spawn("mlflow", server.command(), **server.environment())
    _until(server.is_ready, _STARTED)
    httpx.get(f"{server.url}/api/2.0/mlflow/experiments/search?max_results=1", timeout=60)
    _fill(home / "mlflow.db", count)
    return server


def _fill(store: Path, count: int) -> None:
    """Write the versions past MLflow: through its interface they would take minutes."""
    per_model, now = max(1, count // MODELS), int(time.time() * 1000)
    runs = [uuid.uuid4().hex for _ in range(MODELS * per_model)]
    keys = [(f"model-{m:03d}", v) for m in range(MODELS) for v in range(1, per_model + 1)]
    with sqlite3.connect(store, timeout=60) as sql:
        sql.executemany(
            "INSERT INTO registered_models (name, creation_time, last_updated_time) VALUES (?, ?, ?)",
            [(f"model-{number:03d}", now + number, now) for number in range(MODELS)],
        )
        sql.executemany(
            "INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage,"
            " artifact_uri, experiment_id, source_type) VALUES (?, 'r', 'anna', 'FINISHED', ?, ?,"
            " 'active', 's3://m', 0, 'LOCAL')",
            [(run, now, now) for run in runs],
        )
        sql.executemany(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time,"
            " current_stage, source, run_id, status) VALUES (?, ?, ?, ?, 'None', 's3://m/x', ?,"
            " 'READY')",
            [(*key, now, now, run) for key, run in zip(keys, runs, strict=True)],
        )
        sql.executemany(
            "INSERT INTO model_version_tags (key, value, name, version) VALUES ('stage', 'x', ?, ?)",
            keys,
        )
        sql.executemany(
            "INSERT INTO registered_model_aliases (alias, version, name) VALUES ('champion', 1, ?)",
            [(f"model-{number:03d}",) for number in range(MODELS)],
        )
        sql.executemany(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
            " VALUES (?, 0.5, ?, 1, 0, ?)",
            [(key, now, run) for run in runs for key in ("auc", "f1", "loss")],
        )
        sql.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, '1', ?)",
            [(key, run) for run in runs for key in ("C", "depth")],
        )


def _until(there: Callable[[], bool], seconds: float = _SOON) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("It did not come to its end.")
        time.sleep(0.01)


def _median(loads: Sequence[Load]) -> float:
    ordered = sorted(load.seconds for load in loads)
    return float(ordered[len(ordered) // 2])


def _seconds(loads: Sequence[Load]) -> str:
    return f"{_median(loads):.2f} s"
