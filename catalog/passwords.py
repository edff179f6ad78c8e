"""What a password must be."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from catalog.errors import InvalidInput
from catalog.models import User
from catalog.validation import check_text

LONGEST = 128
"""Characters: hashing takes as long as the password is."""


def check_password(password: str, person: User) -> None:
    """Let a password for this person pass, or refuse it.

    Raises:
        InvalidInput: it is too weak, or no text.
    """
    check_text("password", password, longest=LONGEST)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), fields={"password": error.messages}) from error
