"""Requests, responses and their verification. Pure: bytes in, bytes out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

RFC_3161: Final = "rfc3161"
QUERY_TYPE: Final = "application/timestamp-query"


class AnchorInvalid(Exception):
    """A time stamp proves nothing; the message is a sentence."""


@dataclass(frozen=True)
class Stamp:
    """What a response says: the time, in UTC, and who says so."""

    time: datetime
    authority: str


def request_for(data: bytes) -> TimeStampRequest:
    """Return a request to stamp the SHA-256 of the data, with a nonce and for the signer's certificate."""
    return TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()


def told_in(response: bytes, data: bytes) -> Stamp:
    """Return what a response over the data says, without asking who signed it.

    Args:
        response: the DER of a TimeStampResp.
        data: what was stamped, by its SHA-256 as ``request_for`` asks.

    Raises:
        AnchorInvalid: it is no response, no stamp was granted, or it is over something else.
    """
    try:
        said = decode_timestamp_response(response).tst_info
        stamped = said.message_imprint.message
    except ValueError as error:
        raise AnchorInvalid(f"The time stamp cannot be read: {error}.") from error
    if stamped != hashlib.sha256(data).digest():
        raise AnchorInvalid("The time stamp is over something else.")
    return Stamp(said.gen_time.astimezone(UTC), _name_of(said.name))


class StampVerifier:
    """Believes stamps under some root certificates."""

    def __init__(self, roots: Sequence[Certificate]) -> None:
        """Believe what leads to one of these.

        Raises:
            AnchorInvalid: there is none.
        """
        if not roots:
            raise AnchorInvalid("No certificate is given under which time stamps are believed.")
        self._roots = list(roots)

    @classmethod
    def of_file(cls, file: Path) -> "StampVerifier":
        """Read the roots from a PEM file.

        Raises:
            AnchorInvalid: it cannot be read or holds no certificate.
        """
        try:
            return cls(load_pem_x509_certificates(file.read_bytes()))
        except (OSError, ValueError) as error:
            raise AnchorInvalid(f"{file} holds no certificates: {error}") from error

    def verify(
        self, response: bytes, data: bytes, *, request: TimeStampRequest | None = None
    ) -> Stamp:
        """Return what a response says about the data.

        Args:
            response: the DER of a TimeStampResp.
            data: what was stamped.
            request: the request that it answers, whose nonce it must repeat; None when it is read again
                later.

        Raises:
            AnchorInvalid: it is no response, no stamp was granted, it is over something else, or it is
                not signed under a root that is believed.
        """
        try:
            decoded = decode_timestamp_response(response)
            builder = VerifierBuilder.from_request(request) if request else VerifierBuilder()
            for root in self._roots:
                builder = builder.add_root_certificate(root)
            builder.build().verify_message(decoded, data)
            said = decoded.tst_info
        except (VerificationError, ValueError) as error:
            raise AnchorInvalid(f"The time stamp does not hold: {error}.") from error
        return Stamp(said.gen_time.astimezone(UTC), _name_of(decoded.tst_info.name))


def _name_of(name: object) -> str:
    rfc4514 = getattr(getattr(name, "value", None), "rfc4514_string", None)
    return str(rfc4514()) if callable(rfc4514) else ""
