"""`celery --app benchmarks.workers.plain`: what Celery does without being told."""

import os

from celery import Celery

app = Celery("plain", broker=os.environ["REDIS_URL"], include=["benchmarks.workers.task"])
