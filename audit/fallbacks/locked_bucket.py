"""A bucket with object lock, at any store that speaks S3: AWS, MinIO, Ceph and others.

Until its retention is over nobody deletes or replaces what lies there; in the mode COMPLIANCE not even
whoever owns the bucket. It is put with ``If-None-Match: *``, and read again before it counts as kept.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils import timezone

from audit.fallbacks.port import NotKept
from audit.fallbacks.s3 import connect, credentials_from
from audit.outgoing import OutgoingError

COMPLIANCE: Final = "COMPLIANCE"
GOVERNANCE: Final = "GOVERNANCE"
_PLACE: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._/-]*))?")
_IMPRECISION: Final = timedelta(seconds=1)
"""A store gives the end of a retention back in whole seconds."""
_LONGEST_SAID: Final = 300


@dataclass(frozen=True)
class _Held:
    """An object as the bucket has it."""

    content: bytes
    mode: str
    until: datetime | None


class LockedBucket:
    """Objects are created and locked, never replaced, and were read back when ``put`` returns."""

    def __init__(self, place: str) -> None:
        """Use ``s3://bucket`` or ``s3://bucket/prefix``; settings.CHECKPOINT_S3_* say the rest.

        Raises:
            NotKept: the place or a setting makes no sense, or there are no credentials.
        """
        found = _PLACE.fullmatch(place)
        if found is None:
            raise NotKept(f"CHECKPOINT_STORE_PLACE is s3://bucket/prefix, not {place!r}.")
        self._bucket, prefix = found[1], (found[2] or "").strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._mode = settings.CHECKPOINT_S3_LOCK_MODE
        self._retention = timedelta(days=settings.CHECKPOINT_S3_LOCK_DAYS)
        endpoint = settings.CHECKPOINT_S3_ENDPOINT
        self._where = f"The bucket {self._bucket} at {urlsplit(endpoint).netloc or 'AWS'}"
        credentials = credentials_from(settings.CHECKPOINT_S3_CREDENTIALS_FILE)
        with self._told():
            self._client = connect(
                endpoint=endpoint,
                region=settings.CHECKPOINT_S3_REGION,
                credentials=credentials,
                ca_file=settings.CHECKPOINT_S3_CA_FILE,
            )

    def put(self, name: str, content: bytes) -> None:
        """Create and lock the object; the same content again is nothing new.

        Raises:
            NotKept: the store cannot be reached or refuses, its bucket locks nothing, it holds another
                content under the name, or what it holds is not locked.
        """
        key = f"{self._prefix}{name}"
        with self._told():
            self._ensure_locks()
            held = self._held(key)
            until = timezone.now()
            if held is None:
                until += self._retention
                self._create(key, content, until)
                held = self._held(key)
        self._ensure_kept(key, held, content, until)

    def _ensure_locks(self) -> None:
        try:
            said = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except ClientError as error:
            if _code(error) != "ObjectLockConfigurationNotFoundError":
                raise
            said = {}
        if said.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise NotKept(
                f"{self._where} has no object lock, so what lies there can be replaced. Use a bucket that "
                "was made with object lock."
            )

    def _held(self, key: str) -> _Held | None:
        try:
            got = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _status(error) == HTTPStatus.NOT_FOUND and _code(error) != "NoSuchBucket":
                return None
            raise
        return _Held(
            got["Body"].read(), got.get("ObjectLockMode", ""), got.get("ObjectLockRetainUntilDate")
        )

    def _create(self, key: str, content: bytes, until: datetime) -> None:
        """Put the object unless one is there; whose it then is, reading it again will tell."""
        digest = hashlib.sha256(content).digest()
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": content,
            "ContentType": "text/plain; charset=utf-8",
            # Object lock wants one of the two; older stores know the second only.
            "ChecksumSHA256": base64.b64encode(digest).decode(),
            "ContentMD5": base64.b64encode(md5).decode(),
            "ObjectLockMode": self._mode,
            "ObjectLockRetainUntilDate": until,
        }
        try:
            self._client.put_object(**wanted, IfNoneMatch="*")
        except ClientError as error:
            status = _status(error)
            if status == HTTPStatus.NOT_IMPLEMENTED:
                # This store knows no conditions. A locked version stays whatever is put after it.
                self._client.put_object(**wanted)
            elif status not in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
                raise

    def _ensure_kept(self, key: str, held: _Held | None, content: bytes, until: datetime) -> None:
        if held is None:
            raise NotKept(f"{self._where} does not have {key} although it was just put there.")
        if held.content != content:
            raise NotKept(f"{self._where} holds another checkpoint of the same size, {key}.")
        if (
            held.mode not in {self._mode, COMPLIANCE}
            or held.until is None
            or held.until < until - _IMPRECISION
        ):
            raise NotKept(
                f"{self._where} has {key}, but does not say that it is locked in the mode {self._mode} until "
                f"{until:%Y-%m-%d}. May the account read retentions (s3:GetObjectRetention)?"
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the store or the way to it says into sentences."""
        try:
            yield
        except ClientError as error:
            raise NotKept(self._refusal(error)) from error
        except OutgoingError as error:
            raise NotKept(error.sentence) from error
        except (BotoCoreError, ValueError) as error:
            raise NotKept(f"{self._where}: {error}"[:_LONGEST_SAID]) from error

    def _refusal(self, error: ClientError) -> str:
        code, said = _code(error), str(error.response.get("Error", {}).get("Message", ""))
        meant = _MEANT.get(code, "answered")
        return f"{self._where} {meant} ({_status(error)} {code}: {said[:_LONGEST_SAID]})."


_MEANT: Final = {
    "NoSuchBucket": "does not exist",
    "AccessDenied": "may not be used so by this account",
    "InvalidAccessKeyId": "does not know the account in CHECKPOINT_S3_CREDENTIALS_FILE",
    "SignatureDoesNotMatch": "does not believe the secret in CHECKPOINT_S3_CREDENTIALS_FILE",
    "ExpiredToken": "says that the session in CHECKPOINT_S3_CREDENTIALS_FILE has ended",
    "RequestTimeTooSkewed": "says that this machine's clock is off",
}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> Any:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
