"""The roof over the apps."""

import gc

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Leave what is loaded out of the collector's work: at the end of each command it takes a while."""
        gc.freeze()
