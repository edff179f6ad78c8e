"""What every call about destinations has in common: who may, what is found, how it is answered."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request

from audit.api.destinations.shapes import LARGEST, DestinationSerializer
from audit.reach import reach_of
from audit.streaming.errors import (
    StreamingNotAllowed,
    StreamingRefused,
    StreamingWrongMoment,
)
from audit.streaming.lag import lags
from audit.streaming.models import Destination
from audit.streaming.rule import ensure_may_stream

T = TypeVar("T")

TO_CHANGE: Final = {"x-scope": "admin"}


class WrongMoment(APIException):
    """It makes sense, but not now."""

    status_code = 409
    default_code = "wrong_moment"


def ensure_may_look(request: Request) -> None:
    if not reach_of(request.user).whole:
        raise NotFound("Where the log is sent, see those who may read the whole log.")


def visible(request: Request, pk: int) -> Destination:
    ensure_may_look(request)
    found = Destination.objects.filter(pk=pk).first() if pk <= LARGEST else None
    if found is None:
        raise NotFound(f"There is no destination {pk}.")
    return found


def ensure_may_change(request: Request) -> None:
    done(lambda: ensure_may_stream(request.user))


def changeable(request: Request, pk: int) -> Destination:
    """Return what is to be changed; whoever may not is told so before anything else."""
    ensure_may_change(request)
    return visible(request, pk)


def asked_for(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    values: Mapping[str, Any] = asked.validated_data
    return dict(values)


def done(deed: Callable[[], T]) -> T:
    try:
        return deed()
    except StreamingNotAllowed as error:
        raise PermissionDenied(error.sentence) from error
    except StreamingWrongMoment as error:
        raise WrongMoment(error.sentence) from error
    except StreamingRefused as error:
        raise ValidationError({error.field or "body": [error.sentence]}) from error


def shown(destinations: list[Destination]) -> Any:
    context = {"lags": lags(destinations)}
    return DestinationSerializer(destinations, many=True, context=context).data
