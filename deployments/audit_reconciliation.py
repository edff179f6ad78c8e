"""Deployments and the events that each of them left; settings.AUDIT_RECONCILIATION names this."""

from typing import Final

from audit.completeness.reconciliation import Population, Precedence, Sequel
from catalog.audit_reconciliation import in_stream
from deployments.audit_events import DeploymentEvent
from deployments.models import Cluster, Deployment, DeploymentState
from releases.audit_events import ReleaseEvent
from releases.states import OPEN

# A sweep ends what has run out within minutes: what is open a day later, nobody saw to.
_MAY_STILL_BE_DEPLOYED: Final = f"""
SELECT 'change-request/' || number FROM releases_changerequest
WHERE state IN ({", ".join(f"'{each}'" for each in sorted(OPEN))})
    AND coalesce(expires_at, 'infinity') > clock_timestamp() - interval '1 day'
"""

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
        undone_by=[ReleaseEvent.APPROVALS_VOIDED, ReleaseEvent.CHECKING],
    ),
    Precedence(
        "Carried-out requests with a deployment before that",
        event=ReleaseEvent.DEPLOYED,
        needs=DeploymentEvent.STARTED,
    ),
    Sequel(
        "Approved requests that were carried out, ended otherwise, or may still be",
        event=ReleaseEvent.ALL_RULES_MET,
        then=[
            DeploymentEvent.STARTED,
            ReleaseEvent.REJECTED,
            ReleaseEvent.EXPIRED,
            ReleaseEvent.WITHDRAWN,
            ReleaseEvent.SUPERSEDED,
        ],
        unless=_MAY_STILL_BE_DEPLOYED,
    ),
]
