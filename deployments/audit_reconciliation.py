"""Deployments and the events that each of them left; settings.AUDIT_RECONCILIATION names this."""

from typing import Final

from audit.completeness.reconciliation import Population, Precedence
from catalog.audit_reconciliation import in_stream
from deployments.audit_events import DeploymentEvent
from deployments.models import Cluster, Deployment, DeploymentState
from releases.audit_events import ReleaseEvent

POPULATIONS: Final = [
    Population(
        "Clusters",
        lambda: in_stream(Cluster.objects.all(), "cluster"),
        [DeploymentEvent.CLUSTER_CREATED],
    ),
    Population(
        "Deployments",
        lambda: in_stream(Deployment.objects.all(), "change-request", "change_request_id"),
        [DeploymentEvent.STARTED],
    ),
    Population(
        "Deployments that ended",
        lambda: in_stream(
            Deployment.objects.filter(
                state__in=[
                    DeploymentState.SUCCEEDED,
                    DeploymentState.FAILED,
                    DeploymentState.ERRORED,
                ]
            ),
            "change-request",
            "change_request_id",
        ),
        [DeploymentEvent.SUCCEEDED, DeploymentEvent.FAILED, DeploymentEvent.ERRORED],
    ),
    Precedence(
        "Deployments with every approval before them",
        event=DeploymentEvent.STARTED,
        needs=ReleaseEvent.ALL_RULES_MET,
        undone_by=ReleaseEvent.APPROVALS_VOIDED,
    ),
    Precedence(
        "Carried-out requests with a deployment before that",
        event=ReleaseEvent.DEPLOYED,
        needs=DeploymentEvent.STARTED,
    ),
]
