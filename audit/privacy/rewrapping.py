"""Wrap the subjects' keys with another secret, without touching what is sealed under them."""

from django.db import transaction

from audit.privacy.models import SubjectKey
from audit.privacy.wrapping import is_current, unwrap, wrap


def rewrap() -> int:
    """Wrap with the first secret what another one wrapped; return how many keys that were.

    Raises:
        WrongPrivacyKey: a key was wrapped with a secret that the portal does not have.
    """
    listed = SubjectKey.objects.filter(wrapped__isnull=False).order_by("pk")
    return sum(_rewrap(subject) for subject in list(listed.values_list("pk", flat=True)))


@transaction.atomic
def _rewrap(subject: str) -> int:
    row = SubjectKey.objects.select_for_update().get(pk=subject)
    if row.wrapped is None or is_current(bytes(row.wrapped)):
        return 0
    anew = wrap(subject, unwrap(subject, bytes(row.wrapped)))
    return SubjectKey.objects.filter(pk=subject).update(wrapped=anew)
