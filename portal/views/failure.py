"""The page that people see when the portal cannot answer."""

import sys
from http import HTTPStatus
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error

AGAIN_AFTER: Final = 5
"""Seconds."""


def failed(request: HttpRequest) -> HttpResponse:
    """Say what is the matter, as far as it may be said. Asks no database: it may be what is away."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        page = loader.render_to_string("503.html")
        return HttpResponse(
            page,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(AGAIN_AFTER)},
        )
    return server_error(request)
