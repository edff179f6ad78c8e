"""Save a policy document as the draft of the next version."""

from typing import Any

from django.conf import settings
from django.db import transaction

from audit.record import record
from catalog.models import Role, User
from catalog.permissions import PortalPermission, require_portal
from releases.audit_events import ReleaseEvent
from releases.canonical import NotCanonical, digest_of
from releases.errors import PolicyRefused
from releases.models import Policy, PolicyVersion
from releases.policy_document import validate


@transaction.atomic(durable=True)
def save_policy_version(policy: Policy, *, document: Any, by: User) -> PolicyVersion:
    """Save the document; an unpublished draft is replaced, a published version never.

    Raises:
        NotPermitted: ``by`` may not edit policies.
        PolicyRefused: the document is wrong, or nobody could ever satisfy it; one sentence per problem.
    """
    locked = Policy.objects.select_for_update().get(pk=policy.pk)
    require_portal(PortalPermission.EDIT_POLICIES, by)
    digest = _checked(document)
    newest = locked.versions.order_by("-number").first()
    if newest is not None and newest.state == PolicyVersion.State.DRAFT:
        version = newest
    else:
        version = PolicyVersion(policy=locked, number=(newest.number if newest else 0) + 1)
    version.document = document
    version.digest = digest
    version.created_by = by
    version.save()
    record(
        ReleaseEvent.POLICY_VERSION_SAVED,
        subject=version,
        by=by,
        version=version.number,
        digest=digest,
    )
    return version


def _checked(document: Any) -> str:
    roles = set(Role.objects.values_list("slug", flat=True))
    problems = validate(
        document, known_roles=roles, known_evidence_kinds=settings.EVIDENCE_PARSERS.keys()
    )
    if problems:
        told = [f"{problem.path}: {problem.sentence}" for problem in problems]
        raise PolicyRefused(
            f"The policy is refused: {told[0]}"
            + (f" (and {len(told) - 1} more)" if len(told) > 1 else ""),
            fields={"document": told},
        )
    try:
        return digest_of(document)
    except NotCanonical as error:
        raise PolicyRefused.of("document", f"{error.path}: {error.sentence}") from error
