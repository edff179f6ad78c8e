"""``manage.py connect_demo_models``: let the demo's credit project read the MLflow server of `make run`."""

from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.origin import Origin, coming_from
from models_registry.clients.port import RegistryRefused
from models_registry.clients.secrets import secret_of
from portal.demo.models import SECRET, connect


class Command(BaseCommand):
    """Called by the launcher after every start; the same again changes nothing."""

    help = "Let the demo's credit project read the MLflow server of `make run`."

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect it.

        Raises:
            CommandError: there is no such server, or it does not answer.
        """
        tracking_url = settings.MLFLOW_TRACKING_URI
        if not tracking_url:
            raise CommandError("There is no MLflow server beside the portal:  make run-mlflow")
        with coming_from(Origin("command")):
            try:
                connect(tracking_url, settings.PUBLIC_URL, secret_of(SECRET))
            except (httpx.HTTPError, RegistryRefused) as error:
                raise CommandError(f"MLflow at {tracking_url}: {error}") from error
