"""What one account may do to another one: what no permission says by itself (docs/adr/0008)."""

from catalog.errors import InvalidInput, NotPermitted, WrongMoment
from catalog.models import User
from catalog.permissions import administers


def require_superuser(by: User, deed: str) -> None:
    """Refuse everybody but a superuser (and the machine's own command line).

    Raises:
        NotPermitted: ``by`` is neither.
    """
    if not administers(by):
        raise NotPermitted(f"Only a superuser may {deed}.")


def require_standing_over(person: User, by: User) -> None:
    """Let a superuser's account be changed by superusers only, lest managing people make one.

    Raises:
        NotPermitted: the person is a superuser and ``by`` is not.
        InvalidInput: the account is no person's.
        WrongMoment: its personal data was erased.
    """
    if not person.is_person:
        raise InvalidInput.of("user", f"{person.username} is no person's account.")
    if person.is_superuser:
        require_superuser(by, "change the account of a superuser")
    if person.erased_at:
        raise WrongMoment(
            f"The personal data of {person.pseudonym} was erased on {person.erased_at:%d %B %Y}. The account "
            "stays as it is: a pseudonym that decisions point to. Whoever comes back gets a new account."
        )


def refuse_oneself(person: User, by: User, deed: str) -> None:
    """Refuse what nobody but a superuser may do to the own account.

    Raises:
        NotPermitted: ``by`` is the person.
    """
    if person.pk == by.pk and not administers(by):
        raise NotPermitted(f"You may not {deed}; somebody else with the same permission may.")
