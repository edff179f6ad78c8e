"""Signed POSTs as Standard Webhooks has them, and the secrets that sign them.

``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, which is ``v1,`` and the base64 of
HMAC-SHA256 over ``id.timestamp.body``. The id stays the same when the message is sent again, so that a
receiver takes it once. A secret is a file that the operator mounts; whoever configures names the file.
"""

import base64
import binascii
import hmac
import re
from pathlib import Path
from typing import Final

SECRET_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9]")
_PREFIX: Final = "whsec_"


class SecretUnreadable(Exception):
    """There is no such secret; the message is a sentence and says nothing of its content."""


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the ``webhook-signature`` header of a message."""
    signed = message_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def secret_file(directory: str, name: str) -> Path:
    """Return the path of a secret.

    Raises:
        SecretUnreadable: there is no directory for them, or the name is none.
    """
    if not directory:
        raise SecretUnreadable("No directory of secrets is set.")
    if not SECRET_NAME.fullmatch(name):
        raise SecretUnreadable(f"{name!r:.120} is not the name of a secret's file.")
    return Path(directory) / name


def read_secret(directory: str, name: str) -> str:
    """Return the text of a secret's file, without white space around it.

    Raises:
        SecretUnreadable: it cannot be read, or is empty.
    """
    try:
        text = secret_file(directory, name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnreadable(f"The secret {name} cannot be read.") from error
    if not text:
        raise SecretUnreadable(f"The secret {name} is empty.")
    return text


def signing_secret(directory: str, name: str) -> bytes:
    """Return the bytes of a signing secret: written as ``whsec_`` and base64, or as they are.

    Raises:
        SecretUnreadable: it cannot be read, is empty, or is not base64 after ``whsec_``.
    """
    return signing_key(read_secret(directory, name), name)


def signing_key(text: str, name: str = "") -> bytes:
    """Return the same of a secret's text that was read before; ``name`` is for the sentence.

    Raises:
        SecretUnreadable: it is not base64 after ``whsec_``, or nothing.
    """
    if not text.startswith(_PREFIX):
        return text.encode()
    called = f"The secret {name}".strip()
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise SecretUnreadable(f"{called} is not base64 after {_PREFIX}.") from error
    if not secret:
        raise SecretUnreadable(f"{called} is empty.")
    return secret
