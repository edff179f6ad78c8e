"""A new cluster that targets may name."""

from django.db import transaction

from audit.record import record
from catalog.errors import NotPermitted
from catalog.models import User
from catalog.models.user import UserKind
from catalog.validation import check_fields, refusing_duplicates
from deployments.audit_events import DeploymentEvent
from deployments.models import Cluster


@transaction.atomic(durable=True)
def create_cluster(name: str, *, server: str = "", credentials: str = "", by: User) -> Cluster:
    """Add a cluster.

    Args:
        server: the API server's address; empty: as the credentials say.
        credentials: name of a file that the operator mounts in KUBERNETES_CREDENTIALS_DIR.

    Raises:
        NotPermitted: clusters are shared by all projects, so the portal's administrators add them.
        InvalidInput: a field does not fit.
        AlreadyExists: there is a cluster of that name.
    """
    if by.kind != UserKind.SYSTEM and not (by.is_active and by.is_superuser):
        raise NotPermitted(
            "Clusters are shared by all projects; only an administrator of the portal may add one."
        )
    cluster = Cluster(name=name, server=server, credentials=credentials)
    check_fields(cluster, "name", "server", "credentials")
    with refusing_duplicates("name", f"There is a cluster {name!r} already."):
        cluster.save(force_insert=True)
    record(DeploymentEvent.CLUSTER_CREATED, subject=cluster, by=by, server=cluster.server)
    return cluster
