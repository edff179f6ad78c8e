"""Requests to a store that speaks S3: made and signed by botocore, sent by ``audit.outgoing``.

botocore knows how requests are signed, how errors are written and what is worth a second try. It would
resolve the address itself, follow proxies from the environment and take credentials from wherever it
finds some; here each request goes to an address that was checked, with the credentials of one file.
"""

import configparser
import os
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import HTTPClientError

from audit.fallbacks.port import NotKept
from audit.outgoing import OutgoingUnavailable, send

TRIES: Final = 3
"""How often one request is made before the store counts as away."""
_SECTION: Final = "default"
_KEY_ID: Final = "aws_access_key_id"
_SECRET: Final = "aws_secret_access_key"  # noqa: S105 -- the name of a line in a file
_SESSION: Final = "aws_session_token"


class StoreSilent(HTTPClientError):  # type: ignore[misc]  # botocore has no types
    """There was no answer; botocore tries what is an ``HTTPClientError`` again."""

    fmt = "{sentence}"


class Credentials(NamedTuple):
    """What the store knows us by."""

    key_id: str
    secret: str
    session: str | None


def connect(
    *, endpoint: str, region: str, credentials: Credentials, ca_file: str = "", tries: int = TRIES
) -> Any:
    """Return a client of botocore whose requests go through the guard for outgoing calls.

    Args:
        endpoint: ``https://host[:port]`` of the store; empty for AWS, which goes by region and bucket.
        region: part of what is signed.
        credentials: as ``credentials_from`` reads them.
        ca_file: certificates (PEM) under which the store is believed; those of the system when empty.
        tries: per request.

    Raises:
        botocore.exceptions.BotoCoreError: the endpoint or the region makes no sense.
    """
    session = botocore.session.Session()
    # Nobody's own files on this machine decide how the log is kept.
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    client = session.create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint or None,
        aws_access_key_id=credentials.key_id,
        aws_secret_access_key=credentials.secret,
        aws_session_token=credentials.session,
        config=Config(
            signature_version="s3v4",
            user_agent="Gatehouse",
            ignore_configured_endpoint_urls=True,
            retries={"mode": "standard", "total_max_attempts": tries},
            # Stores other than AWS's rarely have a name for each bucket.
            s3={"addressing_style": "path" if endpoint else "auto"},
            # We send and compare checksums ourselves; older stores refuse the newer ones.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )

    def carry(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return _carry(request, ca_file)

    client.meta.events.register("before-send.s3", carry)
    return client


def credentials_from(file: str) -> Credentials:
    """Read the file in the form that AWS's tools use: ``[default]``, key id, secret, perhaps a session.

    It is read for each checkpoint, so that new credentials need no restart.

    Raises:
        NotKept: there is none, or it lacks something.
    """
    if not file:
        raise NotKept(
            "CHECKPOINT_S3_CREDENTIALS_FILE names no file, so the store would not know us."
        )
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(Path(file).read_text(encoding="utf-8"))
        section = parser[_SECTION]
        return Credentials(section[_KEY_ID], section[_SECRET], section.get(_SESSION))
    except OSError as error:
        raise NotKept(f"{file} cannot be read: {error.strerror}.") from error
    except (configparser.Error, KeyError, UnicodeError):
        # What went wrong may quote the secret.
        raise NotKept(
            f"{file} holds no credentials: write [{_SECTION}], {_KEY_ID} = … and {_SECRET} = …, each on "
            "a line of its own."
        ) from None


class _Raw(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> list[bytes]:
        """Return all of it."""
        return [self.read()]


def _carry(request: AWSPreparedRequest, ca_file: str) -> AWSResponse:
    headers = {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    body = request.body or b""
    content = body if isinstance(body, bytes) else body.read()
    try:
        answer = send(request.method, request.url, content, headers, ca_file=ca_file)
    except OutgoingUnavailable as error:
        raise StoreSilent(sentence=error.sentence) from error
    return AWSResponse(request.url, answer.status, answer.headers, _Raw(answer.content))
