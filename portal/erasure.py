"""What the roof erases of a person: answers that were kept to be repeated, and addresses for signing in."""

from allauth.account.models import EmailAddress

from audit.privacy.erasers import Erased
from catalog.models import User
from portal.models import IdempotencyKey


def erase(person: User) -> Erased:
    """Forget both."""
    answers, _ = IdempotencyKey.objects.filter(account=person).delete()
    addresses, _ = EmailAddress.objects.filter(user=person).delete()
    return Erased({"kept answers": answers, "addresses": addresses})
