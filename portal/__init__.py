"""The roof: settings, URLs, Celery, sign-in, dashboard, error table, embedded services, demo."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
