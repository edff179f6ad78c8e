"""Settings from the environment: read once, typed, refused at start when they make no sense."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str | None = None) -> str:
    """Return the variable, or the content of the file that ``<name>_FILE`` names (secrets).

    Raises:
        ImproperlyConfigured: neither is set and there is no default.
    """
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(
            f"Set {name} (or {name}_FILE, the path of a file that holds it)."
        )
    return value


def env_bool(name: str, *, default: bool) -> bool:
    """Return True or False; anything but these two words is refused."""
    value = os.environ.get(name, str(default))
    if value not in {"True", "False"}:
        raise ImproperlyConfigured(f"{name} must be True or False, not {value!r}.")
    return value == "True"


def env_int(name: str, *, default: int, least: int | None = None) -> int:
    """Return a whole number; one below ``least`` is refused."""
    value = os.environ.get(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error
    if least is not None and number < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}, not {number}.")
    return number


def env_choice(name: str, choices: Sequence[str], *, default: str) -> str:
    """Return one of the words; anything else is refused."""
    value = os.environ.get(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}.")
    return value


def env_list(name: str, *, default: str = "") -> list[str]:
    """Return the comma-separated words."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]
