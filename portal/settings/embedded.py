"""`make run`: the portal on this machine, on its own PostgreSQL and Valkey, over plain HTTP."""

from portal.settings.base import *

# The sandbox cluster and demo receivers listen on loopback.
OUTGOING_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
