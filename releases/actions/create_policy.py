"""Create a policy: a name under which versions are written."""

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.record import record
from catalog.errors import AlreadyExists, InvalidInput
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal
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
    try:
        policy.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise InvalidInput("The policy cannot be created.", fields=error.message_dict) from error
    if Policy.objects.filter(name=name).exists():
        raise AlreadyExists(f"There is a policy {name}.", fields={"name": ["This name is taken."]})
    policy.save(force_insert=True)
    record(ReleaseEvent.POLICY_CREATED, subject=policy, by=by)
    return policy
