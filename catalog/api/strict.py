"""Serializers that take nothing they do not know, and no number for a text."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

LARGEST_ID: Final = 2**63 - 1


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, with a sentence that names the field."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values.

        Raises:
            ValidationError: per field, the unknown ones among them.
        """
        unknown = self._unknown(data)
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail = error.detail
            if isinstance(detail, dict):
                raise serializers.ValidationError({**unknown, **detail}) from error
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return values

    def _unknown(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, Mapping):
            return {}
        known = [name for name, field in self.fields.items() if not field.read_only]
        listed = ", ".join(known) or "none"
        return {
            str(name): [f"There is no field {name!r:.80} here; the fields are: {listed}."]
            for name in data
            if name not in known
        }


class Text(serializers.CharField):
    """A text; a number or a truth value is none."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number of JSON; "12", 12.0 and true are none. Names an id unless told otherwise."""

    def __init__(self, *, min_value: int = 1, max_value: int = LARGEST_ID, **options: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **options)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Choice(serializers.ChoiceField):
    """One of several words; the refusal lists them."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices, **options)
        words = ", ".join(str(word) for word in self.choices)
        self.error_messages["invalid_choice"] = f"{{input!r:.80}} is none of: {words}."

    def to_internal_value(self, data: Any) -> Any:
        """Return the word."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Names(serializers.ListField):
    """What related things are called, for reading; prefetch them."""

    child = serializers.CharField()

    def __init__(self, *, of: str, **options: Any) -> None:
        super().__init__(read_only=True, **options)
        self.attribute = of

    def to_representation(self, data: Any) -> list[str]:
        """Return the names."""
        return [str(getattr(thing, self.attribute)) for thing in data.all()]


class Moment(serializers.DateTimeField):
    """A time in ISO 8601, read as UTC when it names no zone."""

    def to_internal_value(self, value: Any) -> Any:
        """Return the time, aware."""
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)
