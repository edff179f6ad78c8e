"""Row locks of the catalog's actions.

Always taken in this order, so that no two actions wait for each other in a circle: accounts, roles,
teams, projects (each by primary key), then what belongs to a project. ``FOR NO KEY UPDATE``: a row that
is locked here can still be referred to by new rows.
"""

from collections.abc import Iterable
from typing import TypeVar

from django.db import models

from catalog.models import Project

Row = TypeVar("Row", bound=models.Model)


def locked(row: Row) -> Row:
    """Return the row as it is now, locked until the transaction ends."""
    # Not type(): the user of a request is a lazy wrapper, which tells the class of what it wraps.
    return row.__class__._default_manager.select_for_update(no_key=True).get(pk=row.pk)


def locked_projects(ids: Iterable[int]) -> list[Project]:
    """Return the projects, locked in the order of their primary keys."""
    rows = Project.objects.select_for_update(no_key=True).filter(pk__in=list(ids))
    return list(rows.order_by("pk"))
