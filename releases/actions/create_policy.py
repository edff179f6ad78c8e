"""Create a policy: a name under which versions are written."""

from django.db import transaction

from audit.record import record
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal
from catalog.validation import check_fields, refusing_duplicates
from releases.audit_events import ReleaseEvent
from releases.models import Policy


@transaction.atomic(durable=True)
def create_policy(*, name: str, title: str = "", by: User) -> Policy:
    """Create an empty line of policy versions.

    Raises:
        NotPermitted: ``by`` may not edit policies.
        InvalidInput: the name is no slug.
        AlreadyExists: the name is taken.
    """
    require_portal(PortalPermission.EDIT_POLICIES, by)
    policy = Policy(name=name, title=title or name, created_by=by)
    check_fields(policy, "name", "title")
    with refusing_duplicates("name", f"There is a policy {name}."):
        policy.save(force_insert=True)
    record(ReleaseEvent.POLICY_CREATED, subject=policy, by=by)
    return policy
