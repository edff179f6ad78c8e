"""The same task under our Celery settings and under Celery's own."""
