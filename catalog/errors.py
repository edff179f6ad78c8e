"""What may be wrong, in the words of the domain. One table in portal/api/errors.py gives the statuses."""

from typing import ClassVar


class DomainError(Exception):
    """Something a person or a machine asked for is refused, with a sentence that says why.

    Attributes:
        code: stable word for machines.
        sentence: for people; names the rule, what was seen, and what would satisfy it.
        fields: field name → sentences, when the input is at fault.
        extra: further members of the problem document.
    """

    code: ClassVar[str] = "refused"

    def __init__(
        self,
        sentence: str,
        *,
        fields: dict[str, list[str]] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fields = fields or {}
        self.extra = extra or {}


class InvalidInput(DomainError):
    """A field holds something it cannot hold."""

    code = "invalid"

    @classmethod
    def of(cls, field: str, sentence: str) -> "InvalidInput":
        """Return the error for one field."""
        return cls(sentence, fields={field: [sentence]})


class NotPermitted(DomainError):
    """The caller may see the thing but not do this to it."""

    code = "not_permitted"


class NotFound(DomainError):
    """It does not exist, or the caller may not see it: the two are told apart to nobody."""

    code = "not_found"


class Conflict(DomainError):
    """It contradicts what is already there."""

    code = "conflict"


class Unavailable(DomainError):
    """A part that the portal needs does not do its work now; nothing was changed."""

    code = "unavailable"


class Held(Conflict):
    """A legal hold keeps it."""

    code = "held"


class AlreadyExists(Conflict):
    """A thing of that name exists."""

    code = "already_exists"


class DigestConflict(Conflict):
    """A version label was registered with another digest: identity is the digest, and labels do not move."""

    code = "digest_conflict"


class WrongMoment(DomainError):
    """It could be done, but not in the present state."""

    code = "wrong_moment"
