"""Put a published policy version in force in an environment."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.record import record
from catalog.models import Environment, User
from catalog.permissions import Permission, require
from releases.audit_events import ReleaseEvent
from releases.errors import PolicyRefused
from releases.marking import mark_for_evaluation
from releases.models import PolicyActivation, PolicyVersion


@transaction.atomic(durable=True)
def activate_policy(
    environment: Environment, policy_version: PolicyVersion, *, by: User
) -> PolicyActivation:
    """Replace the policy in force; open change requests are evaluated against the new one.

    Raises:
        NotPermitted: ``by`` may not choose the policy of this environment.
        PolicyRefused: the version is a draft.
    """
    locked = (
        Environment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project")
        .get(pk=environment.pk)
    )
    require(Permission.ACTIVATE_POLICY, by, locked)
    if policy_version.state != PolicyVersion.State.PUBLISHED:
        raise PolicyRefused.of("version", "A draft cannot be put in force. Publish it first.")
    present = locked.policy_activations.filter(ended_at=None).first()
    if present is not None and present.policy_version_id == policy_version.pk:
        return present
    now = timezone.now()
    locked.policy_activations.filter(ended_at=None).update(ended_at=now)
    activation = PolicyActivation.objects.create(
        environment=locked, policy_version=policy_version, activated_by=by
    )
    record(
        ReleaseEvent.POLICY_ACTIVATED,
        subject=locked,
        by=by,
        policy=str(policy_version),
        digest=policy_version.digest,
        before=str(present.policy_version) if present else None,
    )
    mark_for_evaluation(Q(environment=locked))
    return activation
