"""How a view tells the OpenAPI document what it takes and gives."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from catalog.models import TokenScope as Scope

View = TypeVar("View", bound=Callable[..., Any])


def call(  # noqa: PLR0913 -- every one is keyword-only and most calls need few
    tag: str,
    summary: str,
    *,
    name: str,
    body: Any = None,
    answer: Any = None,
    status: int = 200,
    also: dict[int, str] | None = None,
    parameters: Sequence[OpenApiParameter] = (),
    scope: Scope | None = None,
) -> Callable[[View], View]:
    """Describe one call.

    Args:
        tag: the noun under which the docs page lists it.
        summary: one line for the docs page; the method's docstring says more.
        name: the operation's id, unique in the API.
        body: serializer of the request, None for none.
        answer: serializer of the answer (``many=True`` is a page), None for no content.
        status: of the good answer.
        also: further good statuses with the same answer, and when they come.
        scope: what a token needs; reading needs ``read``.
    """
    good = {status: _response(answer, "")}
    good |= {other: _response(answer, why) for other, why in (also or {}).items()}
    return extend_schema(
        tags=[tag],
        summary=summary,
        operation_id=name,
        request=body,
        responses=good,
        parameters=list(parameters),
        extensions={"x-scope": str(scope or Scope.READ)},
    )


def _response(answer: Any, why: str) -> OpenApiResponse:
    return OpenApiResponse(response=answer, description=why or ("Done." if answer is None else ""))


def query(name: str, kind: type, description: str) -> OpenApiParameter:
    """Describe one query parameter."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description)
