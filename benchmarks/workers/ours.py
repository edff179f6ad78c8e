"""`celery --app benchmarks.workers.ours`: the portal's own application."""

from portal.celery import app

app.conf.include = ["benchmarks.workers.task"]
