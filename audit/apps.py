"""What happened: events and, later, the tree, checkpoints and exports."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"
