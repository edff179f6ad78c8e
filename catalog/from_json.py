"""Models made of what a hand-written statement answered as JSON: ``to_json(row)`` in SQL, instances here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import DateTimeField, Model

M = TypeVar("M", bound=Model)


def made(model: type[M], row: Mapping[str, Any], **related: Any) -> M:
    """Return the instance that the ORM would have read.

    Args:
        model: of flat columns: texts, numbers, times, JSON and arrays of these.
        row: its columns. Columns that the model does not have are left out; what is not in the row is
            read when somebody asks for it, as after ``defer()``.
        related: instances for its foreign keys.
    """
    names, values = [], []
    for name, read in _columns(model):
        if name in row:
            names.append(name)
            value = row[name]
            values.append(value if read is None or value is None else read(value))
    found = model.from_db(DEFAULT_DB_ALIAS, names, values)
    for name, instance in related.items():
        setattr(found, name, instance)
    return found


@cache
def _columns(model: type[Model]) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    return tuple(
        (field.attname, datetime.fromisoformat if isinstance(field, DateTimeField) else None)
        for field in model._meta.concrete_fields
    )
