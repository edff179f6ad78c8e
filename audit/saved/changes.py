"""Save, rename and delete views."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from django.db import IntegrityError, transaction
from django.http import QueryDict

from audit.reach import reach_of
from audit.record import record
from audit.saved.events import SavedViewEvent
from audit.saved.models import LONGEST_NAME, SavedView

MOST = 50
"""Views that one account may keep."""

SHARED_BY_PROJECT = (
    "A view is shared with who reads a project's log: name the project in the filter."
)


class Sharing(Enum):
    """With whom a replaced view is shared, when nobody says."""

    AS_IT_IS = "as it is"


class ViewRefused(Exception):
    """It is not done; the message is a sentence.

    Attributes:
        field: what is at fault.
    """

    field = "name"


class NotYours(ViewRefused):
    """Somebody else's view is shown, and theirs to change."""


class NotShareable(ViewRefused):
    """Who does not read a project's log shares nothing with those who do."""

    field = "share"


def save_view(name: str, query: str, *, share_with: str | None = None, by: Any) -> SavedView:
    """Keep a filter under a name.

    Args:
        name: unique among the account's own.
        query: the filter's fields, urlencoded.
        share_with: the slug of the project whose log's readers see it too.
        by: an account.

    Raises:
        ViewRefused: the name is empty, too long or taken, there are enough, or the account may not read
            that project's log.
    """
    name = _checked(name)
    _ensure_shareable(share_with, by)
    with _change():
        if SavedView.objects.filter(owner=by).count() >= MOST:
            raise ViewRefused(f"You keep {MOST} views already. Delete one first.")
        view = SavedView.objects.create(owner=by, name=name, query=query, project=share_with)
        _record_filter(SavedViewEvent.SAVED, view, by=by)
    return view


def replace_view(
    view: SavedView,
    name: str,
    query: str,
    *,
    share_with: str | Sharing | None = Sharing.AS_IT_IS,
    by: Any,
) -> SavedView:
    """Put another filter under the view, with a name and whom it is shared with.

    Args:
        view: one's own.
        name: unique among the account's own.
        query: the filter's fields, urlencoded.
        share_with: the slug of the project whose log's readers see it too, or None for nobody; left out, it
            is shared as it was.
        by: an account.

    Raises:
        NotYours: it is somebody else's.
        NotShareable: the account may not read that project's log, or the view stays shared with the readers
            of a project's log whose filter it has no more.
        ViewRefused: the name is empty, too long or taken.
    """
    name = _checked(name)
    with _change():
        own = _locked(view, by)
        if isinstance(share_with, Sharing):
            _ensure_still_of_its_project(own, query)
            share_with = own.project
        _ensure_shareable(share_with, by)
        own.name, own.query, own.project = name, query, share_with
        own.save(update_fields=["name", "query", "project"])
        _record_filter(SavedViewEvent.REPLACED, own, by=by)
    return own


def rename_view(view: SavedView, name: str, *, by: Any) -> SavedView:
    """Call it something else.

    Raises:
        NotYours: it is somebody else's.
        ViewRefused: the name is empty, too long or taken.
    """
    name = _checked(name)
    with _change():
        own = _locked(view, by)
        own.name = name
        own.save(update_fields=["name"])
        record(SavedViewEvent.RENAMED, subject=own, by=by, private={"name": name})
    return own


@transaction.atomic(durable=True)
def delete_view(view: SavedView, *, by: Any) -> None:
    """Forget it.

    Raises:
        NotYours: it is somebody else's.
    """
    own = _locked(view, by)
    record(SavedViewEvent.DELETED, subject=own, by=by, private={"name": own.name})
    own.delete()


@contextmanager
def _change() -> Iterator[None]:
    """One transaction; a name that the owner has already is told as such."""
    try:
        with transaction.atomic(durable=True):
            yield
    except IntegrityError as error:
        raise ViewRefused("You have a view of that name already.") from error


def _record_filter(name: SavedViewEvent, view: SavedView, *, by: Any) -> None:
    private = {"name": view.name}
    record(name, subject=view, by=by, private=private, shared=bool(view.project))


def _ensure_shareable(share_with: str | None, by: Any) -> None:
    if share_with and share_with not in reach_of(by).projects:
        raise NotShareable(
            "A view is shared with those who read a project's log, and you do not read that one's."
        )


def _ensure_still_of_its_project(view: SavedView, query: str) -> None:
    """A view is shared with the readers of the log that it filters by."""
    if view.project and QueryDict(query).get("project") != view.project:
        raise NotShareable(
            f"The view is shared with those who read the log of {view.project}, and the new filter does not "
            "name that project. Nothing is saved: name it in the filter, or say whom the view is to be "
            "shared with from now on."
        )


def _locked(view: SavedView, by: Any) -> SavedView:
    own = SavedView.objects.select_for_update().filter(pk=view.pk, owner=by).first()
    if own is None:
        raise NotYours("A view is changed by whoever saved it. Save it under a name of your own.")
    return own


def _checked(name: str) -> str:
    stripped = " ".join(name.split())
    if not stripped or "\x00" in stripped:
        raise ViewRefused("Give the view a name.")
    if len(stripped) > LONGEST_NAME:
        raise ViewRefused(f"A name has at most {LONGEST_NAME} characters.")
    return stripped
