"""The baseline's app."""

from django.apps import AppConfig


class BaselineConfig(AppConfig):
    """Named so that its label is short."""

    name = "benchmarks.baseline"
    label = "baseline"
