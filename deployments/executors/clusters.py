"""The one place where a target's cluster becomes something that can be asked."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from deployments.clients.connection import ClusterConnection
from deployments.clients.serving import ServingCluster
from deployments.executors.port import DefiniteNo
from deployments.models import Target


def cluster_of(target: Target) -> ServingCluster:
    """Return the client of the target's cluster.

    Raises:
        DefiniteNo: the target names no cluster.
        ClusterRefused: its credentials make no sense.
    """
    if target.cluster is None:
        raise DefiniteNo("The target names no cluster. Set the environment's target again.")
    connect: Callable[[ClusterConnection], ServingCluster] = import_string(settings.CLUSTER_CLIENT)
    name = target.cluster.credentials
    credentials = Path(settings.KUBERNETES_CREDENTIALS_DIR) / name if name else None
    connection = ClusterConnection.of(target.cluster.server, credentials)
    # No single call may outlast the time in which the lease must be renewed.
    patience = min(connection.read_seconds, settings.CARRY_OUT_LEASE_SECONDS / 3)
    return connect(replace(connection, read_seconds=patience))
