"""The portal as it is served, on the benchmark's own services, with a second, smaller database beside it."""

from portal.settings.base import *  # noqa: F403 -- settings build on base

# The same people and projects with a tenth of the history.
DATABASES["small"] = {**DATABASES["default"], "NAME": "bench_small"}  # noqa: F405 -- settings build on base by star import
STORAGES = {
    **STORAGES,  # noqa: F405 -- settings build on base by star import
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
OUTGOING_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
