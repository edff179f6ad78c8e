"""The app that brings the tests' own `flush`."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "tests.support"
    label = "tests_support"
