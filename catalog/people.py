"""People as others see them."""

from catalog.models import User


def display_name(user: User) -> str:
    """Return the name people know the account by; django-allauth asks for it by its path."""
    return user.display_name
