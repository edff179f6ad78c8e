"""The nouns under everything: projects, people and roles, environments, artifacts."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"
