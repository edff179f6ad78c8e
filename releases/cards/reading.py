"""Tell the formats of model cards apart and read the one that came."""

from collections.abc import Mapping
from typing import BinaryIO, Final

from releases.cards.cyclonedx_in import read_cyclonedx
from releases.cards.found import Found
from releases.cards.google import PARTS, read_google
from releases.cards.hugging_face_in import read_hugging_face
from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import blocks
from releases.parsers.strict_json import read_json

LARGEST: Final = 4 * 1024 * 1024
"""Bytes. Cards with pictures in them are larger; send them without."""

VERSION: Final = "1"
"""Changes whenever the same bytes would give another card."""

_KNOWN: Final = (
    "Known are Hugging Face's README.md, which begins with ---, the JSON of Google's Model Card Toolkit, and "
    "CycloneDX JSON 1.5 to 1.7."
)


def read_card(stream: BinaryIO, *, digest: str = "") -> Found:
    """Return the card in a document; ``digest`` is that of the version it is for.

    Raises:
        EvidenceRejected: it is none of the known formats, or a broken one; nothing was taken.
    """
    stream.seek(0)
    head = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    stream.seek(0)
    if not head:
        raise EvidenceRejected("The file is empty.")
    if head.startswith(b"---"):
        found = read_hugging_face(_text(stream))
    elif head.startswith((b"{", b"[")):
        found = _read_json(stream, digest)
    else:
        raise EvidenceRejected(f"This is no model card. {_KNOWN}")
    if not found.content:
        raise EvidenceRejected(
            f"This {found.title} says nothing that a card of ours has a field for."
        )
    return found


def _read_json(stream: BinaryIO, digest: str) -> Found:
    document = read_json(stream, limit=LARGEST)
    if isinstance(document, Mapping):
        if document.get("bomFormat") == "CycloneDX":
            return read_cyclonedx(document, digest=digest)
        if any(isinstance(document.get(part), Mapping) for part in PARTS):
            return read_google(document)
    raise EvidenceRejected(f"This is JSON, but no model card. {_KNOWN}")


def _text(stream: BinaryIO) -> str:
    raw = b"".join(blocks(stream, limit=LARGEST))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceRejected(f"The file is not UTF-8 text (byte {error.start}).") from None
