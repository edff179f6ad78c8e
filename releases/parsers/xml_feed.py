"""Feeds XML to a target without building a tree; every way to be wrong becomes a sentence."""

from collections.abc import Mapping
from typing import BinaryIO, Final, Protocol
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import errors

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from releases.parsers.errors import EvidenceRejected
from releases.parsers.reading import blocks

_TRUNCATED: Final = frozenset(
    errors.codes[message]
    for message in (
        errors.XML_ERROR_NO_ELEMENTS,
        errors.XML_ERROR_UNCLOSED_TOKEN,
        errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        errors.XML_ERROR_PARTIAL_CHAR,
    )
)
_ENCODING: Final = frozenset(
    errors.codes[message]
    for message in (errors.XML_ERROR_UNKNOWN_ENCODING, errors.XML_ERROR_INCORRECT_ENCODING)
)
_FORBIDDEN: Final = "document types, entities and external references are not accepted"


class XmlTarget(Protocol):
    """What is told of every element, in document order."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def data(self, text: str) -> None: ...


def feed_xml(stream: BinaryIO, target: XmlTarget, *, limit: int) -> None:
    """Tell `target` what `stream` holds.

    Raises EvidenceRejected for what is not well-formed XML, is larger than `limit` bytes, or has
    a document type (and with it every entity bomb).
    """
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        for block in blocks(stream, limit=limit):
            parser.feed(block)
        parser.close()
    except ParseError as error:
        raise EvidenceRejected(_sentence(error)) from None
    except DefusedXmlException as error:
        what = "a document type" if isinstance(error, DTDForbidden) else "an entity"
        raise EvidenceRejected(f"The report declares {what}; {_FORBIDDEN}.") from None
    except (LookupError, ValueError):
        # Expat hands unknown encodings to Python's codecs, which refuse them in these two ways.
        raise EvidenceRejected(_UNKNOWN_ENCODING) from None


_UNKNOWN_ENCODING: Final = (
    "The report's text is not in the encoding its XML declaration names, or that encoding is not"
    " known; UTF-8 always works."
)


def _sentence(error: ParseError) -> str:
    line, column = error.position
    where = f"line {line}, column {column + 1}"
    if error.code in _TRUNCATED:
        return f"The report ends in the middle ({where}); it was cut off or is no XML."
    if error.code in _ENCODING:
        return _UNKNOWN_ENCODING
    if error.code == errors.codes[errors.XML_ERROR_INVALID_TOKEN]:
        return (
            f"The report is not well-formed XML: {where} has a character or a byte that may not"
            " stand there (a NUL, a control character, or text that is not in the declared"
            " encoding)."
        )
    message = errors.messages.get(error.code, "it cannot be read")
    return f"The report is not well-formed XML: {message} ({where})."
