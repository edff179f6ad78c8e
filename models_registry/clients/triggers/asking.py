"""Guarded HTTP to a tool, and its answers judged the same way for every tool."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from audit.outgoing import (
    Answer,
    OutgoingRefused,
    OutgoingUnavailable,
    OutgoingUnreached,
    send,
)
from models_registry.clients.triggers.port import ToolAway, ToolRefused, ToolSilent

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of an answer: fifty runs of a workflow have about half a megabyte."""
LONGEST_WORDS: Final = 300
LONGEST_URL: Final = 500
_SILENT: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_JSON: Final = {"content-type": "application/json", "accept": "application/json"}
_FORM: Final = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": "application/json",
}


@dataclass(frozen=True)
class Tool:
    """One tool at the other end.

    Attributes:
        name: for people.
        headers: sent with every call, credentials among them.
    """

    name: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, url: str, **query: str) -> Answer:
        """Read something; the status is not judged yet."""
        address = f"{url}?{urlencode(query)}" if query else url
        return self._call("GET", address, {"accept": "application/json"})

    def post_json(self, url: str, body: Any) -> Answer:
        """Send a JSON document."""
        return self._call("POST", url, _JSON, orjson.dumps(body))

    def post_form(self, url: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send a form; ``headers`` are further ones."""
        return self._call("POST", url, {**_FORM, **headers}, urlencode(fields).encode())

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send bytes as they are."""
        return self._call("POST", url, headers, body)

    def document(self, answer: Answer, *fine: HTTPStatus) -> Any:
        """Return the JSON of a good answer.

        Raises:
            ToolRefused, ToolAway, ToolSilent: as its status says; silent, when it is good but no JSON.
        """
        self.judge(answer, *fine)
        try:
            return orjson.loads(answer.content if answer.is_whole else b"")
        except orjson.JSONDecodeError:
            raise ToolSilent(
                f"{self.name} answered {answer.status} with {_kind_of(answer)} instead of JSON. Does "
                "the address lead to its REST interface, past any sign-in page?"
            ) from None

    def mapping(self, answer: Answer, *fine: HTTPStatus) -> dict[str, Any]:
        """Return the same, when it must be an object."""
        found = self.document(answer, *fine)
        if isinstance(found, dict):
            return found
        raise ToolSilent(f"{self.name} answered with JSON of another form than it documents.")

    def judge(self, answer: Answer, *fine: HTTPStatus) -> None:
        """Let a good status pass: one of ``fine``, or any 2xx.

        Raises:
            ToolRefused, ToolAway, ToolSilent: it is another.
        """
        status = answer.status
        if status in fine or HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        said = f"{self.name} answered {status}{_words(answer)}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ToolAway(said)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _SILENT:
            raise ToolSilent(said)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise ToolRefused(
                f"{self.name} answered {status}, a redirect, which is not followed: name the address "
                "it leads to, or sign in by a token."
            )
        raise ToolRefused(said)

    def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        sent = {"user-agent": "Gatehouse", **headers, **self.headers}
        try:
            return send(method, url, body, sent, largest=LARGEST)
        except OutgoingRefused as refusal:
            raise ToolRefused(refusal.sentence) from refusal
        except OutgoingUnreached as absence:
            raise ToolAway(absence.sentence) from absence
        except OutgoingUnavailable as silence:
            raise ToolSilent(silence.sentence) from silence
        except UnicodeEncodeError as error:
            raise ToolRefused(
                "The secret or the address holds characters that HTTP cannot carry."
            ) from error


def basic(secret: str) -> str:
    """Return the ``Authorization`` header for ``user:password``."""
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def link(url: object) -> str:
    """Return an address that a tool named, if a page may link to it; else nothing."""
    if not isinstance(url, str) or len(url) > LONGEST_URL:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


def text_of(answer: Answer) -> str:
    """Return what a refusal says, as one line of plain words; empty if it is a page."""
    try:
        said = _reason(orjson.loads(answer.content))
    except orjson.JSONDecodeError:
        said = "" if _kind_of(answer) == "a web page" else answer.text
    return "".join(each for each in said if each.isprintable()).strip()[:LONGEST_WORDS]


def _words(answer: Answer) -> str:
    said = text_of(answer)
    return f": {said}" if said else "."


def _reason(document: Any) -> str:
    """Return the sentence in an error document: each tool has its own place for it."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return ", ".join(filter(None, map(_reason, document)))
    if not isinstance(document, dict):
        return ""
    known = ("message", "msg", "detail", "reason", "base", "error_description", "error", "title")
    return next((said for key in known if (said := _reason(document.get(key)))), "")


def _kind_of(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    begins = answer.content[:200].lstrip().lower()
    if "html" in kind or begins.startswith((b"<!doctype", b"<html")):
        return "a web page"
    return "something" if answer.content else "nothing"
