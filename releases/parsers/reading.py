"""Reading hostile bytes: never more than the limit, never more at once than a block."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from releases.parsers.errors import EvidenceRejected

#: Expat before 2.6 reads an unfinished token again with every block, so small blocks make a report
#: of one giant attribute slow: 31 MB took 7 s in blocks of 64 KiB.
BLOCK: Final = 1024 * 1024


def blocks(stream: BinaryIO, *, limit: int) -> Iterator[bytes]:
    """Yield what `stream` holds; raise EvidenceRejected as soon as it is longer than `limit`."""
    read = 0
    while block := stream.read(BLOCK):
        read += len(block)
        if read > limit:
            raise EvidenceRejected(f"The report is larger than {_size(limit)}.")
        yield block
    if not read:
        raise EvidenceRejected("The report is an empty file.")


def clip(text: str, length: int) -> str:
    """Return `text` on one line, cut to `length` characters with an ellipsis."""
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _size(octets: int) -> str:
    for unit, factor in (("MiB", 1024 * 1024), ("KiB", 1024)):
        if octets >= factor:
            return f"{octets / factor:g} {unit}"
    return f"{octets} bytes"
