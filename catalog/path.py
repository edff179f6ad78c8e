"""The promotion path: a project's environments in the order of their positions."""

from django.db.models import Case, F, Value, When

from catalog.errors import InvalidInput
from catalog.models import Environment

LAST_POSITION = 999
_ASIDE = 10_000


def check_position(position: int) -> None:
    """Raise ``InvalidInput`` unless the position is between 0 and 999."""
    if not 0 <= position <= LAST_POSITION:
        raise InvalidInput.of("position", f"A position is between 0 and {LAST_POSITION}.")


def move(environment: Environment, position: int) -> None:
    """Put the environment at a position of its project's path.

    If another one is there, the environments between the old and the new place move up by one place, as
    in a list. The project must be locked.
    """
    path = list(environment.project.environments.order_by("position"))
    places = [step.position for step in path]
    if position in places:
        path.remove(environment)
        path.insert(places.index(position), environment)
        _place(environment, dict(zip((step.pk for step in path), places, strict=True)))
    else:
        _place(environment, {environment.pk: position})
    environment.position = position


def _place(environment: Environment, places: dict[int, int]) -> None:
    # No two may hold a position at any moment, not even inside one statement: first out of the way.
    steps = environment.project.environments.filter(pk__in=places)
    steps.update(position=F("position") + _ASIDE)
    steps.update(position=Case(*(When(pk=pk, then=Value(place)) for pk, place in places.items())))
