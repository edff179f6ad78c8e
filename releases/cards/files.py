"""Exports of a card as files to save; the page and the API answer with the same ones."""

import orjson
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from releases.cards import cyclonedx_out, hugging_face_out
from releases.models import CardRevision


def cyclonedx_file(revision: CardRevision) -> HttpResponse:
    """Return the card as a file to save."""
    body = orjson.dumps(cyclonedx_out.to_cyclonedx(revision), option=orjson.OPT_INDENT_2)
    return _file(body, cyclonedx_out.MEDIA_TYPE, f"{_name(revision)}.cdx.json")


def readme_file(revision: CardRevision) -> HttpResponse:
    """Return the card as a file to save."""
    body = hugging_face_out.to_hugging_face(revision).encode()
    return _file(body, hugging_face_out.MEDIA_TYPE, f"{_name(revision)}.md")


def _name(revision: CardRevision) -> str:
    version = revision.card.artifact_version
    return f"{version.artifact.name}-{version.version}-card".replace("/", "-").replace(" ", "-")


def _file(body: bytes, media_type: str, name: str) -> HttpResponse:
    # A version's label may hold any character; Django's header says it so that none has a meaning.
    headers = {
        "Content-Disposition": content_disposition_header(True, name),  # noqa: FBT003 -- as Django has it
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(body, content_type=media_type, headers=headers)
