"""The portal's settings with the flat table beside its own."""

from benchmarks.settings import *  # noqa: F403 -- settings build on others

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.peers.flat"]  # noqa: F405 -- settings build on base by star import
