"""`make run`: the portal on this machine, on its own PostgreSQL and Valkey, over plain HTTP."""

import os

from django.core.exceptions import ImproperlyConfigured

from portal.embedded.environment import current_layout, read

# `manage.py …` in the checkout finds the services of a running `make run` in this file.
for _name, _value in read(current_layout().environment).items():
    os.environ.setdefault(_name, _value)
if "SECRET_KEY" not in os.environ and "SECRET_KEY_FILE" not in os.environ:
    raise ImproperlyConfigured("There are no services in this checkout yet. Start them:  make run")

from portal.settings.base import *  # noqa: E402 -- reads what was set above
from portal.settings.env import env_int  # noqa: E402 -- likewise

# The sandbox cluster and demo receivers listen on loopback.
OUTGOING_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
# A real cluster may need a minute to pull an image; the sandbox cluster decides in a second.
CARRY_OUT_PATIENCE_SECONDS = env_int("CARRY_OUT_PATIENCE_SECONDS", default=8)
