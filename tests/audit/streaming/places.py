"""Destinations of the tests, and what arrived at them."""

import json
from pathlib import Path

from django.conf import settings

from audit.streaming.actions.create import create_destination
from audit.streaming.models import Destination
from audit.streaming.sending import serve
from audit.streaming.wanted import Wanted


def made(by, *, name="siem", from_now=False, **fields) -> Destination:
    return create_destination(Wanted(name=name, **fields), from_now=from_now, by=by)


def send(destination: Destination, *, worker="one") -> Destination:
    """Let a streamer have its turns, without the pauses between them; return the row as it is then."""
    while serve(destination.pk, worker=worker):
        pass
    destination.refresh_from_db()
    return destination


def at_once(destination: Destination) -> Destination:
    """Let the pause be over."""
    Destination.objects.filter(pk=destination.pk).update(not_before=None)
    return destination


def messages_of(receiver) -> list[dict]:
    return [json.loads(body) for _, body in receiver.received]


def records_of(receiver) -> list[dict]:
    return [record for message in messages_of(receiver) for record in message["records"]]


def path_of(destination: Destination) -> Path:
    return Path(settings.STREAMING_ROOT) / destination.file_name


def lines_of(path: Path) -> list[dict]:
    """The entries in a file; what is no JSON and what is no entry is left out."""
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [each for each in found if "leaf_index" in each]


def indexes(records) -> list[int]:
    return [record["leaf_index"] for record in records]
