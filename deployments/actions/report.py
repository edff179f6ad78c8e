"""An outside executor reports how it went, with the token that it was given."""

import hmac

from django.db import transaction

from catalog.models import the_portal
from deployments.audit_events import DeploymentEvent
from deployments.errors import CallbackRefused, NotWaiting
from deployments.executors.webhook import callback_token, digest_of_token
from deployments.models import Deployment
from deployments.results import checked, take

_REFUSED = (
    "The token is not the one that was sent with the call for this deployment. Send the token of "
    "the call's callback, unchanged."
)


@transaction.atomic(durable=True)
def report(deployment_id: int, token: str, *, result: str, comment: str = "") -> Deployment:
    """Take the executor's one report; the deployment ends by it.

    Nobody is signed in here: the token, sent once to the target's address, is the permission. It may
    be used from the moment it is sent, even before the call has returned, and only once.

    Raises:
        CallbackRefused: there is no such deployment, or the token is another one's.
        NotWaiting: the report has been taken, or the time for it is over.
        InvalidInput: the result or the comment does not fit.
    """
    if not Deployment.objects.filter(pk=deployment_id).exists():
        raise CallbackRefused(_REFUSED)
    deployment = Deployment.objects.lock_with_request(deployment_id)
    if not _is_ours(deployment, token):
        raise CallbackRefused(_REFUSED)
    if not deployment.callback_digest or deployment.is_finished:
        raise NotWaiting(
            f"The {deployment.audit_object['label']} is {deployment.get_state_display().lower()}; "
            "it takes one report while it waits."
        )
    outcome, said = checked(result, comment)
    take(
        deployment,
        outcome,
        said,
        event=DeploymentEvent.REPORTED,
        by=the_portal(),
        who="The executor",
    )
    return deployment


def _is_ours(deployment: Deployment, token: str) -> bool:
    """Return whether it is the token that was sent, also after it was used."""
    digest = digest_of_token(token)
    expected = digest_of_token(callback_token(deployment))
    return hmac.compare_digest(digest, deployment.callback_digest or expected)
