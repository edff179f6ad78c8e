"""The act and the world: carry out what was approved, and watch what runs."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Deployments"
