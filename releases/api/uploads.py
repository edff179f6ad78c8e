"""Reports come as files or as JSON."""

import io
import json
from collections.abc import Mapping
from typing import IO, Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework.parsers import MultiPartParser

from catalog.api.bodies import TooLarge, drain

ROUND_THE_FILE: Final = 1024 * 1024
"""Bytes for the other fields and the boundaries."""


class ReportParser(MultiPartParser):
    """Multipart, refused before it is written anywhere when it says that it is too large."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return fields and files.

        Raises:
            TooLarge: the body is larger than evidence may be.
        """
        request = (parser_context or {})["request"]
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.EVIDENCE_MAX_BYTES + ROUND_THE_FILE:
            drain(stream)
            raise TooLarge(
                f"file: The upload has {length} bytes; evidence may have {settings.EVIDENCE_MAX_BYTES}."
            )
        return super().parse(stream, media_type, dict(parser_context or {}))


def stream_of(fields: Mapping[str, Any]) -> tuple[BinaryIO, str]:
    """Return the report's bytes and file name, whichever way it came."""
    upload = fields.get("file")
    if isinstance(upload, UploadedFile):
        return cast("BinaryIO", upload.file), upload.name or ""
    document = json.dumps(fields["document"], ensure_ascii=False, separators=(",", ":"))
    return io.BytesIO(document.encode()), ""
