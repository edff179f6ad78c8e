"""What serves in an environment now, asked of the app above by a dotted path in the settings."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, cast

from django.conf import settings
from django.utils.module_loading import import_string

from catalog.models import ArtifactVersion


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The version of an artifact that was put on an environment last, with success."""

    version: ArtifactVersion
    """With its artifact."""
    release: str
    number: int
    """Of the change request."""
    since: datetime | None


Champions: TypeAlias = Mapping[tuple[int, int], Champion]
"""By environment and artifact, both by id."""


def champions_in(
    environments: Collection[int], artifacts: Collection[int], *, before: int | None = None
) -> Champions:
    """Return what serves there; with ``before``, what served before that deployment. One query."""
    if not environments or not artifacts:
        return {}
    ask = cast("Callable[..., Champions]", import_string(settings.CHAMPIONS))
    return ask(environments, artifacts, before=before)
