"""Webhook: tell an outside executor by a signed POST, and wait for its call back.

The message follows Standard Webhooks (``audit/webhooks.py``). Its id stays the same when it is sent again,
so that a receiver carries it out once.
"""

import hashlib
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from audit.fallbacks.enclosed import enclosed_checkpoint
from audit.outgoing import (
    Answer,
    OutgoingRefused,
    OutgoingUnavailable,
    check_url,
    post,
)
from audit.webhooks import SecretUnreadable, signature, signing_secret
from deployments.audit_events import DeploymentEvent
from deployments.executors.port import DefiniteNo, NoAnswer, PlannedStep, Waits
from deployments.executors.work import Work
from deployments.models import Deployment, StepVerb, Target
from releases.models import ChangeRequest

_SHOWN = 200
_AGAIN = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class WebhookExecutor:
    """Has it carried out by somebody who is called."""

    def steps(self, change_request: ChangeRequest, target: Target) -> list[PlannedStep]:
        """Call, then wait for the report."""
        return [
            PlannedStep(StepVerb.CALL, "Call the executor"),
            PlannedStep(StepVerb.ATTEST, "Wait for the executor's report"),
        ]

    def advance(self, work: Work) -> Waits:
        """Call, unless the call was already taken."""
        for step in work.open(StepVerb.CALL):
            work.begin(step)
            _call(work)
            host = check_url(work.target.webhook_url)
            work.done(step, f"{host} took the call.", event=DeploymentEvent.CALLED_OUT, host=host)
        return Waits()

    def put_back(self, work: Work) -> list[str]:
        """Do nothing: whoever did not take the call has changed nothing."""
        return []


def callback_token(deployment: Deployment) -> str:
    """Return the token for one report about this deployment; the same whenever the call is repeated."""
    return salted_hmac(
        "gatehouse.deployments.callback", str(deployment.pk), algorithm="sha256"
    ).hexdigest()


def digest_of_token(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _call(work: Work) -> None:
    deployment, target = work.deployment, work.target
    token = callback_token(deployment)
    body = orjson.dumps(_message(work, token))
    message_id = f"deployment-{deployment.pk}"
    timestamp = str(int(timezone.now().timestamp()))
    headers = {
        "content-type": "application/json",
        "user-agent": "Gatehouse",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(_secret(target.webhook_secret), message_id, timestamp, body),
    }
    with work.held() as row:  # before the call, since the report may come before the call returns
        row.callback_digest = digest_of_token(token)
        row.save(update_fields=["callback_digest"])
    try:
        answer = post(target.webhook_url, body, headers)
    except OutgoingUnavailable as silence:
        raise NoAnswer(silence.sentence) from silence
    except OutgoingRefused as refusal:
        raise DefiniteNo(refusal.sentence) from refusal
    _judge(answer)


def _judge(answer: Answer) -> None:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    said = "".join(c for c in answer.text[:_SHOWN] if c.isprintable()).strip()
    sentence = f"The executor answered {answer.status}" + (f": {said}" if said else ".")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _AGAIN:
        raise NoAnswer(sentence)
    raise DefiniteNo(sentence)


def _message(work: Work, token: str) -> dict[str, Any]:
    deployment, change_request = work.deployment, work.change_request
    release = change_request.release
    return {
        "type": "deployment.requested",
        "deployment": deployment.pk,
        "change_request": change_request.label,
        "project": change_request.project.slug,
        "environment": change_request.environment.name,
        "release": {"version": release.version, "content_digest": release.content_digest},
        "items": [
            {
                "artifact": item.artifact_version.artifact.name,
                "kind": item.artifact_version.artifact.kind,
                "version": item.artifact_version.version,
                "digest": item.artifact_version.digest,
                "uri": item.artifact_version.uri,
            }
            for item in release.items.select_related("artifact_version__artifact")
        ],
        "report_by": deployment.give_up_at.isoformat(),
        "log_checkpoint": enclosed_checkpoint(),
        "callback": {
            "url": f"{settings.PUBLIC_URL}/api/v1/deployments/{deployment.pk}/report/",
            "token": token,
        },
    }


def _secret(name: str) -> bytes:
    try:
        return signing_secret(settings.WEBHOOK_SECRETS_DIR, name)
    except SecretUnreadable as error:
        raise DefiniteNo(
            f"The call cannot be signed: {error} The operator mounts each signing secret as a file in "
            "WEBHOOK_SECRETS_DIR, and the target names the file."
        ) from error
