"""The nudge of packs. This app knows the sender of nudges by its name only."""

from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

BUILD: Final = "audit.build_pack"


def nudge(pack_id: int) -> None:
    """Let a worker build the pack, after the commit of the present transaction."""
    import_string(settings.AUDIT_NUDGE)(BUILD, pack_id)
