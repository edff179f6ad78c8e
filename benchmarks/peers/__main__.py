"""Change a row as often as a line of the input says, and answer with the seconds: ``logged 100``."""

import importlib
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import django

django.setup()

from django.db import models, transaction  # noqa: E402 -- Django has to be set up first

from benchmarks.peers.flat.models import Fields, Plain  # noqa: E402 -- Django has to be set up first

_WHERE = {"logged": "Logged", "kept": "Kept", "followed": "Followed"}
_MANY = 100


def changing(side: str) -> Callable[[int], None]:
    """Return what makes one change and keeps it in the way of that side."""
    rows = _rows(_model(side))
    keep = _recording() if side == "recorded" else _nothing
    context = _context if side == "followed" else nullcontext

    def change(number: int) -> None:
        row = rows[number % _MANY]
        with context(), transaction.atomic():
            before, row.state = row.state, f"state {number}"
            row.save()
            keep(row, before)

    return change


def _model(side: str) -> type[Fields]:
    if side in _WHERE:
        tracked = importlib.import_module("benchmarks.peers.tracked.models")
        found: type[Fields] = getattr(tracked, _WHERE[side])
        return found
    return Plain


def _rows(model: type[Fields]) -> list[Any]:
    manager: models.Manager[Any] = model._default_manager
    if not manager.exists():
        made = [
            model(
                artifact="part", version=f"1.{number}", digest=f"sha256:{number:064x}",
                uri="registry.example.com/service-1/part", commit="0" * 40, state="new",
                repository="https://git.example.com/service-1/part",
                build_url="https://ci.example.com/builds/1",
            )
            for number in range(_MANY)
        ]  # fmt: skip
        manager.bulk_create(made)
    return list(manager.order_by("pk")[:_MANY])


def _nothing(_row: Fields, _before: str) -> None:
    """Keep nothing."""


def _context() -> Any:
    return importlib.import_module("pghistory").context(user="usr_0123456789abcdef0123")


def _recording() -> Callable[[Fields, str], None]:
    """Return what writes the event, as an action does."""
    recorder = importlib.import_module("benchmarks.peers.recorded")
    keep: Callable[[Fields, str], None] = recorder.keeping()
    return keep


def main() -> None:
    """Answer until the input ends."""
    sides: dict[str, Callable[[int], None]] = {}
    number = 0
    for line in sys.stdin:
        side, times = line.split()
        change = sides.setdefault(side, changing(side)) if side not in sides else sides[side]
        began = time.perf_counter()
        for _ in range(int(times)):
            number += 1
            change(number)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
