"""A person says, under their name, how a deployment by hand went."""

from django.db import transaction

from catalog.errors import NotFound, NotPermitted
from catalog.models import User
from catalog.permissions import Permission, require
from deployments.audit_events import DeploymentEvent
from deployments.errors import NotWaiting
from deployments.models import Deployment, DeploymentState, Executor
from deployments.results import checked, take


@transaction.atomic(durable=True)
def attest(deployment_id: int, *, result: str, comment: str = "", by: User) -> Deployment:
    """End a deployment by hand. Whoever may deploy there may attest, whoever asked or signed.

    Raises:
        NotFound: there is no such deployment.
        NotPermitted: without ``deploy_to_environment``, or the caller is a machine.
        NotWaiting: it is not by hand, or has ended.
        InvalidInput: the result or the comment does not fit.
    """
    if not Deployment.objects.filter(pk=deployment_id).exists():
        raise NotFound("There is no such deployment.")
    deployment = Deployment.objects.lock_with_request(deployment_id)
    require(Permission.DEPLOY, by, deployment.environment)
    if not by.is_person:
        raise NotPermitted("Only a person can attest; a machine reports through a webhook.")
    by_hand = deployment.environment.target.executor == Executor.MANUAL
    if not by_hand or deployment.state != DeploymentState.WAITING:
        raise NotWaiting(
            f"The {deployment.audit_object['label']} is {deployment.get_state_display().lower()}; "
            "a person attests what waits to be carried out by hand."
        )
    outcome, said = checked(result, comment)
    take(
        deployment,
        outcome,
        said,
        event=DeploymentEvent.ATTESTED,
        by=by,
        who="A person",
    )
    return deployment
