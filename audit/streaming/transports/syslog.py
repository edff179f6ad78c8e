"""Syslog over TLS: RFC 5424 messages, counted by octets as RFC 5425 has them.

Syslog has no acknowledgement. What comes nearest: everything is written, we say that we are done, and the
receiver ends the connection in good order, which it does after it has read everything. A receiver that
breaks off, or says nothing in time, gets the same batch again.
"""

import re
import selectors
import socket
import ssl
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from audit.outgoing import CONNECT_SECONDS, READ_SECONDS, OutgoingError, resolve
from audit.streaming.errors import NotDelivered
from audit.streaming.models import Destination
from audit.streaming.reading import enclosed_record
from audit.streaming.records import Batch, Record
from audit.webhooks import SecretUnreadable, secret_file

USUAL_PORT: Final = 6514
ACCEPTS_WITHIN: Final = 1.0
"""Seconds."""
_LOG_AUDIT: Final = 13  # facility "log audit"
_SEVERITY: Final = {"success": 6, "failure": 4, "denied": 4, "error": 3}
_NOT_PRINTABLE: Final = re.compile(r"[^\x21-\x7e]")
_LONGEST_ID: Final = 32
_LARGEST_SEQUENCE: Final = 2**31 - 1


class SyslogOverTls:
    """Sends a batch over a connection of its own, and the newest checkpoint as its last message."""

    most_records = 500
    most_bytes = 1024 * 1024

    def send(self, destination: Destination, batch: Batch) -> None:
        """Send it; see ``Transport``."""
        records = [*batch.records, *enclosed_record(batch, destination.format)]
        frames = b"".join(frame(record) for record in records)
        where = f"{destination.host}:{destination.port}"
        try:
            context = _context(destination)
            port = destination.port or USUAL_PORT
            address = resolve(destination.host, port)[0]
            with closing(
                socket.create_connection((address, port), timeout=CONNECT_SECONDS)
            ) as plain:
                plain.settimeout(READ_SECONDS)
                with context.wrap_socket(plain, server_hostname=destination.host) as tls:
                    _await_acceptance(tls)
                    tls.sendall(frames)
                    _end(tls)
        except OutgoingError as error:
            raise NotDelivered(error.sentence) from error
        except SecretUnreadable as error:
            raise NotDelivered(
                f"{error} The operator mounts certificates as files in STREAMING_SECRETS_DIR."
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise NotDelivered(
                f"The certificate of {where} is not trusted: {error.verify_message}."
            ) from error
        except (OSError, ValueError) as error:
            raise NotDelivered(f"{where} did not take the records: {_said(error)}.") from error


def frame(record: Record) -> bytes:
    """Return one message with its length before it: ``<octets> <message>`` (RFC 5425, 4.3)."""
    message = _message(record)
    return str(len(message)).encode() + b" " + message


def _message(record: Record) -> bytes:
    """Return the RFC 5424 message; the record follows the header as it is, without a byte order mark."""
    priority = _LOG_AUDIT * 8 + _SEVERITY.get(record.outcome, 5)
    host = _NOT_PRINTABLE.sub("", urlsplit(settings.PUBLIC_URL).hostname or "-")[:255]
    message_id = _NOT_PRINTABLE.sub("", record.kind)[:_LONGEST_ID] or "-"
    sequence = "-"
    if record.index is not None:
        # meta is registered with IANA; its counter begins at 1 and runs over.
        sequence = f'[meta sequenceId="{record.index % _LARGEST_SEQUENCE + 1}"]'
    header = f"<{priority}>1 {record.at} {host} gatehouse - {message_id} {sequence} "
    return header.encode() + record.line


def _context(destination: Destination) -> ssl.SSLContext:
    directory = settings.STREAMING_SECRETS_DIR
    context = ssl.create_default_context(
        cafile=_path(directory, destination.ca_file) if destination.ca_file else None
    )
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if destination.certificate_file:
        key = destination.key_file
        # No password: a key that needs one must not wait for somebody at a terminal.
        context.load_cert_chain(
            _path(directory, destination.certificate_file),
            _path(directory, key) if key else None,
            password="",
        )
    return context


def _path(directory: str, name: str) -> Path:
    path = secret_file(directory, name)
    if not path.is_file():
        raise SecretUnreadable(f"The file {name} cannot be read.")
    return path


def _await_acceptance(tls: ssl.SSLSocket) -> None:
    """Wait until the server has taken our certificate, or the lack of one.

    In TLS 1.3 our handshake ends before the server judges. It then sends session tickets, which are no
    records: once they are here, it has accepted us. From one that sends none we cannot know.

    Raises:
        OSError: it does not accept us.
    """
    if tls.version() != "TLSv1.3":
        return
    with selectors.DefaultSelector() as waiting:
        waiting.register(tls, selectors.EVENT_READ)
        if not waiting.select(ACCEPTS_WITHIN):
            return
    tls.settimeout(0)
    try:
        if not tls.recv(1):
            raise ConnectionAbortedError("it ended the connection at once")
    except ssl.SSLWantReadError:
        return
    finally:
        tls.settimeout(READ_SECONDS)


def _end(tls: ssl.SSLSocket) -> None:
    """Say that we are done, and wait until the receiver says the same.

    Raises:
        OSError: it broke off, or said nothing in time.
    """
    try:
        tls.unwrap()
    except ssl.SSLEOFError:
        return  # closed in good order, without the alert that not everybody sends
    except ssl.SSLError as error:
        if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
            raise


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it said nothing in time"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
