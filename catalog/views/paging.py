"""Lists by keyset: the same cost at any depth, and no row twice or missed while others are added."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """One page of a list, and the addresses of the pages beside it, empty where there is none."""

    rows: list[Row]
    before_url: str = ""
    after_url: str = ""


def slice_of(
    queryset: QuerySet[Row],
    request: HttpRequest,
    *,
    key: str = "pk",
    descending: bool = False,
    size: int = PAGE_SIZE,
    read: Callable[["QuerySet[Row]"], list[Any]] = list,
) -> Slice[Row]:
    """Return the page that ``?after=`` or ``?before=`` asks for, with one query.

    ``key`` is a column that no two rows share; a key in the address that does not fit it starts anew.
    ``read`` makes the rows, where a page wants others than the model's instances; they have the key as well.
    """
    after, before = (_asked(queryset, request, name, key) for name in ("after", "before"))
    backwards = before is not None and after is None
    start = before if backwards else after
    rising = descending == backwards
    if start is not None:
        queryset = queryset.filter(**{f"{key}__{'gt' if rising else 'lt'}": start})
    rows = read(queryset.order_by(key if rising else f"-{key}")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_after, has_before = (start is not None, more) if backwards else (more, start is not None)
    return Slice(
        rows,
        before_url=_address(request, "before", rows[0], key) if rows and has_before else "",
        after_url=_address(request, "after", rows[-1], key) if rows and has_after else "",
    )


def _asked(queryset: QuerySet[Any], request: HttpRequest, name: str, key: str) -> Any:
    typed = request.GET.get(name)
    if not typed:
        return None
    options = queryset.model._meta
    field = options.pk if key == "pk" else options.get_field(key)
    is_number = not field.empty_strings_allowed
    checked = (
        forms.IntegerField(min_value=0, max_value=2**63 - 1) if is_number else forms.CharField()
    )
    try:
        return checked.clean(typed)
    except forms.ValidationError:
        return None


def _address(request: HttpRequest, name: str, row: Any, key: str) -> str:
    query: QueryDict = request.GET.copy()
    for other in ("after", "before"):
        query.pop(other, None)
    query[name] = str(getattr(row, key))
    return f"{request.path}?{query.urlencode()}"
