"""What others say about a model version on its page; settings.MODEL_VERSION_SECTIONS names them.

Each is a function ``(version, caller) -> Section | None``, called while the page is put together. It
reads with a constant number of queries; None leaves it out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from catalog.models import User
from models_registry.models import ModelVersion


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        template: draws one ``<section>``; gets ``section``, which is ``context``, and ``csrf_token``.
        context: what it needs.
    """

    template: str
    context: Mapping[str, Any]


Source = Callable[[ModelVersion, User], Section | None]


def sections_of(version: ModelVersion, caller: User) -> list[Section]:
    """Return the parts in the order of the settings."""
    sources = [cast("Source", import_string(path)) for path in settings.MODEL_VERSION_SECTIONS]
    found = [source(version, caller) for source in sources]
    return [section for section in found if section is not None]
