"""The WSGI entry point: `gunicorn portal.wsgi`."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

application = get_wsgi_application()

# Django loads views at the first request. With `--preload` they are loaded once, before the workers are
# forked: nobody waits for it, and the workers share the memory.
_ = get_resolver().url_patterns
# What is loaded by now stays: a full collection that walks all of it stops every thread for 100 ms, and
# would copy the shared pages.
gc.collect()
gc.freeze()
