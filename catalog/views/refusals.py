"""What an action refuses, as sentences on the page that asked, with a status that says whose fault it is."""

from http import HTTPStatus
from typing import Final

from django import forms

from audit.errors import NotRecordable
from catalog.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotFound,
    Unavailable,
    WrongMoment,
)

REFUSALS: Final = (DomainError, NotRecordable)
"""What a page catches round an action; anything else is our own fault and a 500."""

_STATUS_OF: Final[tuple[tuple[type[Exception], HTTPStatus], ...]] = (
    # 422 for input, as htmx swaps it in; a page is no problem document.
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotRecordable, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (WrongMoment, HTTPStatus.CONFLICT),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: DomainError | NotRecordable) -> HTTPStatus:
    """Return the status of a page that shows this refusal; what is not input or moment is permission."""
    found = (status for kind, status in _STATUS_OF if isinstance(error, kind))
    return next(found, HTTPStatus.FORBIDDEN)


def write_into(form: forms.Form, error: DomainError | NotRecordable) -> HTTPStatus:
    """Put the refusal's sentences at the fields they are about, or above the form; return its status."""
    about = error.fields if isinstance(error, DomainError) else {}
    known = {name: said for name, said in about.items() if name in form.fields}
    for name, sentences in known.items():
        form.add_error(name, sentences)
    others = [sentence for name, said in about.items() if name not in known for sentence in said]
    if others or not known:
        form.add_error(None, others or [error.sentence])
    return status_of(error)
