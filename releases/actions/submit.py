"""Open a change request: ask for a release to be put on an environment."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.errors import AlreadyExists, InvalidInput
from catalog.models import Environment, User
from catalog.permissions import Permission, require
from catalog.validation import check_text
from releases.audit_events import ReleaseEvent
from releases.evaluation import policy_in_force
from releases.models import ChangeKind, ChangeRequest, Release
from releases.policy_document import Policy
from releases.settling import settle
from releases.states import OPEN, ChangeRequestState

MAX_REASON = 4000
LATEST_START = timedelta(days=90)
DEFAULT_TTL = timedelta(days=14)


@transaction.atomic(durable=True)
def submit(
    release: Release,
    environment: Environment,
    *,
    kind: str = ChangeKind.PROMOTION,
    reason: str,
    not_before: datetime | None = None,
    by: User,
) -> ChangeRequest:
    """Open a change request and evaluate its gates at once.

    Args:
        not_before: when it may begin at the earliest; None is at once.

    Raises:
        NotPermitted: ``by`` may not ask for changes to this environment.
        InvalidInput: another project's release, no reason, a time that has passed, an impossible kind.
        AlreadyExists: the same release is on its way to this environment already.
    """
    # The environment's row orders two people who ask for the same thing at once.
    locked = (
        Environment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project")
        .get(pk=environment.pk)
    )
    require(Permission.SUBMIT_CHANGE, by, locked)
    _check_input(release, locked, kind, reason, not_before)
    _refuse_second(release, locked)
    now = timezone.now()
    change_request = ChangeRequest.objects.create(
        project=locked.project,
        environment=locked,
        release=release,
        kind=kind,
        reason=reason.strip(),
        requested_by=by,
        state_since=now,
        not_before=not_before,
        expires_at=max(now, not_before or now) + _time_to_live(locked),
    )
    record(
        ReleaseEvent.SUBMITTED,
        subject=change_request,
        by=by,
        private={"reason": change_request.reason},
        after=str(ChangeRequestState.SUBMITTED),
        kind=kind,
        release=release.version,
        content_digest=release.content_digest,
        environment=locked.name,
    )
    settle(change_request, by=by, why="it was submitted")
    return change_request


def _check_input(
    release: Release, environment: Environment, kind: str, reason: str, not_before: datetime | None
) -> None:
    if release.project_id != environment.project_id:
        raise InvalidInput.of("release", "The release belongs to another project.")
    if kind not in ChangeKind.values:
        raise InvalidInput.of("kind", f"The kind is one of {', '.join(ChangeKind.values)}.")
    if not check_text("reason", reason, longest=MAX_REASON).strip():
        raise InvalidInput.of("reason", "Say why: people will decide and auditors will read by it.")
    now = timezone.now()
    if not_before is not None and not now < not_before < now + LATEST_START:
        raise InvalidInput.of(
            "not_before", f"The time lies in the future, at most {LATEST_START.days} days from now."
        )
    if kind == ChangeKind.ROLLBACK and not _ran_before(release, environment):
        raise InvalidInput.of(
            "release",
            f"A rollback goes to a release that was verified in {environment.name} before; "
            f"{release.version} never was.",
        )


def _ran_before(release: Release, environment: Environment) -> bool:
    return ChangeRequest.objects.filter(
        environment=environment,
        release__content_digest=release.content_digest,
        deployed_at__isnull=False,
    ).exists()


def _refuse_second(release: Release, environment: Environment) -> None:
    states = [*OPEN, ChangeRequestState.DEPLOYING, ChangeRequestState.VERIFYING]
    other = ChangeRequest.objects.filter(
        release=release, environment=environment, state__in=states
    ).first()
    if other is not None:
        raise AlreadyExists(
            f"{other.label} already asks for release {release.version} on {environment.name}. "
            "Follow that one, or withdraw it first.",
            extra={"change_request": other.number},
        )


def _time_to_live(environment: Environment) -> timedelta:
    version = policy_in_force(environment.pk)
    hours = Policy.from_document(version.document).request_ttl_hours if version else None
    return timedelta(hours=hours) if hours else DEFAULT_TTL
