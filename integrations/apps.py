"""Other systems: CI adapters and alerts in, webhooks and notifications out."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"
