"""Place a legal hold."""

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from audit.privacy.events import PrivacyEvent
from audit.privacy.models import HoldKind, LegalHold
from audit.record import record
from catalog.errors import InvalidInput
from catalog.models import Project, User
from catalog.permissions import PortalPermission, require_portal
from catalog.validation import check_text

LONGEST_REASON = 2000


@transaction.atomic(durable=True)
def place_hold(*, kind: str, about: str, reason: str, by: User) -> LegalHold:
    """Keep the data of a person, a project or a change request from erasure and pruning.

    Args:
        kind: ``subject``, ``project`` or ``change_request``.
        about: the person's user name or pseudonym, the project's slug, or the request's number.
        reason: why, such as the matter's file number; kept out of the entries.

    Raises:
        NotPermitted: without the portal permission ``manage_privacy``.
        InvalidInput: there is no such thing, or no reason.
    """
    require_portal(PortalPermission.MANAGE_PRIVACY, by)
    if kind not in HoldKind.values:
        raise InvalidInput.of("kind", f"A hold is on one of {', '.join(HoldKind.values)}.")
    why = check_text("reason", reason, longest=LONGEST_REASON).strip()
    if not why:
        raise InvalidInput.of("reason", "Say why: whoever lifts it must know.")
    named = _named(HoldKind(kind), check_text("about", about, longest=200).strip())
    hold = LegalHold.objects.create(kind=kind, about=named, reason=why, placed_by=by)
    record(
        PrivacyEvent.HOLD_PLACED,
        subject=hold,
        by=by,
        private={"reason": why},
        kind=kind,
        about=named,
        what=hold.what,
    )
    return hold


def _named(kind: HoldKind, about: str) -> str:
    if kind == HoldKind.SUBJECT:
        people = User.objects.filter(username=about) | User.objects.filter(pseudonym=about)
        found = people.values_list("pseudonym", flat=True).first()
        if found is None:
            raise InvalidInput.of("about", "There is no account of that user name or pseudonym.")
        return str(found)
    if kind == HoldKind.PROJECT:
        if not Project.objects.filter(slug=about).exists():
            raise InvalidInput.of("about", "There is no such project.")
        return about
    number = about.upper().removeprefix("CR-")
    if not number.isdecimal() or not import_string(settings.AUDIT_REQUEST_EXISTS)(int(number)):
        raise InvalidInput.of("about", "There is no such change request.")
    return str(int(number))
