"""What an administrator wants a destination to be, and whether that makes sense."""

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Self

from audit.outgoing import OutgoingRefused, check_url
from audit.streaming.errors import StreamingRefused
from audit.streaming.models import (
    CONFIGURED,
    BodyLayout,
    Destination,
    DestinationKind,
    RecordFormat,
)
from audit.streaming.transports.syslog import USUAL_PORT
from audit.webhooks import SECRET_NAME

LONGEST_NAME: Final = 63
LONGEST_URL: Final = 500
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,92}\.jsonl")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_LARGEST_PORT: Final = 65_535
_OF_KIND: Final = {
    DestinationKind.WEBHOOK: {"layout", "url", "signing_secret", "authorization_secret"},
    DestinationKind.SYSLOG: {"host", "port", "ca_file", "certificate_file", "key_file"},
    DestinationKind.FILE: {"file_name"},
}
_OF_ALL: Final = {"name", "kind", "format"}
_FILES: Final = {
    "signing_secret": "secret",
    "authorization_secret": "secret",
    "ca_file": "certificate",
    "certificate_file": "certificate",
    "key_file": "key",
}


@dataclass(frozen=True)
class Wanted:
    """The set-up of a destination. Secrets and certificates are names of files, never their content."""

    name: str
    kind: str
    format: str = RecordFormat.GATEHOUSE
    layout: str = BodyLayout.MESSAGE
    url: str = ""
    host: str = ""
    port: int | None = None
    file_name: str = ""
    signing_secret: str = ""
    authorization_secret: str = ""
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""

    @classmethod
    def of(cls, destination: Destination) -> Self:
        """Return how a destination is set up now."""
        return cls(**{name: getattr(destination, name) for name in CONFIGURED})

    def with_changes(self, changes: dict[str, Any]) -> Self:
        """Return the same with some fields replaced; what it does not know is left out."""
        known = {each.name for each in fields(self)}
        return replace(self, **{name: value for name, value in changes.items() if name in known})

    @property
    def values(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    def checked(self) -> Self:
        """Return the same without what its kind does not use.

        Raises:
            StreamingRefused: names the field and says what would do.
        """
        if not _NAME.fullmatch(self.name) or len(self.name) > LONGEST_NAME:
            raise StreamingRefused(
                f"Use small letters, digits and hyphens, at most {LONGEST_NAME}.", field="name"
            )
        for field, choices in (
            ("kind", DestinationKind), ("format", RecordFormat), ("layout", BodyLayout),
        ):  # fmt: skip
            if getattr(self, field) not in choices.values:
                raise StreamingRefused(f"Use one of {', '.join(choices.values)}.", field=field)
        used = _OF_ALL | _OF_KIND[DestinationKind(self.kind)]
        blank = type(self)(name=self.name, kind=self.kind)
        lean = blank.with_changes({name: getattr(self, name) for name in used})
        _CHECKS[DestinationKind(self.kind)](lean)
        for field, what in _FILES.items():
            named = getattr(lean, field)
            if named and not SECRET_NAME.fullmatch(named):
                raise StreamingRefused(
                    f"Give the name of the {what}'s file in STREAMING_SECRETS_DIR, not its content or path.",
                    field=field,
                )
        return lean if lean.kind != DestinationKind.SYSLOG else lean.with_changes(_usual(lean))


def _usual(wanted: Wanted) -> dict[str, Any]:
    return {"port": wanted.port or USUAL_PORT}


def _check_webhook(wanted: Wanted) -> None:
    if len(wanted.url) > LONGEST_URL:
        raise StreamingRefused(f"At most {LONGEST_URL} characters.", field="url")
    try:
        check_url(wanted.url)
    except OutgoingRefused as error:
        raise StreamingRefused(error.sentence, field="url") from error
    if "?" in wanted.url or not wanted.url.isascii() or not wanted.url.isprintable():
        raise StreamingRefused(
            "Use an address of plain characters without a query. What opens the door goes into a secret's "
            "file, whose content is sent as the Authorization header.",
            field="url",
        )
    if not wanted.signing_secret:
        raise StreamingRefused(
            "Name the file of the secret that signs; the operator mounts it in STREAMING_SECRETS_DIR.",
            field="signing_secret",
        )


def _check_syslog(wanted: Wanted) -> None:
    if not _HOST.fullmatch(wanted.host):
        raise StreamingRefused("Give the host's name or its address.", field="host")
    if wanted.port is not None and not 0 < wanted.port <= _LARGEST_PORT:
        raise StreamingRefused(f"A port is 1 to {_LARGEST_PORT}.", field="port")
    if wanted.key_file and not wanted.certificate_file:
        raise StreamingRefused("A key needs its certificate.", field="certificate_file")


def _check_file(wanted: Wanted) -> None:
    if not _FILE.fullmatch(wanted.file_name):
        raise StreamingRefused(
            "Give a plain name that ends with .jsonl, such as audit.jsonl. It lies in STREAMING_ROOT.",
            field="file_name",
        )


_CHECKS: Final = {
    DestinationKind.WEBHOOK: _check_webhook,
    DestinationKind.SYSLOG: _check_syslog,
    DestinationKind.FILE: _check_file,
}
