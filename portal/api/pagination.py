"""Pages by keyset: the same cost at any depth, and no row twice or missed while others are added."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

if TYPE_CHECKING:
    from rest_framework.views import APIView  # loads these classes itself, by the settings' names

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 200

_CURSOR: Final = re.compile(r"([ab])([0-9]{1,19})")
_SIZE: Final = re.compile(r"[0-9]{1,4}")
_LARGEST_KEY: Final = 2**63 - 1


class CursorPagination(BasePagination):
    """Newest first by the primary key: ``{next, previous, results}``.

    The cursor is opaque to clients: before or after which key the page begins.
    """

    def paginate_queryset(  # type: ignore[override]  # the stubs know one kind of list only
        self, queryset: QuerySet[Any, Any], request: Request, view: "APIView | None" = None
    ) -> list[Any]:
        """Return one page with one query; a keyset needs a queryset, no list will do.

        Raises:
            ValidationError: the cursor or the page size is none.
        """
        return self.paginate_fetched(partial(_of_queryset, queryset), request)

    def paginate_fetched(
        self, fetch: Callable[[str, int | None, int], list[Any]], request: Request
    ) -> list[Any]:
        """Return one page of what ``fetch(towards, start, limit)`` gives.

        Raises:
            ValidationError: the cursor or the page size is none.
        """
        self._address = request.build_absolute_uri()
        size = _size(request.query_params.get("page_size"))
        towards, start = _decoded(request.query_params.get("cursor"))
        rows = fetch(towards, start, size + 1)
        more, rows = len(rows) > size, rows[:size]
        if towards == "a":
            rows.reverse()
        self._set_links(rows, towards=towards, started=start is not None, more=more)
        return rows

    def _set_links(self, rows: list[Any], *, towards: str, started: bool, more: bool) -> None:
        older = more if towards == "b" else started
        newer = started if towards == "b" else more
        self._next = self._link("b", rows[-1]) if rows and older else None
        self._previous = self._link("a", rows[0]) if rows and newer else None

    def _link(self, towards: str, row: Any) -> str:
        cursor = base64.urlsafe_b64encode(f"{towards}{_key_of(row)}".encode()).rstrip(b"=").decode()
        return replace_query_param(self._address, "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with the addresses of its neighbours."""
        return Response(self.page(data))

    def page(self, results: Any) -> dict[str, Any]:
        """Return the page's document."""
        return {"next": self._next, "previous": self._previous, "results": results}

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Describe the page for the OpenAPI document."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        """Describe the two parameters for the OpenAPI document."""
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins, from `next` or `previous` of another page.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": f"How many; {DEFAULT_SIZE} unless told.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
            },
        ]


def _of_queryset(
    queryset: QuerySet[Any, Any], towards: str, start: int | None, limit: int
) -> list[Any]:
    if towards == "a":
        return list(queryset.filter(pk__gt=start).order_by("pk")[:limit])
    older = queryset if start is None else queryset.filter(pk__lt=start)
    return list(older.order_by("-pk")[:limit])


def _key_of(row: Any) -> int:
    return row[0] if isinstance(row, tuple) else int(row.pk)


def _size(asked: str | None) -> int:
    if asked is None:
        return DEFAULT_SIZE
    found = _SIZE.fullmatch(asked)
    if found is None or not 1 <= int(asked) <= MAX_SIZE:
        raise ValidationError({"page_size": [f"Ask for a whole number from 1 to {MAX_SIZE}."]})
    return int(asked)


def _decoded(cursor: str | None) -> tuple[str, int | None]:
    if cursor is None:
        return "b", None
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = _CURSOR.fullmatch(plain.decode("ascii"))
    except (binascii.Error, ValueError):
        found = None
    if found is None or int(found[2]) > _LARGEST_KEY:
        raise ValidationError(
            {
                "cursor": [
                    "This cursor is none of ours: take it from `next` or `previous` of a page."
                ]
            }
        )
    return found[1], int(found[2])
