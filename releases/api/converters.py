"""Parts of addresses."""

from catalog.api.strict import LARGEST_ID


class ChangeRequestConverter:
    """``12`` and ``CR-12`` are the same change request."""

    regex = r"(?:[Cc][Rr]-)?[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Return the number.

        Raises:
            ValueError: no number is so large; Django answers 404.
        """
        number = int(value.rpartition("-")[2])
        if number > LARGEST_ID:
            raise ValueError(value)
        return number

    def to_url(self, value: int) -> str:
        """Return the number's digits."""
        return str(value)
