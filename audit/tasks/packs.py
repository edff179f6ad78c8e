"""What workers do for evidence packs: find, call, decide nothing."""

import time
from typing import Any, Final

from celery import shared_task

from audit.origin import Origin, coming_from
from audit.packs.build import build as build_pack
from audit.packs.models import Pack, PackState
from audit.packs.queue import BUILD, nudge

_LOOKS: Final = 8
_PAUSE: Final = 0.75
"""Seconds between two looks whether the log is signed as far as the request; then the sweep goes on."""


@shared_task(name=BUILD, bind=True, acks_late=True)
def build(self: Any, pack_id: int) -> None:
    """Build a pack. A repeated or late message does no harm."""
    with coming_from(Origin("worker", request_id=self.request.id or "")):
        for _ in range(_LOOKS):
            pack = build_pack(pack_id, worker=self.request.hostname or "worker")
            if pack is None or pack.state != PackState.WAITING:
                return
            time.sleep(_PAUSE)


@shared_task(name="audit.sweep_packs", soft_time_limit=60)
def sweep() -> None:
    """Find packs that no worker is busy with."""
    for pack_id in Pack.objects.forgotten().values_list("pk", flat=True)[:20]:
        nudge(pack_id)
