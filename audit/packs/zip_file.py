"""A ZIP in the order of its names, without times, the same bytes for the same content.

Members are compressed as they come, aside, and are put together in order at the end: a pack knows the
hash of every file before it writes its first one, the manifest. ZIP64 where a number needs it (APPNOTE 4.3).
"""

import hashlib
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, BinaryIO, Final

LEVEL: Final = 3
"""Of zlib. Half the time of 6 for a tenth more bytes on such text."""

_CHUNK: Final = 1 << 20
_DEFLATED: Final = 8
_ZIP64: Final = 45
_MOST_32: Final = 0xFFFFFFFF
_MOST_16: Final = 0xFFFF
_DOS_TIME: Final = (0, (1 << 5) | 1)
"""Midnight of 1 January 1980, the beginning of ZIP's time."""
_REGULAR_FILE: Final = 0o100644 << 16
_MADE_BY_UNIX: Final = (3 << 8) | _ZIP64

_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<IHHHHIIH")
_END_64: Final = struct.Struct("<IQHHIIQQQQ")
_LOCATOR: Final = struct.Struct("<IIQI")


@dataclass(frozen=True)
class Member:
    """A file of the archive. ``start`` and ``packed`` say where its compressed bytes lie aside."""

    name: str
    sha256: str
    crc: int
    size: int
    packed: int
    start: int


class MemberWriter:
    """Takes the bytes of one member."""

    def __init__(self, aside: BinaryIO) -> None:
        self._aside = aside
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
        self._sha256 = hashlib.sha256()
        self._crc = self.size = self.packed = 0

    def write(self, data: bytes) -> None:
        """Append."""
        self._sha256.update(data)
        self._crc = zlib.crc32(data, self._crc)
        self.size += len(data)
        self._put(self._deflate.compress(data))

    def _put(self, data: bytes) -> None:
        self.packed += len(data)
        self._aside.write(data)

    def finish(self, name: str, start: int) -> Member:
        """Return what became of it."""
        self._put(self._deflate.flush())
        digest = self._sha256.hexdigest()
        return Member(name, digest, self._crc, self.size, self.packed, start)


class Archive:
    """Collects members, in any order; ``assemble`` writes the ZIP. Memory does not grow with them."""

    def __init__(self, scratch: str | None = None) -> None:
        """Collect in unnamed files below ``scratch``, or where the system keeps temporary files."""
        self._scratch = scratch
        self._members: dict[str, tuple[Member, BinaryIO]] = {}
        # Owned: closed by ``close``.
        self._shared: BinaryIO = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 -- owned, and closed by close()
        self._own: list[BinaryIO] = []

    def add(self, name: str, data: bytes) -> None:
        """Add a file that is at hand."""
        start = self._shared.tell()
        writer = MemberWriter(self._shared)
        writer.write(data)
        self._keep(writer.finish(name, start), self._shared)

    @contextmanager
    def adding(self, name: str) -> Iterator[MemberWriter]:
        """Add a file as it is written; several may be written at once."""
        own: BinaryIO = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115 -- read by ``assemble``
        self._own.append(own)
        writer = MemberWriter(own)
        yield writer
        self._keep(writer.finish(name, 0), own)

    def copy(self, name: str, stream: IO[bytes]) -> None:
        """Add a file from a stream."""
        with self.adding(name) as writer:
            while chunk := stream.read(_CHUNK):
                writer.write(chunk)

    def _keep(self, member: Member, aside: BinaryIO) -> None:
        if member.name in self._members:
            raise ValueError(f"{member.name} was added twice.")
        self._members[member.name] = member, aside

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each member (hexadecimal), by name."""
        return {name: member.sha256 for name, (member, _) in self._members.items()}

    @property
    def manifest(self) -> bytes:
        """The lines that ``sha256sum --check`` reads, one per member, by name."""
        members = sorted(self._members)
        return "".join(f"{self._members[name][0].sha256}  {name}\n" for name in members).encode()

    def assemble(self, out: IO[bytes]) -> tuple[str, int]:
        """Write the ZIP; return its SHA-256 (hexadecimal) and its size in bytes."""
        writer = _Counting(out)
        central = []
        for name in sorted(self._members):
            member, aside = self._members[name]
            central.append((member, writer.size))
            writer.write(_local_header(member))
            aside.seek(member.start)
            _copy(aside, writer, member.packed)
        begins = writer.size
        for member, offset in central:
            writer.write(_central_header(member, offset))
        writer.write(_end(len(central), begins, writer.size - begins))
        return writer.sha256.hexdigest(), writer.size

    def close(self) -> None:
        """Give up what lies aside."""
        for aside in (self._shared, *self._own):
            # On a full disk what was not written yet cannot be; it is given up all the same.
            with suppress(OSError):
                aside.close()


class _Counting:
    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self.sha256.update(data)
        self.size += len(data)


def _copy(source: BinaryIO, out: _Counting, length: int) -> None:
    while length:
        data = source.read(min(_CHUNK, length))
        if not data:
            raise OSError("What lay aside of a pack was cut short: the disk is full.")
        out.write(data)
        length -= len(data)


def _local_header(member: Member) -> bytes:
    name = member.name.encode("ascii")
    large = max(member.size, member.packed) >= _MOST_32
    extra = struct.pack("<HHQQ", 1, 16, member.size, member.packed) if large else b""
    sizes = (_MOST_32, _MOST_32) if large else (member.packed, member.size)
    header = _LOCAL.pack(
        0x04034B50, _ZIP64 if large else 20, 0, _DEFLATED, *_DOS_TIME, member.crc, *sizes,
        len(name), len(extra),
    )  # fmt: skip
    return header + name + extra


def _central_header(member: Member, offset: int) -> bytes:
    name = member.name.encode("ascii")
    values = [member.size, member.packed, offset]
    extra = b"".join(struct.pack("<Q", value) for value in values if value >= _MOST_32)
    if extra:
        extra = struct.pack("<HH", 1, len(extra)) + extra
    size, packed, at = (min(value, _MOST_32) for value in values)
    header = _CENTRAL.pack(
        0x02014B50, _MADE_BY_UNIX, _ZIP64 if extra else 20, 0, _DEFLATED, *_DOS_TIME, member.crc,
        packed, size, len(name), len(extra), 0, 0, 0, _REGULAR_FILE, at,
    )  # fmt: skip
    return header + name + extra


def _end(number: int, begins: int, length: int) -> bytes:
    last = _END.pack(
        0x06054B50, 0, 0, min(number, _MOST_16), min(number, _MOST_16), min(length, _MOST_32),
        min(begins, _MOST_32), 0,
    )  # fmt: skip
    if number < _MOST_16 and begins < _MOST_32 and length < _MOST_32:
        return last
    whole = _END_64.pack(
        0x06064B50, 44, _MADE_BY_UNIX, _ZIP64, 0, 0, number, number, length, begins
    )
    return whole + _LOCATOR.pack(0x07064B50, 0, begins + length, 1) + last
