"""Celery: the nudges and the table of sweeps.

The row is the work and the message only a nudge (docs/adr/0006): every task here can be lost with the
broker, and the next sweep finds the row that still waits. Tasks are idempotent or resumable under a lease.
"""

import gc
import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import task_prerun, worker_init
from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")

app = Celery("gatehouse")
app.conf.update(
    # Celery closes the database connection after each task unless told otherwise; opening one takes longer
    # than most tasks. The name is Celery's own, prefix and all.
    CELERY_DB_REUSE_MAX=1000,
    # Longer than the longest task, or the broker hands a running task to a second worker.
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
    },
    broker_connection_retry_on_startup=True,
    result_expires=3600,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=1800,
    task_soft_time_limit=1740,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_soft_shutdown_timeout=5,
    worker_enable_soft_shutdown_on_idle=True,
    task_routes={"deployments.carry_out": {"queue": "carry_out"}},
    task_default_queue="default",
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1},
    beat_schedule={
        "change requests whose nudge was lost, whose time has come or has run out": {
            "task": "releases.sweep",
            "schedule": 10.0,
        },
        "deployments that wait or whose worker died": {
            "task": "deployments.sweep",
            "schedule": 5.0,
        },
        "model registries that are due, and what waits for MLflow": {
            "task": "models_registry.sweep",
            "schedule": 10.0,
        },
        "retraining requests that wait, or whose time is over": {
            "task": "models_registry.sweep_retraining",
            "schedule": 10.0,
        },
        "evidence packs that no worker is busy with": {
            "task": "audit.sweep_packs",
            "schedule": 15.0,
        },
        "the words of the log": {"task": "audit.index_words", "schedule": 5.0},
        "signs of life of the log": {"task": "audit.heartbeat", "schedule": crontab(minute="0")},
        "what is late, missing or silent in the log": {"task": "audit.watch", "schedule": 60.0},
        "the whole log": {"task": "audit.verify", "schedule": crontab(hour="2", minute="30")},
        "checkpoints for those who keep them": {
            "task": "audit.hand_out_checkpoint",
            "schedule": crontab(minute="10"),
        },
        "checkpoints by mail": {
            "task": "audit.mail_checkpoint",
            "schedule": crontab(hour="6", minute="0"),
        },
        "erasures that no worker is busy with, or that a restore undid": {
            "task": "catalog.sweep_erasures",
            "schedule": 30.0,
        },
        "erasures without a receipt": {"task": "audit.sweep_receipts", "schedule": 15.0},
        "data whose time is over": {
            "task": "audit.prune",
            "schedule": crontab(hour="3", minute="45"),
        },
        "memberships that ended": {"task": "catalog.expire_memberships", "schedule": 60.0},
        "kept answers that nobody repeats any more": {
            "task": "portal.forget_idempotency_keys",
            "schedule": 600.0,
        },
    },
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def load_before_forking(**_: Any) -> None:
    """Load what the first carry-out of each process would load, once and for all of them."""
    import_string(settings.CLUSTER_CLIENT)
    gc.collect()
    gc.freeze()


@task_prerun.connect
def look_after_connections(**_: Any) -> None:
    """Give a task what a request gets: a connection that broke since is replaced, not tripped over."""
    close_old_connections()
