"""Publish a policy version: from now on it never changes. It is in force nowhere yet."""

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.errors import NotFound
from catalog.models import Role, User
from catalog.permissions import PortalPermission, require_portal
from releases.audit_events import ReleaseEvent
from releases.errors import PolicyRefused
from releases.models import PolicyVersion
from releases.policy_document import validate


@transaction.atomic(durable=True)
def publish_policy(version: PolicyVersion, *, by: User) -> PolicyVersion:
    """Publish the draft; publishing a published version again changes nothing.

    Raises:
        NotPermitted: ``by`` may not edit policies.
        PolicyRefused: a role it names is gone since it was saved.
    """
    locked = (
        PolicyVersion.objects.select_for_update(of=("self",))
        .select_related("policy")
        .filter(pk=version.pk)
        .first()
    )
    if locked is None:
        raise NotFound("There is no such policy version.")
    require_portal(PortalPermission.EDIT_POLICIES, by)
    if locked.state == PolicyVersion.State.PUBLISHED:
        return locked
    problems = validate(
        locked.document, known_roles=set(Role.objects.values_list("slug", flat=True))
    )
    if problems:
        raise PolicyRefused(f"The draft cannot be published: {problems[0].sentence}")
    locked.state = PolicyVersion.State.PUBLISHED
    locked.published_by = by
    locked.published_at = timezone.now()
    locked.save()
    record(
        ReleaseEvent.POLICY_PUBLISHED,
        subject=locked,
        by=by,
        version=locked.number,
        digest=locked.digest,
    )
    return locked
