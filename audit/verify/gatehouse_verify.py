#!/usr/bin/env python3
"""Verify what a Gatehouse portal gave away, without the portal, its database, or a network.

    gatehouse_verify.py PACK.zip             an evidence pack, or the folder it was unpacked into
    gatehouse_verify.py LOG_DIRECTORY        the published log: checkpoint, tiles, entries
    gatehouse_verify.py RECEIPT.zip          the receipt of an erasure
    gatehouse_verify.py EVENT.tlog-proof --entry EVENT.json

    --log-key KEY      the log's verifier key (or a file that holds it), from where you trust
    --policy FILE      a tlog-policy: which logs, which witnesses, how many of them
    --signers FILE     an allowed_signers file for the manifest of a pack
    --earlier FILE     a checkpoint that you kept from before: what is here must continue it
    --forms            read every entry of a whole log, and look whether it can be read in one way only

Exit status: 0 verified; 1 something is wrong; 2 something could not be checked. What a pack shows is only
as good as the keys that it is checked with: without --log-key and --signers they are the pack's own, and
the limits that are printed say so. --strict lets every such limit count as "could not be checked".

Needs Python 3.9 or newer and the package `cryptography`. Take this file from where you trust, not from the
pack that you check. One file on purpose: it is to be read by whoever relies on it. Formats: RFC 6962
trees; C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof, tlog-policy; OpenSSH
signatures (PROTOCOL.sshsig); RFC 3161 time stamps; docs/evidence-packs.md for the pack.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import io
import json
import os
import re
import stat
import struct
import sys
import threading
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
except ImportError:  # said in a finding: nothing signed can be checked then
    Ed25519PublicKey = None  # type: ignore[assignment, misc]  # stands for what is not installed

VERIFIED, WRONG, NOT_CHECKED = 0, 1, 2

SMALL = 16 * 1024 * 1024
"""Bytes. What is read at once is never larger."""

MOST_FILES = 5_000_000
MOST_BYTES = 64 * 1024**3
MOST_INFLATED = 250
"""A pack is text: it does not shrink to less than a 250th. What does is a bomb."""

SAID_PER_CHECK = 10
NAMESPACE = "gatehouse-pack"
EMERGENCY = "emergency"

LARGEST_INTEGER = 2**53 - 1
HASH = 32
WIDTH = 256
EMPTY_ROOT = hashlib.sha256(b"").digest()

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,199}){0,12}")
_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_LINE_END = re.compile(rb',"index":(0|[1-9][0-9]{0,18}),"leaf_hash":"([0-9a-f]{64})"\}')
_TAIL = re.compile(
    rb'"id":"([0-9a-f-]{36})","s":"((?:[^"\\]|\\.){1,2000})","seq":([1-9][0-9]{0,18}),"v":1\}'
)
_OF_THE_LOG, _REFUSALS = b"audit-log/1", b'"type":"audit.refusals_settled"'
_HEAD = re.compile(
    rb'\{"at":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z","body":\{'
)
_GUARDED = re.compile("'+(?:[ \u00a0\t\r\n]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")


class Refused(Exception):
    """What was read contradicts itself, its signature or its format: something is wrong."""


class Absent(Exception):
    """Something that a check needs is not there: the check could not be made."""


# ── what was found ───────────────────────────────────────────────────────────────────────────────


@dataclass
class Report:
    """Sentences about what was checked (ok), what is wrong, what was not checked, and limits."""

    findings: list[tuple[str, str, str]] = field(default_factory=list)
    _said: Counter[str] = field(default_factory=Counter)

    def ok(self, check: str, sentence: str) -> None:
        """Say what was checked and held."""
        self.findings.append(("ok", check, sentence))

    def wrong(self, check: str, sentence: str) -> None:
        """Say what is wrong; the eleventh of a kind is only counted."""
        self._said[check] += 1
        if self._said[check] <= SAID_PER_CHECK:
            self.findings.append(("wrong", check, sentence))

    def unchecked(self, check: str, sentence: str) -> None:
        """Say what could not be checked, and why."""
        self.findings.append(("unchecked", check, sentence))

    def limit(self, check: str, sentence: str) -> None:
        """Say what even a perfect result does not show."""
        self.findings.append(("limit", check, sentence))

    def is_wrong(self, check: str) -> bool:
        """Return whether anything was wrong there."""
        return self._said[check] > 0

    def all_findings(self) -> list[tuple[str, str, str]]:
        """Return the findings, with a count where not all were said."""
        more = [
            ("wrong", check, f"… and {number - SAID_PER_CHECK} more of this kind.")
            for check, number in self._said.items()
            if number > SAID_PER_CHECK
        ]
        return self.findings + more

    def status(self, *, strict: bool) -> int:
        """Return the exit status."""
        kinds = {kind for kind, _, _ in self.findings}
        if "wrong" in kinds:
            return WRONG
        if "unchecked" in kinds or not kinds or (strict and "limit" in kinds):
            return NOT_CHECKED
        return VERIFIED


class Check:
    """Turns what a check raises into findings: nothing hostile ends the whole run."""

    def __init__(self, report: Report, name: str) -> None:
        self._report, self._name = report, name

    def __enter__(self) -> None:
        """Begin the check."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Say what stopped it."""
        if isinstance(error, Absent):
            self._report.unchecked(self._name, str(error))
        elif isinstance(error, Refused):
            self._report.wrong(self._name, str(error))
        elif isinstance(error, (OSError, MemoryError)):
            self._report.unchecked(self._name, f"It could not be read: {error!r}.")
        elif isinstance(error, Exception):
            # Whatever a reader of formats raises, and a document of another shape than was expected.
            self._report.wrong(self._name, f"It is not in its format: {error!r:.200}.")
        else:
            return False
        return True


# ── bytes and numbers ────────────────────────────────────────────────────────────────────────────


def of_base64(text: str) -> bytes:
    """Return the bytes of base64 in its one usual spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused(f"{text!r:.80} is no base64.") from error
    if base64.b64encode(data).decode() != text:
        raise Refused(f"{text!r:.80} is not the usual spelling of its base64.")
    return data


def number_of(text: str) -> int:
    """Return a decimal number without leading zeros."""
    if not _NUMBER.fullmatch(text):
        raise Refused(f"{text!r:.40} is no decimal number without leading zeros.")
    return int(text)


def _refuse_float(text: str) -> Any:
    raise Refused(f"The number {text:.40} has no place in an entry.")


def _exact_int(text: str) -> int:
    number = int(text) if len(text) < 18 else LARGEST_INTEGER + 1
    if abs(number) > LARGEST_INTEGER:
        raise Refused(f"The number {text:.40} is beyond those that all readers of JSON read alike.")
    return number


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("A JSON object names a member twice.")
    return found


def json_of(raw: bytes) -> Any:
    """Return a JSON document in which no member is named twice."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_no_double)
    except (ValueError, RecursionError) as error:
        raise Refused(f"It is not JSON: {error!r:.120}.") from error


# ── signed notes, checkpoints, policies ──────────────────────────────────────────────────────────

ED25519, COSIGNATURE, ML_DSA_COSIGNATURE = 0x01, 0x04, 0x06
_KEY_SIZE = {ED25519: 32, COSIGNATURE: 32, ML_DSA_COSIGNATURE: 1312}


@dataclass(frozen=True)
class Key:
    """A verifier key: ``name+hash+base64(type || key)``."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which signature lines name it."""
        text = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return hashlib.sha256(text).digest()[:4]

    @classmethod
    def of(cls, text: str) -> Key:
        """Read one."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not parts[0]:
            raise Refused(f"{text!r:.80} is no verifier key.")
        data = of_base64(parts[2])
        if not data or _KEY_SIZE.get(data[0]) != len(data) - 1:
            raise Refused(f"The verifier key {parts[0]:.80} is of a type that is not known here.")
        key = cls(parts[0], data[0], data[1:])
        if key.id.hex() != parts[1]:
            raise Refused(f"The hash in the verifier key {parts[0]:.80} is not that of the key.")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}"

    def verify(self, text: str, payload: bytes) -> int | None:
        """Check a signature over a note; return the time that a cosignature states."""
        time = None
        if self.type != ED25519:
            if len(payload) < 8:
                raise Refused(f"The cosignature of {self} is cut short.")
            time, payload = int.from_bytes(payload[:8], "big"), payload[8:]
        _verify_signature(self, payload, _message(self, text, time or 0))
        return time


def _message(key: Key, text: str, time: int) -> bytes:
    if key.type == ED25519:
        return text.encode()
    if key.type == COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    seen = Checkpoint.of_text(text)
    return b"".join(
        (
            b"subtree/v1\n\x00",
            _short(key.name),
            struct.pack(">Q", time),
            _short(seen.origin),
            struct.pack(">QQ", 0, seen.size),
            seen.root,
        )
    )


def _short(text: str) -> bytes:
    data = text.encode()
    if len(data) > 255:
        raise Refused(f"The name {text:.40}… is longer than 255 bytes.")
    return bytes([len(data)]) + data


def _verify_signature(key: Key, signature: bytes, message: bytes) -> None:
    if Ed25519PublicKey is None:
        raise Absent("Signatures need the package `cryptography`:  pip install cryptography")
    try:
        if key.type == ML_DSA_COSIGNATURE:
            _ml_dsa_key(key.public).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise Refused(f"The signature of {key} is not over this text.") from None


def _ml_dsa_key(public: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 -- newer releases
    except ImportError:
        raise Absent("ML-DSA-44 signatures need a newer release of `cryptography`.") from None
    return mldsa.MLDSA44PublicKey.from_public_bytes(public)


@dataclass(frozen=True)
class Note:
    """A signed note: its text, and (name, key id, payload) of each signature line."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def of(cls, raw: bytes) -> Note:
        """Read one; nothing is verified yet."""
        try:
            whole = raw.decode()
        except UnicodeDecodeError:
            raise Refused("A signed note is UTF-8 text.") from None
        if re.search(r"[\x00-\x09\x0b-\x1f]", whole):
            raise Refused("A signed note holds no control characters but newlines.")
        text, gap, below = whole.rpartition("\n\n")
        if not gap or not below.endswith("\n"):
            raise Refused("A signed note is a text, an empty line, and lines of signatures.")
        lines = below[:-1].split("\n")
        if len(lines) > 100:
            raise Refused("A note with more than 100 signatures is not read.")
        return cls(text + "\n", tuple(cls._line(line) for line in lines))

    @staticmethod
    def _line(line: str) -> tuple[str, bytes, bytes]:
        found = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
        if found is None:
            raise Refused(f"{line!r:.80} is no signature line.")
        data = of_base64(found[2])
        if len(data) <= 4:
            raise Refused(f"The signature of {found[1]:.80} is empty.")
        return found[1], data[:4], data[4:]

    def signed_by(self, keys: Iterable[Key]) -> list[tuple[Key, int | None]]:
        """Return the known keys whose signatures hold; one that does not hold is refused."""
        return [
            (key, key.verify(self.text, payload))
            for name, key_id, payload in self.signatures
            for key in keys
            if (name, key_id) == (key.name, key.id)
        ]


@dataclass(frozen=True)
class Checkpoint:
    """A log's name, the size of its tree, and its root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def of_text(cls, text: str) -> Checkpoint:
        """Read the text of one."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0]:
            raise Refused("A checkpoint has at least three lines, and each ends with a newline.")
        found = cls(lines[0], number_of(lines[1]), of_base64(lines[2]))
        if len(found.root) != HASH or (found.size == 0 and found.root != EMPTY_ROOT):
            raise Refused("The checkpoint's root is none.")
        return found


@dataclass
class Policy:
    """A tlog-policy: the keys of logs and witnesses, and who must have cosigned."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def of(cls, raw: bytes) -> Policy:
        """Read one."""
        found = cls()
        for number, line in enumerate(raw.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            try:
                found._take(*words)
            except (KeyError, TypeError, ValueError) as error:
                raise Refused(f"Line {number} of the policy is none: {line!r:.60}.") from error
        if not found.quorum:
            raise Refused("The policy names no quorum.")
        return found

    def _take(self, verb: str, *rest: str) -> None:
        if verb == "log" and rest:
            self.logs.append(self._another(Key.of(rest[0]), self.logs))
        elif verb == "witness" and len(rest) > 1:
            self._new(rest[0])
            self.witnesses[rest[0]] = self._another(Key.of(rest[1]), self.witnesses.values())
        elif verb == "group" and len(rest) > 2:
            self._new(rest[0])
            self._group(rest[0], rest[1], rest[2:])
        elif verb == "quorum" and len(rest) == 1 and not self.quorum:
            if rest[0] != "none" and not self._known(rest[0]):
                raise ValueError(rest[0])
            self.quorum = rest[0]
        else:
            raise ValueError(verb)

    def _group(self, name: str, said: str, members: tuple[str, ...]) -> None:
        needed = {"any": 1, "all": len(members)}.get(said) or number_of(said)
        taken = [member for _, others in self.groups.values() for member in others]
        if not 1 <= needed <= len(members) or not all(map(self._known, members)):
            raise ValueError(name)
        if len({*taken, *members}) != len(taken) + len(members):
            raise Refused(f"A member of the policy's group {name:.80} counts twice.")
        self.groups[name] = (needed, members)

    @staticmethod
    def _another(key: Key, others: Iterable[Key]) -> Key:
        """Return the key; one key under two names would count as two."""
        if any(key.public == other.public for other in others):
            raise Refused(f"The policy lists the key of {key.name:.80} twice.")
        return key

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _new(self, name: str) -> None:
        if name == "none" or self._known(name):
            raise ValueError(name)

    def is_met_by(self, keys: Iterable[Key], name: str = "") -> bool:
        """Return whether cosignatures by these keys make up the quorum."""
        have, name = list(keys), name or self.quorum
        if name == "none":
            return True
        if name in self.witnesses:
            return self.witnesses[name] in have
        # A group is defined from names above it, so that this ends.
        needed, members = self.groups[name]
        return sum(self.is_met_by(have, member) for member in members) >= needed


# ── the tree ─────────────────────────────────────────────────────────────────────────────────────


def leaf_hash(entry: bytes) -> bytes:
    """Return ``SHA-256(0x00 || entry)``."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return ``SHA-256(0x01 || left || right)``."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root to which an inclusion proof leads (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused(f"A tree of size {size} has no leaf {index}.")
    if any(len(each) != HASH for each in path):
        raise Refused(f"A hash of the proof has not {HASH} bytes.")
    here, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Refused("The proof is longer than the tree is high.")
        if here & 1 or here == last:
            node = node_hash(sibling, node)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        here, last = here >> 1, last >> 1
    if last != 0:
        raise Refused("The proof ends below the root.")
    return node


def require_continued(before: Checkpoint, now: Checkpoint, path: Sequence[bytes]) -> None:
    """Check that a tree continues an earlier one (RFC 9162, section 2.1.4.2)."""
    if before.size == now.size and before.root == now.root and not path:
        return
    if not path or not 0 < before.size < now.size or any(len(each) != HASH for each in path):
        raise Refused(f"It leads from no tree of {before.size} entries to one of {now.size}.")
    # A perfect earlier tree is its own first node, and the proof leaves it out.
    first, *rest = path if before.size & (before.size - 1) else [before.root, *path]
    here, last = before.size - 1, now.size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    if _roots_of_consistency(here, last, first, rest) != (before.root, now.root):
        raise Refused("It leads to other roots.")


def _roots_of_consistency(
    here: int, last: int, first: bytes, rest: Sequence[bytes]
) -> tuple[bytes, bytes]:
    earlier = later = first
    for sibling in rest:
        if last == 0:
            raise Refused("It is longer than the tree is high.")
        if here & 1 or here == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            later = node_hash(later, sibling)
        here, last = here >> 1, last >> 1
    if last != 0:
        raise Refused("It ends below the root.")
    return earlier, later


def root_of_perfect(data: bytes) -> bytes:
    """Return the root over 256 hashes."""
    sha256 = hashlib.sha256
    nodes = [
        sha256(b"\x01" + data[at : at + 2 * HASH]).digest() for at in range(0, len(data), 2 * HASH)
    ]
    while len(nodes) > 1:
        pairs = iter(nodes)
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs)]
    return nodes[0]


def frontier_of(hashes: Iterable[bytes]) -> list[bytes]:
    """Return the roots of the maximal perfect subtrees over up to 255 hashes, left to right."""
    stack: list[bytes] = []
    for size, node in enumerate(hashes):
        bits = size
        while bits & 1:
            node = node_hash(stack.pop(), node)  # noqa: PLW2901 -- it climbs
            bits >>= 1
        stack.append(node)
    return stack


def fold(nodes: Sequence[bytes]) -> bytes:
    """Return the root over perfect subtrees of falling size."""
    if not nodes:
        return EMPTY_ROOT
    root = nodes[-1]
    for left in reversed(nodes[:-1]):
        root = node_hash(left, root)
    return root


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return a tile's path below the log's prefix."""
    groups = [f"{index % 1000:03d}"]
    rest = index // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


def entries_of(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle."""
    entries, at, end = [], 0, len(bundle)
    while at + 2 <= end:
        stop = at + 2 + (bundle[at] << 8 | bundle[at + 1])
        entries.append(bundle[at + 2 : stop])
        at = stop
    if at != end:
        raise Refused("A bundle of entries is cut short.")
    return entries


# ── where files come from: a folder or a ZIP, neither of them trusted ────────────────────────────


class Folder:
    """Files below a directory. Links and devices are refused, and nothing outside is opened."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._sizes: dict[str, int] = {}
        for base, folders, files in os.walk(path, followlinks=False):
            for name in [*folders, *files]:
                whole = os.path.join(base, name)  # noqa: PTH118 -- a million of them
                self._note(whole, os.lstat(whole))

    def _note(self, whole: str, found: os.stat_result) -> None:
        if stat.S_ISDIR(found.st_mode):
            return
        name = os.path.relpath(whole, self.path).replace(os.sep, "/")
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{name!r:.120} is a link or a device; a file was expected.")
        if len(self._sizes) >= MOST_FILES:
            raise Refused(f"There are more than {MOST_FILES} files.")
        self._sizes[name] = found.st_size

    def names(self) -> Iterable[str]:
        """Return the paths of all files."""
        return self._sizes.keys()

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return name in self._sizes

    def size(self, name: str) -> int:
        """Return its size in bytes."""
        return self._sizes[name]

    def open(self, name: str) -> IO[bytes]:
        """Open a file that is there."""
        if name not in self._sizes:
            raise Absent(f"{name} is not there.")
        whole = os.path.join(self.path, *name.split("/"))  # noqa: PTH118 -- a string compared as it is
        return os.fdopen(os.open(whole, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")

    def close(self) -> None:
        """There is nothing to close."""


class Zip:
    """Members of a ZIP. What no honest pack holds is refused before anything is unpacked."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
            raise Refused(f"It is no ZIP that can be read: {error}.") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            self._refuse_bombs(Path(path).stat().st_size)
            for member in self._zip.infolist():
                self._take(member)
        except Refused:
            self._zip.close()
            raise

    def _refuse_bombs(self, whole: int) -> None:
        members = self._zip.infolist()
        if len(members) > MOST_FILES:
            raise Refused(f"The ZIP has more than {MOST_FILES} members.")
        packed = sum(member.compress_size for member in members)
        unpacked = sum(member.file_size for member in members)
        if packed > whole:
            raise Refused("The members of the ZIP overlap.")
        if unpacked > MOST_BYTES or unpacked > MOST_INFLATED * whole + SMALL:
            raise Refused(
                f"The ZIP of {whole} bytes would unpack to {unpacked}: it looks like a bomb, and was "
                "not opened."
            )

    def _take(self, member: zipfile.ZipInfo) -> None:
        name = member.orig_filename
        if name != member.filename or not _NAME.fullmatch(name):
            raise Refused(f"The ZIP has a member with the name {name!r:.120}.")
        if name in self._members:
            raise Refused(f"The ZIP has two members with the name {name}.")
        if member.flag_bits & 1 or member.compress_type not in {0, 8}:
            raise Refused(f"{name} is encrypted, or packed in an unusual way.")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            raise Refused(f"{name} is a link or a device; a file was expected.")
        self._members[name] = member

    def names(self) -> Iterable[str]:
        """Return the paths of all members."""
        return self._members.keys()

    def has(self, name: str) -> bool:
        """Return whether there is such a member."""
        return name in self._members

    def size(self, name: str) -> int:
        """Return its unpacked size in bytes, as it says itself; reading stops there."""
        return self._members[name].file_size

    def open(self, name: str) -> IO[bytes]:
        """Open a member that is there."""
        if name not in self._members:
            raise Absent(f"{name} is not there.")
        return _Unpacking(self._zip, self._members[name])  # type: ignore[return-value]  # the part of a stream that is used

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()


class _Unpacking(io.RawIOBase):
    """A member that is being unpacked: what is broken in it is refused, not raised as it comes."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        super().__init__()
        self._name = member.filename
        self._inner = self._refusing(lambda: archive.open(member))

    def _refusing(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise Refused(f"{self._name} cannot be unpacked: {error}.") from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._refusing(lambda: self._inner.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return self._refusing(lambda: self._inner.read(size))  # type: ignore[no-any-return]  # the part of a stream that is used

    def close(self) -> None:
        if not self.closed and hasattr(self, "_inner"):
            self._inner.close()
        super().close()


Source = Any
"""A Folder or a Zip."""


_opened: dict[tuple[str, int], Source] = {}


def source_at(path: str) -> Source:
    """Open a folder or a ZIP; every worker process opens its own, since two may not share a position."""
    here = (path, os.getpid())
    if here not in _opened:
        _opened[here] = Folder(path) if Path(path).is_dir() else Zip(path)
    return _opened[here]


def close_sources() -> None:
    """Close what this run opened."""
    for source in _opened.values():
        source.close()
    _opened.clear()


def read(source: Source, name: str, limit: int = SMALL) -> bytes:
    """Return a file's bytes.

    Raises:
        Absent: it is not there.
        Refused: it is larger than what such a file can be.
    """
    with closing(source.open(name)) as stream:
        data: bytes = stream.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"{name} is larger than {limit} bytes.")
    return data


class Workers:
    """Several processes where that helps, one where it does not."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: Any = None
        self._ended = False

    def map(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        """Yield the results in the order of the tasks; a few tasks are taken ahead, never all."""
        if self._jobs > 1 and self._pool is None:
            with suppress(OSError, ImportError, ValueError):
                self._pool = get_context().Pool(self._jobs)
        if self._pool is None:
            yield from map(function, tasks)
            return
        ahead = threading.Semaphore(4 * self._jobs)
        for result in self._pool.imap(function, self._held_back(tasks, ahead)):
            ahead.release()
            yield result

    def _held_back(self, tasks: Iterable[Any], ahead: threading.Semaphore) -> Iterator[Any]:
        for task in tasks:
            while not ahead.acquire(timeout=0.1):
                if self._ended:
                    return
            yield task

    def close(self) -> None:
        """End the processes."""
        self._ended = True
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()


# ── the tree from its tiles ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Tiles:
    """The tiles of a tree of a size, in a folder or a ZIP, below a prefix."""

    path: str
    prefix: str
    size: int

    def width(self, level: int, index: int) -> int:
        """Return how many hashes a tile has in this tree."""
        return min(WIDTH, (self.size >> 8 * level) - index * WIDTH)

    def count(self, level: int) -> int:
        """Return how many tiles a level has, the partial one included."""
        return -(-(self.size >> 8 * level) // WIDTH)

    def get(self, level: int, index: int) -> bytes | None:
        """Return a tile's hashes; None when it is not there. A fuller tile serves as well."""
        wanted = self.width(level, index) * HASH
        data = self._first(str(level), index, self.width(level, index), WIDTH * HASH)
        if data is None:
            return None
        if len(data) % HASH or len(data) < wanted:
            raise Refused(f"{tile_path(level, index)} has {len(data)} bytes, not {wanted}.")
        return data[:wanted]

    def bundle(self, index: int) -> list[bytes] | None:
        """Return the entries of a bundle; None when it is not there."""
        width = self.width(0, index)
        data = self._first("entries", index, width, WIDTH * 65537)
        if data is None:
            return None
        entries = entries_of(data)
        if not width <= len(entries) <= WIDTH:
            raise Refused(f"{tile_path('entries', index)} has {len(entries)} entries, not {width}.")
        return entries[:width]

    def _first(self, level: str, index: int, width: int, limit: int) -> bytes | None:
        source = source_at(self.path)
        for each in dict.fromkeys((width, WIDTH)):
            name = self.prefix + tile_path(level, index, each)
            if source.has(name):
                return read(source, name, limit)
        return None


@dataclass(frozen=True)
class Gap:
    """Numbers of a stream that the log does not have: those between two."""

    stream: bytes
    last: int
    seq: int
    number: int

    def __str__(self) -> str:
        name = self.stream.decode("utf-8", "replace")
        return f"Entry {self.number}: the stream {name} goes from {self.last} to {self.seq}."

    def is_explained(self, refused: dict[bytes, list[int]]) -> bool:
        """Return whether the log says of each of the numbers that what had it was refused."""
        known = refused.get(self.stream, [])
        between = bisect_left(known, self.seq) - bisect_right(known, self.last)
        return self.seq > self.last and between == self.seq - self.last - 1


@dataclass
class Part:
    """What a worker found in some tiles of level 0 and their bundles."""

    first: int
    roots: list[bytes | None] = field(default_factory=list)
    entries: int = 0
    tiles: int = 0
    problems: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    refused: list[tuple[bytes, int]] = field(default_factory=list)
    streams: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    submitted: list[tuple[int, bytes]] = field(default_factory=list)
    active: set[bytes] = field(default_factory=set)


@dataclass(frozen=True)
class Wanted:
    """What a worker looks for besides hashes.

    Attributes:
        entries: the bundles must be there.
        forms: each entry must be in its canonical form; that takes about four times as long.
        period: collect the change requests with an event in it, as ``at`` is written; None collects none.
    """

    entries: bool
    forms: bool = False
    period: tuple[bytes, bytes] | None = None


def look_at_part(tiles: Tiles, wanted: Wanted, span: tuple[int, int]) -> Part:
    """Check some tiles of level 0: each against its bundle, each stream's numbers against a gap."""
    part = Part(span[0])
    for index in range(*span):
        try:
            part.roots.append(_look_at_tile(tiles, index, part, wanted))
        except Refused as error:
            part.roots.append(None)
            part.problems.append(str(error))
    return part


def _look_at_tile(tiles: Tiles, index: int, part: Part, wanted: Wanted) -> bytes | None:
    hashes = tiles.get(0, index)
    part.tiles += hashes is not None
    if wanted.entries:
        entries = tiles.bundle(index)
        if entries is None:
            raise Refused(f"The bundle {tile_path('entries', index)} is missing.")
        sha256 = hashlib.sha256
        computed = b"".join([sha256(b"\x00" + entry).digest() for entry in entries])
        if hashes is not None and hashes != computed:
            raise Refused(_first_difference(index, hashes, computed))
        hashes = computed
        part.entries += len(entries)
        _follow_streams(index * WIDTH, entries, part, wanted)
    if hashes is None or len(hashes) < WIDTH * HASH:
        return None
    return root_of_perfect(hashes)


def _first_difference(index: int, hashes: bytes, computed: bytes) -> str:
    at = next(n for n in range(WIDTH) if hashes[n * HASH :][:HASH] != computed[n * HASH :][:HASH])
    return f"Entry {index * WIDTH + at} is not the one whose hash is in {tile_path(0, index)}."


def _follow_streams(first: int, entries: list[bytes], part: Part, wanted: Wanted) -> None:
    """Every stream counts 1, 2, 3 …, in the order of the log."""
    streams = part.streams
    for number, entry in enumerate(entries, first):
        found = _tail_of(entry)
        if found is None or not _HEAD.match(entry):
            part.problems.append(f"Entry {number} does not begin or end as an entry does.")
            continue
        stream, seq = found[2], int(found[3])
        # A name may be spelled in many ways, and one is canonical.
        if wanted.forms or b"\\" in stream:
            _require_form(number, entry)
        begins, last = streams.get(stream, (seq, seq - 1))
        if seq != last + 1:
            part.gaps.append(Gap(stream, last, seq, number))
        streams[stream] = (begins, seq)
        if stream == _OF_THE_LOG and _REFUSALS in entry:
            part.refused += _refused_in(entry)
        if wanted.period and stream.startswith(b"change-request/"):
            _collect_change(part, wanted.period, number, entry, found)


def _require_form(number: int, entry: bytes) -> None:
    try:
        entry_of(entry)
    except Refused as error:
        raise Refused(f"Entry {number}: {error}") from None


def _tail_of(entry: bytes) -> re.Match[bytes] | None:
    """Return what stands at an entry's end. Quotes inside strings are escaped, so its last id is its own."""
    begins = entry.rfind(b'"id":"')
    return None if begins < 0 else _TAIL.fullmatch(entry, begins)


def _collect_change(
    part: Part, period: tuple[bytes, bytes], number: int, entry: bytes, tail: re.Match[bytes]
) -> None:
    """Note which change requests there are, and which had an event in the period."""
    since, until = period
    if since <= entry[7:34] < until:
        part.active.add(tail[2])
    # By its number, not by what it says it is, which could be spelled so that it is not found.
    if tail[3] == b"1":
        part.submitted.append((number, entry))


def _refused_in(entry: bytes) -> list[tuple[bytes, int]]:
    """Return the numbers of streams that an entry says were refused, if it is one that does."""
    body = entry_of(entry)["body"]
    data = body.get("data")
    if body.get("type") != "audit.refusals_settled" or not isinstance(data, dict):
        return []
    told = data.get("refused")
    # Whoever records past the portal may give it any form: then it explains nothing, and stops nobody.
    return [
        (each[0].encode(), each[1])
        for each in (told if isinstance(told, list) else [])
        if isinstance(each, list)
        and len(each) == 2
        and isinstance(each[0], str)
        and type(each[1]) is int
    ]


@dataclass
class Tree:
    """A tree that was recomputed from its tiles: what lies under the signed root."""

    tiles: Tiles
    root: bytes
    tiles_seen: int
    entries: int
    streams: dict[bytes, int]
    submitted: list[tuple[int, bytes]]
    active: set[bytes]
    explained: int = 0

    def root_at(self, size: int) -> bytes:
        """Return the root that the tree had at a smaller size, from the verified tiles."""
        nodes: list[bytes] = []
        for level in reversed(range(8)):
            width = (size >> 8 * level) % WIDTH
            if width:
                data = self.tiles.get(level, size >> 8 * (level + 1))
                if data is None:
                    raise Absent(f"The tiles do not reach back to size {size}.")
                nodes += frontier_of(data[at : at + HASH] for at in range(0, width * HASH, HASH))
        return fold(nodes)


def rebuild(
    report: Report, check: str, workers: Workers, tiles: Tiles, wanted: Wanted, *, whole: bool
) -> Tree:
    """Recompute the root from the tiles; ``whole`` says that no tile of level 0 may be missing."""
    step = 64
    spans = [(at, min(at + step, tiles.count(0))) for at in range(0, tiles.count(0), step)]
    tree = Tree(tiles, EMPTY_ROOT, 0, 0, {}, [], set())
    below: list[bytes | None] = []
    gaps: list[Gap] = []
    refused: dict[bytes, set[int]] = defaultdict(set)
    for part in workers.map(partial(look_at_part, tiles, wanted), spans):
        below += part.roots
        tree.tiles_seen += part.tiles
        tree.entries += part.entries
        tree.submitted += part.submitted
        tree.active |= part.active
        gaps += part.gaps + _join_streams(tree.streams, part)
        for stream, seq in part.refused:
            refused[stream].add(seq)
        for problem in part.problems:
            report.wrong(check, problem)
    tree.explained = _judge_gaps(report, check, gaps, refused)
    if whole and tree.tiles_seen < tiles.count(0):
        missing = tiles.count(0) - tree.tiles_seen
        report.wrong(check, f"{missing} of {tiles.count(0)} tiles of level 0 are missing.")
    tree.root = fold(_edges(tiles, below))
    return tree


def _judge_gaps(report: Report, check: str, gaps: list[Gap], refused: dict[bytes, set[int]]) -> int:
    """Say which gaps nothing explains; return how many the log explains."""
    known = {stream: sorted(numbers) for stream, numbers in refused.items()}
    explained = []
    for gap in gaps:
        if gap.is_explained(known):
            explained.append(gap)
        else:
            report.wrong(check, str(gap))
    if explained:
        report.limit(
            check,
            f"Gaps in streams that the log itself explains: {len(explained)}. What had the missing numbers "
            f"was refused, and looked into (audit.refusals_settled). {explained[0]}",
        )
    return len(explained)


def _join_streams(streams: dict[bytes, int], part: Part) -> list[Gap]:
    gaps = []
    for stream, (first, last) in part.streams.items():
        before = streams.get(stream, 0)
        if first != before + 1:
            gaps.append(Gap(stream, before, first, part.first * WIDTH))
        streams[stream] = last
    return gaps


def _edges(tiles: Tiles, below: list[bytes | None]) -> list[bytes]:
    """Check every level against the one below it; return the perfect subtrees, largest first."""
    parts: list[list[bytes]] = [_edge(tiles, 0)]
    level = 1
    while tiles.size >> 8 * level:
        above: list[bytes | None] = []
        for index in range(tiles.count(level)):
            hashes = _hashes_above(tiles, level, index, below)
            full = len(hashes) == WIDTH
            above.append(root_of_perfect(b"".join(hashes)) if full else None)
        parts.append(_edge(tiles, level))
        below, level = above, level + 1
    return [node for part in reversed(parts) for node in part]


def _hashes_above(tiles: Tiles, level: int, index: int, below: list[bytes | None]) -> list[bytes]:
    data = tiles.get(level, index)
    if data is None:
        raise Refused(f"The tile {tile_path(level, index)} is missing.")
    hashes = [data[at : at + HASH] for at in range(0, len(data), HASH)]
    for number, node in enumerate(hashes, index * WIDTH):
        computed = below[number] if number < len(below) else None
        if computed is not None and computed != node:
            raise Refused(
                f"{tile_path(level - 1, number)} is not the tile whose hash is in "
                f"{tile_path(level, index)}."
            )
    return hashes


def _edge(tiles: Tiles, level: int) -> list[bytes]:
    width = (tiles.size >> 8 * level) % WIDTH
    if not width:
        return []
    data = tiles.get(level, tiles.size >> 8 * (level + 1))
    if data is None:
        raise Refused(f"The partial tile of level {level} is missing.")
    return frontier_of(data[at : at + HASH] for at in range(0, len(data), HASH))


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class Trust:
    """What the caller brought along; whatever is missing is taken from what is checked.

    Attributes:
        forms: look at every entry of a whole log, not only at those of a pack's lists and samples.
    """

    log_keys: list[Key] = field(default_factory=list)
    policy: Policy | None = None
    signers: bytes | None = None
    earlier: bytes | None = None
    forms: bool = False


def check_checkpoint(
    report: Report, raw: bytes, keys: list[Key], policy: Policy | None, *, pinned: bool
) -> Checkpoint:
    """Check a checkpoint's signatures and, by a policy, its cosignatures."""
    note = Note.of(raw)
    seen = Checkpoint.of_text(note.text)
    witnesses = list(policy.witnesses.values()) if policy else []
    signed = note.signed_by([*keys, *witnesses])
    logs = [key for key, _ in signed if key in keys]
    if not logs:
        names = ", ".join(map(str, keys)) or "none was given"
        raise Refused(f"The checkpoint is not signed by a key that is trusted here ({names}).")
    # A cosigner has a name of its own, and its signature says whose checkpoint it is over.
    for key in logs:
        if key.type == ED25519 and key.name != seen.origin:
            raise Refused(f"The checkpoint is of the log {seen.origin}, and signed by {key}.")
    said = f"{seen.origin} had {seen.size} entries under the root {seen.root.hex()}"
    report.ok("checkpoint", f"{said}; signed by {', '.join(map(str, logs))}.")
    if not pinned:
        report.limit(
            "checkpoint",
            "The log's key came with what it signs: compare it with the one that the operator published, "
            f"or give it as --log-key. It is {logs[0]}.",
        )
    _check_witnesses(report, policy, [(key, time) for key, time in signed if key in witnesses])
    return seen


def _check_witnesses(
    report: Report, policy: Policy | None, cosigned: list[tuple[Key, int | None]]
) -> None:
    cosigned = [(key, time) for key, time in cosigned if time is not None]
    names = ", ".join(f"{key.name} at {time}" for key, time in cosigned)
    if policy is None or policy.quorum == "none":
        seen = f" Cosigned by {names}." if names else ""
        report.limit(
            "witnesses",
            "No policy asks for witnesses, so nothing here shows that others saw the same log, or that it "
            f"is as old as it says.{seen}",
        )
    elif policy.is_met_by([key for key, _ in cosigned]):
        report.ok("witnesses", f"The quorum {policy.quorum} saw this checkpoint: {names}.")
    else:
        raise Refused(
            f"The policy asks for the quorum {policy.quorum}; cosigned by {names or 'nobody'}."
        )


def check_earlier(report: Report, raw: bytes, keys: list[Key], now: Checkpoint, tree: Tree) -> None:
    """Check that the tree continues a checkpoint that the caller kept."""
    note = Note.of(raw)
    before = Checkpoint.of_text(note.text)
    if not note.signed_by(keys):
        raise Refused("The earlier checkpoint is not signed by a key that is trusted here.")
    if before.origin != now.origin:
        raise Refused(f"The earlier checkpoint is of another log, {before.origin}.")
    if before.size > now.size:
        raise Refused(f"The log shrank: it had {before.size} entries, and now {now.size}.")
    if tree.root_at(before.size) != before.root:
        raise Refused(
            f"The first {before.size} entries are others than the earlier checkpoint says: "
            "the log was rewritten, or there are two of it."
        )
    report.ok("earlier checkpoint", f"This log continues the one of {before.size} entries.")


# ── time stamps ──────────────────────────────────────────────────────────────────────────────────

_SIGNED_DATA, _TST_INFO = (
    bytes.fromhex("2a864886f70d010702"),
    bytes.fromhex("2a864886f70d0109100104"),
)
_HASHES = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_INTEGER, _OCTETS, _OID, _TIME, _SEQUENCE, _TAGGED = 0x02, 0x04, 0x06, 0x18, 0x30, 0xA0
_GRANTED = (b"\x00", b"\x01")


@dataclass(frozen=True)
class Stamp:
    """What an RFC 3161 response says; whose signature it has is not looked at."""

    time: str
    hash: str
    imprint: bytes

    @classmethod
    def of(cls, raw: bytes) -> Stamp:
        """Read a TimeStampResp: the TSTInfo in the signed data of its token (RFC 3161, RFC 5652)."""
        [response] = _der(raw, _SEQUENCE)
        status, token = _der(response, _SEQUENCE, _SEQUENCE)
        if _der(status, _INTEGER)[0] not in _GRANTED:
            raise Refused("The authority granted no time stamp.")
        kind, content = _der(token, _OID, _TAGGED)
        [signed] = _der(content, _SEQUENCE)
        encapsulated = _der(signed, _INTEGER, 0x31, _SEQUENCE)[2]
        inner, content = _der(encapsulated, _OID, _TAGGED)
        if (kind, inner) != (_SIGNED_DATA, _TST_INFO):
            raise Refused("It is no time stamp.")
        [info] = _der(_der(content, _OCTETS)[0], _SEQUENCE)
        _, _, stamped, _, time = _der(info, _INTEGER, _OID, _SEQUENCE, _INTEGER, _TIME)
        algorithm, imprint = _der(stamped, _SEQUENCE, _OCTETS)
        named = _HASHES.get(_der(algorithm, _OID)[0])
        if named is None:
            raise Refused("The time stamp is over a hash that is not known here.")
        return cls(_moment(time), named, imprint)


def _der(data: bytes, *tags: int) -> list[bytes]:
    """Return the contents of the first elements of DER, which must have these tags; more may follow."""
    found, at = [], 0
    for tag in tags:
        if at + 2 > len(data) or data[at] != tag:
            raise Refused("It is not in the form of a time stamp (DER).")
        length, at = data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise Refused("It is not in the form of a time stamp (DER).")
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise Refused("The time stamp is cut short.")
        found.append(data[at : at + length])
        at += length
    return found


def _moment(raw: bytes) -> str:
    found = re.fullmatch(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d{1,9})?Z", raw)
    if found is None:
        raise Refused("The time stamp says no time.")
    year, month, day, hour, minute, second = (part.decode() for part in found.groups())
    return f"{year}-{month}-{day} {hour}:{minute}:{second} UTC"


# ── entries ──────────────────────────────────────────────────────────────────────────────────────

_MEMBERS = {"at", "body", "db", "id", "s", "seq", "v"}
_ENTRIES = json.JSONDecoder(
    parse_float=_refuse_float, parse_int=_exact_int, parse_constant=_refuse_float
)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_TOLD = frozenset(
    {
        "catalog.artifact_version_registered",
        "deployments.started",
        "releases.all_rules_met",
        "releases.approvals_voided",
        "releases.approved",
        "releases.checking",
        "releases.evidence_added",
        "releases.rejected",
        "releases.sealed",
        "releases.submitted",
    }
)
"""Events from which the story of a change is told anew."""


def entry_of(raw: bytes) -> dict[str, Any]:
    """Return an entry. Its canonical form is checked: then its bytes say one thing only."""
    try:
        entry = _ENTRIES.decode(raw.decode())
        form = _CANONICAL.encode(entry)
    except (ValueError, RecursionError) as error:
        raise Refused(f"An entry is not JSON: {error!r:.120}.") from error
    if not isinstance(entry, dict) or entry.keys() != _MEMBERS or entry["v"] != 1:
        raise Refused("An entry has not the members that an entry has.")
    if form.encode("utf-8", "surrogatepass") != raw:
        raise Refused(f"The entry {entry['id']!r:.40} is not in its canonical form (RFC 8785).")
    if not isinstance(entry["body"], dict) or not isinstance(entry["seq"], int):
        raise Refused(f"The entry {entry['id']!r:.40} has no body.")
    return entry


@dataclass(frozen=True)
class Event:
    """What is taken from an entry. ``body`` is kept only where the story of a change needs it."""

    index: int
    leaf: bytes
    uid: str
    at: str
    stream: str
    seq: int
    type: str
    body: dict[str, Any] | None
    step: tuple[Any, Any]

    @classmethod
    def of_line(cls, line: bytes) -> Event:
        """Read a line of an events.jsonl: ``{"entry":…,"index":…,"leaf_hash":…}``."""
        at = line.rfind(b',"index":')
        end = _LINE_END.fullmatch(line, at) if at > 0 else None
        if end is None or not line.startswith(b'{"entry":'):
            raise Refused(f"A line of the events is none: {line[:60]!r}…")
        raw = line[9:at]
        leaf = leaf_hash(raw)
        if leaf.hex().encode() != end[2]:
            raise Refused(f"The entry with the index {end[1].decode()} has another leaf hash.")
        return cls.of_entry(int(end[1]), leaf, entry_of(raw))

    @classmethod
    def of_entry(cls, index: int, leaf: bytes, entry: dict[str, Any]) -> Event:
        """Take from an entry what is needed."""
        body, data = entry["body"], entry["body"].get("data") or {}
        kind = body.get("type")
        return cls(
            index,
            leaf,
            entry["id"],
            entry["at"],
            entry["s"],
            entry["seq"],
            kind,
            body if kind in _TOLD else None,
            (data.get("before"), data.get("after")),
        )


def events_of_block(block: bytes) -> list[Event] | str:
    """Return the events of some lines, or what is wrong with one."""
    try:
        return [Event.of_line(line) for line in block.split(b"\n") if line]
    except Refused as error:
        return str(error)
    except (AttributeError, TypeError, KeyError, RecursionError) as error:
        return f"An entry has not the shape of an entry: {error!r:.120}."


def blocks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's lines, many at a time."""
    rest = b""
    while True:
        data = stream.read(1 << 20)
        if not data:
            break
        whole, gap, rest = (rest + data).rpartition(b"\n")
        if gap:
            yield whole
        elif len(rest) > 1 << 21:
            raise Refused("A line is longer than any entry.")
    if rest:
        raise Refused("The last line is cut short.")


# ── the story of each change, told from the entries alone ────────────────────────────────────────


@dataclass
class Change:
    """What the entries say about one change request."""

    number: int
    index: int
    body: dict[str, Any]
    active: bool = False
    events: int = 0
    last: int = 0
    state: Any = None
    granted: bool = False
    approvals: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    signed: dict[Any, tuple[str, str]] = field(default_factory=dict)
    counted: set[Any] = field(default_factory=set)
    deployments: dict[Any, bool] = field(default_factory=dict)
    evidence: set[str] = field(default_factory=set)

    @property
    def requester(self) -> Any:
        """The pseudonym of who asked."""
        return self.body["actor"]["id"]

    @property
    def data(self) -> dict[str, Any]:
        """What was asked for."""
        found: dict[str, Any] = self.body.get("data") or {}
        return found

    def is_in(self, scope: dict[str, Any]) -> bool:
        """Return whether the scope of a pack takes it in."""
        wanted = scope.get("change_requests")
        return (
            scope.get("project") in (None, self.body.get("project"))
            and scope.get("environment") in (None, self.data.get("environment"))
            and (wanted is None or self.number in wanted)
        )


class Story:
    """Takes events in the order of the log and says what must not have happened."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.changes: dict[int, Change] = {}
        self.streams: dict[str, int] = {}
        self.cut: set[str] = set()
        self._sealers: dict[Any, Any] = {}
        self._models: dict[Any, Any] = {}
        self._contents: dict[Any, list[Any]] = {}
        self._unsealed = 0
        self.emergencies: list[int] = []
        self.period = ("", "~")
        self._then = {
            "catalog.artifact_version_registered": self._registered,
            "deployments.started": self._started,
            "releases.all_rules_met": self._all_rules_met,
            "releases.approvals_voided": self._voided,
            "releases.approved": self._signed,
            "releases.checking": self._checking,
            "releases.rejected": self._signed,
            "releases.sealed": self._sealed,
        }

    def tell(self, event: Event) -> None:
        """Take the next event."""
        self._count(event)
        change = self._change_of(event)
        if change is not None:
            self._step(change, event)
        then = self._then.get(event.type)
        if then is None or event.body is None:
            return
        try:
            then(change, event, event.body, event.body.get("data") or {})
        except (AttributeError, KeyError, TypeError) as error:
            # Whoever records past the portal may give it any shape, and keeps nobody from telling the rest.
            self._wrong(
                "events",
                f"Entry {event.index} ({event.type}) has another shape than the portal gives it: "
                f"{error!r:.80}.",
            )

    def _count(self, event: Event) -> None:
        last = self.streams.get(event.stream)
        if last is None and event.seq != 1:
            self.cut.add(event.stream)
            if event.stream.startswith("change-request/"):
                self._wrong("streams", f"{event.stream} begins with its event {event.seq}, not 1.")
        elif last is not None and event.seq != last + 1:
            self._wrong("streams", f"{event.stream} goes from {last} to {event.seq}.")
        self.streams[event.stream] = event.seq

    def _change_of(self, event: Event) -> Change | None:
        kind, _, key = event.stream.partition("/")
        if kind != "change-request" or not key.isascii() or not key.isdigit():
            return None
        number = int(key)
        if event.type == "releases.submitted" and event.body is not None:
            if number in self.changes:
                self._wrong("streams", f"CR-{number} was submitted twice.")
                return None
            change = self.changes[number] = Change(number, event.index, event.body)
            return change
        return self.changes.get(number)

    def _step(self, change: Change, event: Event) -> None:
        change.events += 1
        change.last = event.index
        change.active = change.active or self.period[0] <= event.at < self.period[1]
        before, after = event.step
        if after is None:
            return
        if change.state is not None and before != change.state:
            self._wrong(
                "life cycle", f"CR-{change.number} was {change.state}, and then left {before}."
            )
        change.state = after

    def _wrong(self, check: str, sentence: str) -> None:
        self._report.wrong(check, sentence)

    def _registered(self, _c: Any, _e: Event, body: dict[str, Any], data: dict[str, Any]) -> None:
        if data.get("kind") == "model":
            self._models[data.get("digest")] = body["actor"]["id"]

    def _sealed(self, _c: Any, _e: Event, body: dict[str, Any], data: dict[str, Any]) -> None:
        label = body["object"]["label"]
        self._sealers[label] = body["actor"]["id"]
        self._contents[label] = data.get("digests") or []

    def _signed(self, change: Change | None, e: Event, body: dict[str, Any], data: Any) -> None:
        if change is None:
            return
        actor = body["actor"]["id"]
        decision = e.type.rpartition(".")[2]
        change.signed[data.get("approval")] = (actor, decision)
        # Whoever rejects takes back what they approved before.
        for approval, (signer, _) in list(change.approvals.items()):
            if signer == actor:
                del change.approvals[approval]
        if decision == "approved":
            change.approvals[data.get("approval")] = (actor, data.get("statement_digest"))

    def _voided(self, change: Change | None, _e: Event, _b: Any, data: dict[str, Any]) -> None:
        if change is not None:
            for approval in data.get("approvals") or []:
                change.approvals.pop(approval, None)

    def _checking(self, change: Change | None, *_: Any) -> None:
        if change is not None:
            change.granted = False

    def _all_rules_met(self, change: Change | None, _e: Event, _b: Any, data: Any) -> None:
        if change is None:
            return
        change.granted = True
        change.counted = set()
        for each in data.get("counted") or []:
            approval = each.get("approval")
            actor, statement = change.approvals.get(approval, (None, None))
            if actor is None or statement != data.get("statement_digest"):
                self._wrong(
                    "approvals",
                    f"CR-{change.number} counted the approval {approval}, which does not stand "
                    "in the entries before it, or is of another statement.",
                )
                continue
            change.counted.add(actor)
            self._refuse_own(change, actor)

    def _refuse_own(self, change: Change, actor: Any) -> None:
        label = f"{change.body.get('project')} {change.data.get('release')}"
        if label not in self._sealers:
            self._unsealed += 1
        models = {self._models.get(digest) for digest in self._contents.get(label, [])}
        for what, who in (("asked for", {change.requester}), ("sealed", {self._sealers.get(label)}),
                          ("registered a model in", models)):  # fmt: skip
            if actor in who:
                self._wrong(
                    "separation of duties", f"{actor} {what} CR-{change.number} and signed it."
                )

    def _started(self, change: Change | None, _e: Event, body: dict[str, Any], _d: Any) -> None:
        if change is None:
            return
        change.deployments[body["object"]["id"]] = change.granted
        if change.granted:
            return
        if change.data.get("kind") == EMERGENCY:
            self.emergencies.append(change.number)
        else:
            self._wrong(
                "approval before deployment",
                f"CR-{change.number} was deployed before every approval rule was met.",
            )

    def conclude(self) -> None:
        """Say what held."""
        report = self._report
        approved = sum(1 for change in self.changes.values() if change.counted)
        deployed = sum(1 for change in self.changes.values() if change.deployments)
        if not report.is_wrong("streams"):
            report.ok("streams", f"{len(self.streams)} streams count up without a gap.")
        if not report.is_wrong("life cycle"):
            report.ok("life cycle", "Every change left the state that it had entered.")
        if not (report.is_wrong("separation of duties") or report.is_wrong("approvals")):
            report.ok(
                "separation of duties",
                f"Of {len(self.changes)} changes, {approved} counted signatures; every one stood, and "
                "none was by who asked for the change, sealed the release or registered its model.",
            )
        if not report.is_wrong("approval before deployment"):
            report.ok(
                "approval before deployment",
                f"{deployed} changes were deployed; in the order of the log, each after its rules were met.",
            )
        self._conclude_limits()

    def _conclude_limits(self) -> None:
        report = self._report
        if self.emergencies:
            listed = ", ".join(f"CR-{number}" for number in sorted(set(self.emergencies))[:20])
            report.limit("approval before deployment", f"Emergency changes went first: {listed}.")
        if self._unsealed:
            report.limit(
                "separation of duties",
                f"For {self._unsealed} signatures the event that sealed the release is not in the pack.",
            )
        if self.cut:
            report.limit(
                "streams",
                f"{len(self.cut)} streams begin before the period; what was earlier is not here.",
            )
        report.limit(
            "separation of duties",
            "The authors of commits are personal data and not in the entries: that no author signed is the "
            "portal's word. So is that each pseudonym is the person who is named.",
        )


# ── packs ────────────────────────────────────────────────────────────────────────────────────────

MANIFEST = "MANIFEST.sha256"
SIGNATURE = "MANIFEST.sha256.sig"
EVENTS = "formats/events.jsonl"
STAMPED = "log/previous-checkpoints/"
CHANGES = "population/change_requests.csv"
APPROVALS = "population/approvals.csv"
DEPLOYMENTS = "population/deployments.csv"


class Pack:
    """One pack, checked from the outside inwards."""

    def __init__(self, report: Report, path: str, trust: Trust, workers: Workers) -> None:
        self.report, self.path, self.trust, self.workers = report, path, trust, workers
        self.source: Source = source_at(path)
        self.keys: list[Key] = []
        self.own: list[Key] = []
        self.policy: Policy | None = None
        self.checkpoint: Checkpoint | None = None
        self.notes: set[bytes] = set()
        self.stamped: list[int] = []
        self.stamps: dict[int, tuple[str, str]] = {}
        self.tree: Tree | None = None
        self.scope: dict[str, Any] = {}
        self.story = Story(report)
        self.lines: dict[str, int] = {}

    def verify(self) -> None:
        """Check everything; what fails does not keep the rest from being checked."""
        for name, check in (
            ("manifest", self._manifest),
            ("manifest signature", self._signature),
            ("scope", self._scope),
            ("checkpoint", self._checkpoint),
            ("openssl files", self._openssl_files),
            ("tiles", self._tiles),
            ("earlier checkpoint", self._earlier),
            ("time stamps", self._stamps),
            ("events", self._events),
            ("change requests", self._changes),
            ("approvals", self._approvals),
            ("deployments", self._deployments),
            ("statement of completeness", self._statement),
            ("whole log", self._whole_log),
            ("samples", self._samples),
        ):
            with Check(self.report, name):
                check()

    # ── the files ────────────────────────────────────────────────────────────────────────────────

    def _manifest(self) -> None:
        listed = self._listed()
        there = set(self.source.names()) - {MANIFEST, SIGNATURE}
        for name in sorted(there - listed.keys()):
            self.report.wrong("manifest", f"{name!r:.200} is in the pack and not in the manifest.")
        for name in sorted(listed.keys() - there):
            self.report.wrong("manifest", f"{name} is in the manifest and not in the pack.")
        groups = list(self._groups(sorted(there & listed.keys())))
        for hashes in self.workers.map(partial(hashes_of, self.path), groups):
            for name, digest in hashes:
                if digest != listed[name]:
                    self.report.wrong("manifest", f"{name} is not as the manifest says: {digest}.")
        if not self.report.is_wrong("manifest"):
            self.report.ok("manifest", f"{len(listed)} files have the SHA-256 that it says.")

    def _listed(self) -> dict[str, str]:
        listed: dict[str, str] = {}
        for line in read(self.source, MANIFEST, 64 * SMALL).decode().splitlines():
            found = _MANIFEST_LINE.fullmatch(line)
            if found is None or not _NAME.fullmatch(found[2]) or found[2] in listed:
                raise Refused(
                    f"A line of {MANIFEST} is none, or names a file again: {line!r:.120}."
                )
            listed[found[2]] = found[1]
        return listed

    def _groups(self, names: list[str]) -> Iterator[list[str]]:
        group: list[str] = []
        size = 0
        for name in names:
            group.append(name)
            size += self.source.size(name) + 4096
            if size > SMALL:
                yield group
                group, size = [], 0
        if group:
            yield group

    def _signature(self) -> None:
        armored = read(self.source, SIGNATURE)
        pinned = self.trust.signers is not None
        signers = self.trust.signers or read(self.source, "allowed_signers")
        with closing(self.source.open(MANIFEST)) as stream:
            who, key = verify_sshsig(armored, signers, stream, NAMESPACE)
        fingerprint = base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
        self.report.ok("manifest signature", f"Signed by {who} with the key SHA256:{fingerprint}.")
        if not pinned:
            self.report.limit(
                "manifest signature",
                "The signer's key came with the pack: compare its fingerprint with the one that the "
                "operator published, or give --signers.",
            )

    def _scope(self) -> None:
        found = json_of(read(self.source, "scope.json"))
        if not isinstance(found, dict) or found.get("scope") != "gatehouse.pack-scope/v1":
            raise Refused("scope.json is not of the version that this program knows.")
        self.scope = found
        self.story.period = self._period()
        parts = [
            f"{name.replace('_', ' ')} {found[name]}"
            for name in ("project", "environment", "change_requests", "since", "until")
            if found.get(name)
        ]
        self.report.ok("scope", f"The pack claims: {', '.join(parts) or 'everything'}.")

    # ── the log's word ───────────────────────────────────────────────────────────────────────────

    def _checkpoint(self) -> None:
        own = [Key.of(line) for line in read(self.source, "log.vkey").decode().split("\n") if line]
        self.own = own
        policy = self.trust.policy
        if policy is None and self.source.has("policy.tlog"):
            policy = Policy.of(read(self.source, "policy.tlog"))
        brought = self.trust.log_keys or (self.trust.policy.logs if self.trust.policy else [])
        self.keys = brought or own
        raw = read(self.source, "log/checkpoint")
        self.checkpoint = check_checkpoint(
            self.report, raw, self.keys, policy, pinned=bool(brought)
        )
        self.policy = policy
        self.notes.add(raw)
        if self.trust.policy is None and policy is not None and policy.quorum != "none":
            self.report.limit(
                "witnesses",
                "The policy came with the pack, and whoever wrote the pack may have chosen its witnesses: "
                "compare it with the one that you know, or give that as --policy.",
            )

    def _openssl_files(self) -> None:
        """The same signature once more, in the form that openssl reads."""
        note = Note.of(read(self.source, "log/checkpoint"))
        if read(self.source, "log/checkpoint.body") != note.text.encode():
            raise Refused("log/checkpoint.body is not the text of the checkpoint.")
        signature = read(self.source, "log/checkpoint.sig")
        if signature not in [payload for _, _, payload in note.signatures]:
            raise Refused("log/checkpoint.sig is none of the checkpoint's signatures.")
        if Ed25519PublicKey is None:
            raise Absent("log.pem needs the package `cryptography`.")
        pem: Any = load_pem_public_key(read(self.source, "log.pem"))
        if pem.public_bytes_raw() not in [key.public for key in self.keys]:
            raise Refused("log.pem is not the key that signed the checkpoint.")
        self.report.ok("openssl files", "log.pem, checkpoint.body and checkpoint.sig are the same.")

    def _tiles(self) -> None:
        seen = self._signed_checkpoint()
        tiles = Tiles(self.path, "log/", seen.size)
        full = self.scope.get("mode") == "full"
        since, until = self._period()
        period = (since.encode(), until.encode()) if full else None
        wanted = Wanted(full, full and self.trust.forms, period)
        tree = rebuild(self.report, "tiles", self.workers, tiles, wanted, whole=full)
        if tree.root != seen.root:
            raise Refused(
                f"The tiles have the root {tree.root.hex()}, not the one that was signed."
            )
        self.tree = tree
        if not self.report.is_wrong("tiles"):
            entries = f" and {tree.entries} entries" if full else ""
            self.report.ok("tiles", f"{tree.tiles_seen} tiles{entries} lead to the signed root.")
            if full:
                say_of_forms(self.report, forms=self.trust.forms)

    def _period(self) -> tuple[str, str]:
        return str(self.scope.get("since") or ""), str(self.scope.get("until") or "~")

    def _signed_checkpoint(self) -> Checkpoint:
        if self.checkpoint is None:
            raise Absent("There is no checkpoint whose signature holds.")
        return self.checkpoint

    def _verified_tree(self) -> Tree:
        if self.tree is None:
            raise Absent("The tiles do not lead to a signed root.")
        return self.tree

    def _earlier(self) -> None:
        if self.trust.earlier is not None:
            now = self._signed_checkpoint()
            check_earlier(self.report, self.trust.earlier, self.keys, now, self._verified_tree())

    # ── when the log was in which state ──────────────────────────────────────────────────────────

    def _stamps(self) -> None:
        sizes = {
            number_of(name.split("/")[2])
            for name in self.source.names()
            if name.startswith(STAMPED)
        }
        self.stamped = sorted(sizes)
        for size in self.stamped:
            with Check(self.report, "time stamps"):
                self._stamp(size)
        if sizes:
            self.report.limit(
                "time stamps",
                "That the authority signed them, and when, is for OpenSSL, with the authority's certificates "
                f"from where you trust:  openssl ts -verify -CAfile ROOTS -data {STAMPED}"
                f"{max(sizes)}/checkpoint.body -in {STAMPED}{max(sizes)}/checkpoint.tsr",
            )
        else:
            self.report.limit(
                "time stamps",
                "The pack has no time stamp: that the log is as old as it says is the portal's word, and "
                "that of its witnesses.",
            )

    def _stamp(self, size: int) -> None:
        base, now = f"{STAMPED}{size}/", self._signed_checkpoint()
        note = Note.of(self._needed(f"{base}checkpoint"))
        before = Checkpoint.of_text(note.text)
        if (before.origin, before.size) != (now.origin, size):
            raise Refused(
                f"{base}checkpoint is that of {before.origin} over {before.size} entries."
            )
        self._is_signed(note, size)
        proof = f"log/consistency/{size}-{now.size}.txt"
        lines = self._needed(proof).decode("ascii", "replace").split("\n")
        try:
            require_continued(before, now, [of_base64(line) for line in lines if line])
        except Refused as error:
            raise Refused(
                f"{proof} does not show that this log continues the stamped checkpoint: {error}"
            ) from None
        if self._needed(f"{base}checkpoint.body") != note.text.encode():
            raise Refused(f"{base}checkpoint.body is not the text of the checkpoint.")
        token = self._needed(f"{base}checkpoint.tsr")
        stamp = Stamp.of(token)
        if hashlib.new(stamp.hash, note.text.encode()).digest() != stamp.imprint:
            raise Refused(f"The time stamp on {size} entries is over something else.")
        self.stamps[size] = (stamp.time, hashlib.sha256(token).hexdigest())
        self.report.ok(
            "time stamps",
            f"This log continues the checkpoint over its first {size} entries, and a stamp over that one "
            f"says {stamp.time}.",
        )

    def _is_signed(self, note: Note, size: int) -> None:
        """By a key that is trusted; or, if the log has another one now, by one that it says it had."""
        if note.signed_by(self.keys):
            return
        before = note.signed_by(self.own)
        if not before:
            raise Refused(
                f"The stamped checkpoint over {size} entries is not signed by a key that is trusted here."
            )
        self.report.limit(
            "time stamps",
            f"The checkpoint over {size} entries is signed by {before[0][0]}, an earlier key by the pack's "
            "own word; that the log continues it holds all the same.",
        )

    def _needed(self, name: str) -> bytes:
        """Return a file without which a time stamp shows nothing."""
        if not self.source.has(name):
            raise Refused(f"{name} is missing.")
        return read(self.source, name)

    # ── the events ───────────────────────────────────────────────────────────────────────────────

    def _events(self) -> None:
        number, last = 0, -1
        with closing(self.source.open(EVENTS)) as stream:
            for found in self.workers.map(events_of_block, blocks_of(stream)):
                if isinstance(found, str):
                    raise Refused(found)
                for event in found:
                    if event.index <= last:
                        raise Refused(
                            f"The events are not in the order of the log at {event.index}."
                        )
                    last = event.index
                    number += 1
                    self._is_in_the_tree(event)
                    self.story.tell(event)
        self.lines[EVENTS] = number
        if self.tree is None:
            self.report.unchecked(
                "events", "Without the tiles nobody can say that they are in the log."
            )
        elif not self.report.is_wrong("events"):
            self.report.ok("events", f"{number} entries are in the log, byte for byte.")
        self.story.conclude()

    def _is_in_the_tree(self, event: Event) -> None:
        if self.tree is None:
            return
        tiles = self.tree.tiles
        if event.index >= tiles.size:
            self.report.wrong("events", f"The tree has no entry {event.index}.")
            return
        hashes = self._tile(event.index // WIDTH)
        at = event.index % WIDTH * HASH
        if hashes is None:
            self.report.wrong("events", f"The tile over the entry {event.index} is missing.")
        elif hashes[at : at + HASH] != event.leaf:
            self.report.wrong("events", f"Entry {event.index} is not the one in the log.")

    def _tile(self, index: int) -> bytes | None:
        cached: tuple[int, bytes | None] = getattr(self, "_last_tile", (-1, None))
        if cached[0] != index and self.tree is not None:
            cached = self._last_tile = (index, self.tree.tiles.get(0, index))
        return cached[1]

    # ── the populations ──────────────────────────────────────────────────────────────────────────

    def _changes(self) -> None:
        listed: set[int] = set()
        later = 0
        for row in rows_of(self.source, CHANGES):
            number = number_of(row["change_request"].removeprefix("CR-"))
            if number in listed:
                raise Refused(f"CR-{number} is listed twice.")
            listed.add(number)
            later += int(row["unsealed_events"] or 0) > 0
            self._compare(number, row)
        for number, change in self.story.changes.items():
            if number not in listed and change.active and change.is_in(self.scope):
                self.report.wrong(
                    "change requests", f"CR-{number} is in the log and not in the list."
                )
        if not self.report.is_wrong("change requests"):
            self.report.ok(
                "change requests",
                f"{len(listed)} rows say what the entries say, and none is missing.",
            )
        if later:
            self.report.limit(
                "change requests",
                f"{later} changed after the checkpoint; that part is the portal's word.",
            )

    def _compare(self, number: int, row: dict[str, str]) -> None:
        """Compare what the tables said with what the entries say."""
        change = self.story.changes.get(number)
        sealed = int(row["events"] or 0) - int(row["unsealed_events"] or 0)
        if change is None:
            if sealed > 0:
                self._differs(number, f"its {sealed} entries are not in the pack")
            elif not int(row["unsealed_events"] or 0):
                self._differs(number, "it has no event: a row that nobody recorded")
            return
        if sealed != change.events:
            self._differs(number, f"it says {sealed} entries, and there are {change.events}")
        if int(row["unsealed_events"] or 0):
            return
        for column, told in (
            ("project", change.body.get("project")),
            ("environment", change.data.get("environment")),
            ("content_digest", change.data.get("content_digest")),
            ("requested_by", change.requester),
            ("state", change.state),
            ("first_leaf", change.index),
            ("last_leaf", change.last),
            ("approved_by", " ".join(sorted(str(who) for who, _ in change.approvals.values()))),
        ):
            if told is not None and row[column] != str(told):
                self._differs(
                    number, f"{column} is {row[column]!r:.80}, in the entries {told!r:.80}"
                )

    def _differs(self, number: int, what: str) -> None:
        self.report.wrong("change requests", f"CR-{number}: {what}.")

    def _approvals(self) -> None:
        wanted = {
            (str(approval), f"CR-{change.number}"): told
            for change in self.story.changes.values()
            for approval, told in change.signed.items()
        }
        number = len(wanted)
        for row in rows_of(self.source, APPROVALS):
            told = wanted.pop((row["approval"], row["change_request"]), None)
            if told is None and row["leaf_index"]:
                self.report.wrong("approvals", f"Approval {row['approval']} has no entry here.")
            elif told is not None and told != (row["person"], row["decision"]):
                self.report.wrong(
                    "approvals",
                    f"Approval {row['approval']} is by {told[0]} ({told[1]}) in its entry.",
                )
        self._not_listed("approvals", wanted)
        if not self.report.is_wrong("approvals"):
            self.report.ok("approvals", f"The {number} signatures in the entries are those listed.")

    def _deployments(self) -> None:
        wanted: dict[tuple[str, str], Any] = {
            (str(deployment), f"CR-{change.number}"): granted
            for change in self.story.changes.values()
            for deployment, granted in change.deployments.items()
        }
        number = len(wanted)
        for row in rows_of(self.source, DEPLOYMENTS):
            granted = wanted.pop((row["deployment"], row["change_request"]), None)
            if granted is None and row["leaf_index"]:
                self.report.wrong(
                    "deployments", f"Deployment {row['deployment']} has no entry here."
                )
            elif granted is not None and row["approved_before"] != ("Y" if granted else "N"):
                self.report.wrong(
                    "deployments",
                    f"Deployment {row['deployment']}: the list errs about its approval.",
                )
        self._not_listed("deployments", wanted)
        if not self.report.is_wrong("deployments"):
            self.report.ok(
                "deployments", f"The {number} deployments in the entries are those listed."
            )

    def _not_listed(self, check: str, left: dict[tuple[str, str], Any]) -> None:
        in_list = (
            {row["change_request"] for row in rows_of(self.source, CHANGES)} if left else set()
        )
        for (key, label), _ in sorted(left.items()):
            if label in in_list:
                self.report.wrong(
                    check, f"{check[:-1].title()} {key} of {label} is not in the list."
                )

    def _statement(self) -> None:
        statement = json_of(read(self.source, "ipe_statement.json"))
        seen = self._signed_checkpoint()
        if statement["log"] != {"origin": seen.origin, "size": seen.size, "root": seen.root.hex()}:
            raise Refused("The statement of completeness is about another checkpoint.")
        if {**statement["scope"]} != self.scope:
            raise Refused("The statement of completeness is about another scope.")
        self._same_stamps(statement.get("time_stamps", []))
        self._same_counts(statement)
        if not self.report.is_wrong("statement of completeness"):
            self.report.ok(
                "statement of completeness",
                f"{len(statement['files'])} files have the rows that it says; "
                f"{len(statement['reconciliation'])} counts of tables and log agree.",
            )

    def _same_stamps(self, told: list[dict[str, Any]]) -> None:
        sizes = [each["size"] for each in told]
        if sizes != self.stamped:
            raise Refused(
                f"It tells time stamps on {sizes} entries; those in the pack are on {self.stamped}."
            )
        for each in told:
            at = f"{each['at'][:19].replace('T', ' ')} UTC"
            if self.stamps.get(each["size"]) not in (None, (at, each["sha256"])):
                raise Refused(
                    f"It tells of another time stamp on {each['size']} entries than the pack's."
                )

    def _same_counts(self, statement: dict[str, Any]) -> None:
        for each in statement["files"]:
            counted = self._count(each["path"])
            if counted != each["rows"]:
                self.report.wrong(
                    "statement of completeness",
                    f"{each['path']} has {counted} rows; the statement says {each['rows']}.",
                )
        for each in statement["reconciliation"]:
            if each["result"] != "equal":
                self.report.wrong(
                    "statement of completeness",
                    f"The portal itself says: {each['check']}: expected {each['expected']}, "
                    f"found {each['actual']}.",
                )

    def _count(self, name: str) -> int:
        if name not in self.lines:
            if name.endswith(".csv"):
                self.lines[name] = sum(1 for _ in rows_of(self.source, name))
            else:
                with closing(self.source.open(name)) as stream:
                    self.lines[name] = sum(block.count(b"\n") + 1 for block in blocks_of(stream))
        return self.lines[name]

    def _whole_log(self) -> None:
        """With every entry at hand the population can be drawn anew, by anybody."""
        if self.scope.get("mode") != "full":
            self.report.limit(
                "whole log",
                "The pack holds a part of the log: that nothing in scope was left out of the lists rests on "
                "the numbers of the streams and the portal's counts. A pack in full mode shows more.",
            )
            return
        tree = self._verified_tree()
        listed = {row["change_request"] for row in rows_of(self.source, CHANGES)}
        found = set()
        for index, raw in tree.submitted:
            try:
                change = self._change_in(index, raw)
            except Refused as error:
                self.report.wrong("whole log", f"Entry {index}: {error}")
                continue
            if change is not None and change.is_in(self.scope):
                found.add(f"CR-{change.number}")
        for label in sorted(found - listed):
            self.report.wrong(
                "whole log", f"{label} is in the log and in scope, and not in the list."
            )
        if not self.report.is_wrong("whole log"):
            self.report.ok(
                "whole log",
                f"Drawn anew from all {tree.entries} entries, the population is the same {len(found)}.",
            )

    def _change_in(self, index: int, raw: bytes) -> Change | None:
        """Return the change that begins with an entry; None if it had no event in the period."""
        tail = _tail_of(raw)
        if tail is None or tail[2] not in self._verified_tree().active:
            return None
        stream, body = tail[2].decode("utf-8", "replace"), entry_of(raw)["body"]
        if body.get("type") != "releases.submitted":
            raise Refused(f"{stream} does not begin with its submission.")
        return Change(number_of(stream.rpartition("/")[2]), index, body)

    # ── the samples ──────────────────────────────────────────────────────────────────────────────

    def _samples(self) -> None:
        samples: dict[str, list[str]] = defaultdict(list)
        for name in self.source.names():
            if name.startswith("samples/"):
                samples[name.split("/")[1]].append(name)
        with Check(self.report, "samples"):
            self._are_those_wanted(set(samples))
        totals: Counter[str] = Counter()
        for label in sorted(samples):
            with Check(self.report, f"sample {label}"):
                totals += self._sample(label, sorted(samples[label]))
        wrong = [label for label in samples if self.report.is_wrong(f"sample {label}")]
        if samples and not wrong and not self.report.is_wrong("samples"):
            self.report.ok(
                "samples",
                f"{len(samples)} samples: {totals['proofs']} proofs lead from an entry to the checkpoint; "
                f"{totals['disclosures']} names and texts are those that were committed to; "
                f"{totals['attachments']} attachments are the files that the entries name.",
            )
        if totals["erased"]:
            self.report.limit(
                "samples", f"{totals['erased']} names and texts were erased or withheld."
            )

    def _are_those_wanted(self, there: set[str]) -> None:
        """Draw again: the lowest hashes of root and label, or those that were named."""
        wanted = self.scope["samples"]
        if "named" in wanted:
            drawn = {f"CR-{number}" for number in wanted["named"]}
        else:
            root = self._signed_checkpoint().root
            rows = rows_of(self.source, CHANGES)
            labels = [row["change_request"] for row in rows if row["first_leaf"]]
            labels.sort(key=lambda label: hashlib.sha256(root + label.encode()).digest())
            drawn = set(labels[: wanted["drawn"]])
        if there != drawn:
            odd = ", ".join(sorted(there ^ drawn)[:5])
            raise Refused(f"Other changes are shown than were drawn or named: {odd}.")

    def _sample(self, label: str, names: list[str]) -> Counter[str]:
        entries = self._proved(label, names)
        self._same_events(label, entries)
        number = number_of(label.removeprefix("CR-"))
        change = self.story.changes.get(number)
        own = [each for each in entries.values() if each["s"] == f"change-request/{number}"]
        if change is None or len(own) != change.events:
            self.report.wrong(
                f"sample {label}",
                f"It has {len(own)} of the change's own entries, not all of them.",
            )
        found = Counter(proofs=len(entries))
        found += self._disclosed(label, entries)
        found += self._attached(label, names, entries)
        return found

    def _proved(self, label: str, names: list[str]) -> dict[str, dict[str, Any]]:
        """Return the entries of a sample by their ids, each proved to be in the log."""
        base = f"samples/{label}/"
        entries = {}
        proofs = {name for name in names if name.startswith(f"{base}proofs/")}
        for name in names:
            if not name.startswith(f"{base}entries/"):
                continue
            uid = name[len(base) + len("entries/") :].removesuffix(".json")
            proof = f"{base}proofs/{uid}.tlog-proof"
            proofs.discard(proof)
            raw = read(self.source, name)
            self._prove(read(self.source, proof), raw)
            entry = entries[uid] = entry_of(raw)
            if entry["id"] != uid:
                raise Refused(f"{name} holds the entry {entry['id']!r:.60}.")
        if proofs:
            raise Refused(f"{min(proofs)} has no entry.")
        return entries

    def _prove(self, proof: bytes, entry: bytes) -> None:
        index, path, note = proof_of(proof)
        seen = self._signed_checkpoint()
        # Another one may be of a second tree, which the same key signed and nobody else ever saw.
        if Checkpoint.of_text(Note.of(note).text) != seen:
            raise Refused(f"The proof of entry {index} is to another checkpoint than the pack's.")
        self._holds_alone(index, note)
        if root_of_inclusion(index, seen.size, leaf_hash(entry), path) != seen.root:
            raise Refused(f"The proof of entry {index} does not lead to the root.")

    def _holds_alone(self, index: int, note: bytes) -> None:
        """A proof may be handed on without its pack: its own note must be signed as the pack's is."""
        if note in self.notes:
            return
        try:
            check_checkpoint(Report(), note, self.keys, self.policy, pinned=True)
        except Refused as error:
            raise Refused(f"The proof of entry {index} would not hold alone: {error}") from None
        self.notes.add(note)

    def _same_events(self, label: str, entries: dict[str, dict[str, Any]]) -> None:
        with closing(self.source.open(f"samples/{label}/events.jsonl")) as stream:
            lines = [line for block in blocks_of(stream) for line in block.split(b"\n")]
        uids = [Event.of_line(line).uid for line in lines]
        if sorted(uids) != sorted(entries):
            raise Refused("Its events.jsonl has other entries than its folder.")
        listed = [row["event"] for row in rows_of(self.source, f"samples/{label}/timeline.csv")]
        if listed != uids:
            raise Refused("Its timeline tells other events than its entries.")

    def _disclosed(self, label: str, entries: dict[str, dict[str, Any]]) -> Counter[str]:
        given = json_of(read(self.source, f"samples/{label}/disclosures.json"))
        found: Counter[str] = Counter()
        for uid, values in given.items():
            commitments = entries[uid]["body"].get("private", {}) if uid in entries else {}
            for name, (salt, value) in values.items():
                salted = of_base64(salt) + name.encode() + b"\x00" + value.encode()
                digest = base64.urlsafe_b64encode(hashlib.sha256(salted).digest())
                if digest.decode().rstrip("=") != commitments.get(name):
                    raise Refused(
                        f"{name!r:.60} of the event {uid:.60} is not what was committed to."
                    )
                found["disclosures"] += 1
        for uid, entry in entries.items():
            missing = entry["body"].get("private", {}).keys() - given.get(uid, {}).keys()
            found["erased"] += len(missing)
        return found

    def _attached(
        self, label: str, names: list[str], entries: dict[str, dict[str, Any]]
    ) -> Counter[str]:
        told = [
            (entry["body"].get("data") or {}).get("sha256")
            for entry in entries.values()
            if entry["body"].get("type") == "releases.evidence_added"
        ]
        found: Counter[str] = Counter()
        base = f"samples/{label}/attachments/"
        for name in names:
            if name.startswith(base):
                digest = name[len(base) :]
                if digest not in told:
                    raise Refused(f"No entry of the sample names the attachment {digest:.80}.")
                if hashes_of(self.path, [name])[0][1] != digest:
                    raise Refused(f"The attachment {digest:.80} holds something else.")
                found["attachments"] += 1
        return found


class Receipt(Pack):
    """The receipt of an erasure: its files, its entry in the log, and that the two agree."""

    def verify(self) -> None:
        """Check everything."""
        for name, check in (
            ("manifest", self._manifest),
            ("manifest signature", self._signature),
            ("entry", self._entry),
        ):
            with Check(self.report, name):
                check()

    def _entry(self) -> None:
        own = [Key.of(line) for line in read(self.source, "log.vkey").decode().split("\n") if line]
        brought = self.trust.log_keys or (self.trust.policy.logs if self.trust.policy else [])
        index, path, note = proof_of(read(self.source, "entry.tlog-proof"))
        keys = brought or own
        seen = check_checkpoint(self.report, note, keys, self.trust.policy, pinned=bool(brought))
        raw = read(self.source, "entry.json")
        if root_of_inclusion(index, seen.size, leaf_hash(raw), path) != seen.root:
            raise Refused(f"entry.json is not entry {index} of this log.")
        self._agrees(entry_of(raw), json_of(read(self.source, "receipt.json")))

    def _agrees(self, entry: dict[str, Any], told: dict[str, Any]) -> None:
        if told.get("receipt") != "gatehouse.erasure-receipt/v1":
            raise Refused("receipt.json is not of the version that this program knows.")
        body = entry["body"]
        if body.get("type") != "audit.erased":
            raise Refused(
                f"The entry says {body.get('type')!r:.60}, not that something was erased."
            )
        data = body["data"]
        listing = read(self.source, "commitments.jsonl", 64 * SMALL)
        for what, said, found in (
            ("event", told["event"], entry["id"]),
            ("subject", told["subject"], data["subject_id"]),
            ("basis", told["basis"], data["basis"]),
            ("who asked", told["requested_by"], data["requested_by"]),
            ("who confirmed", told["confirmed_by"], data["confirmed_by"]),
            ("what was erased", told["erased"], data["counts"]),
            ("hash", told["commitments_sha256"], data["commitments_sha256"]),
            ("list", hashlib.sha256(listing).hexdigest(), data["commitments_sha256"]),
            ("number", listing.count(b"\n"), data["commitments"]),
        ):
            if said != found:
                raise Refused(f"The receipt and the log's entry differ: {what}.")
        self.report.ok(
            "entry",
            f"The log says that the data of {data['subject_id']} was erased at {entry['at']}, and that "
            f"{data['commitments']} commitments open nothing any more: those that the receipt lists.",
        )
        self.report.limit(
            "entry", "That nobody kept a copy of the key or of the data, no receipt can show."
        )


def hashes_of(path: str, names: list[str]) -> list[tuple[str, str]]:
    """Return the SHA-256 of files; a file that cannot be read has a sentence instead."""
    source = source_at(path)
    found = []
    for name in names:
        digest = hashlib.sha256()
        try:
            with closing(source.open(name)) as stream:
                for chunk in iter(partial(stream.read, 1 << 20), b""):
                    digest.update(chunk)
            found.append((name, digest.hexdigest()))
        except (Refused, Absent, OSError) as error:
            found.append((name, f"it cannot be read ({error})"))
    return found


def rows_of(source: Source, name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file (RFC 4180), without the guard before what looks like a formula."""
    stream = io.BufferedReader(source.open(name))
    with io.TextIOWrapper(stream, encoding="utf-8", newline="") as text:
        rows = csv.reader(text, strict=True)
        header = next(rows, None)
        if not header or len(set(header)) != len(header):
            raise Refused(f"{name} has no header, or names a column twice.")
        for row in rows:
            if len(row) != len(header):
                raise Refused(f"{name} has a row of {len(row)} cells, not {len(header)}.")
            cells = (cell[1:] if _GUARDED.match(cell) else cell for cell in row)
            yield dict(zip(header, cells))


def proof_of(raw: bytes) -> tuple[int, list[bytes], bytes]:
    """Return the index, the path and the checkpoint of a ``.tlog-proof``."""
    head, gap, checkpoint = raw.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    if not gap or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused("It is no proof: c2sp.org/tlog-proof@v1 is not its first line.")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    if not lines or not lines[0].startswith("index ") or len(lines) > 64:
        raise Refused("The proof says no index, or has a longer path than any tree.")
    index = number_of(lines.pop(0)[len("index ") :])
    return index, [of_base64(line) for line in lines], checkpoint


# ── OpenSSH signatures ───────────────────────────────────────────────────────────────────────────

_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"


def verify_sshsig(
    armored: bytes, signers: bytes, stream: IO[bytes], namespace: str
) -> tuple[str, bytes]:
    """Check what ``ssh-keygen -Y sign`` writes; return the principal and the public key blob."""
    lines = armored.strip().split(b"\n")
    if len(lines) < 3 or lines[0].strip() != _BEGIN or lines[-1].strip() != _END:
        raise Refused("It is no OpenSSH signature.")
    blob = of_base64(b"".join(line.strip() for line in lines[1:-1]).decode("ascii", "replace"))
    if blob[:10] != b"SSHSIG\x00\x00\x00\x01":
        raise Refused("It is an OpenSSH signature of another version.")
    key, signed_for, reserved, algorithm, signature = _strings(blob[10:], 5)
    if signed_for != namespace.encode() or algorithm not in {b"sha256", b"sha512"}:
        raise Refused(f"It was signed for {signed_for!r:.60}, not for {namespace}.")
    kind, raw = _strings(signature, 2)
    key_kind, public = _strings(key, 2)
    if kind != b"ssh-ed25519" or key_kind != b"ssh-ed25519" or len(public) != 32:
        raise Refused("It is not made with an Ed25519 key.")
    who = _allowed(signers, key, namespace)
    digest = hashlib.new(algorithm.decode())
    for chunk in iter(partial(stream.read, 1 << 20), b""):
        digest.update(chunk)
    parts = (signed_for, reserved, algorithm, digest.digest())
    message = b"SSHSIG" + b"".join(struct.pack(">I", len(part)) + part for part in parts)
    _verify_signature(Key(who, ED25519, public), raw, message)
    return who, key


def _strings(data: bytes, number: int) -> list[bytes]:
    found, at = [], 0
    for _ in range(number):
        if at + 4 > len(data):
            raise Refused("The signature is cut short.")
        length = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    if at != len(data):
        raise Refused("The signature has another length than it says.")
    return found


def _allowed(signers: bytes, key: bytes, namespace: str) -> str:
    """Return the principal of the key in an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS)."""
    wanted = base64.b64encode(key)
    refused = "The key that signed it is not among the allowed signers."
    for line in signers.splitlines():
        words = line.strip().split()
        if len(words) < 3 or words[0].startswith(b"#") or wanted not in words[2:]:
            continue
        options = b" ".join(words[1 : words.index(wanted) - 1]).decode("utf-8", "replace")
        limits = re.fullmatch(r'namespaces="([^"*?!]*)"|', options, re.IGNORECASE)
        if limits is None:
            raise Absent(
                f"The allowed signer has options that ssh-keygen understands: {options:.80}."
            )
        if limits[1] is None or namespace in limits[1].split(","):
            return words[0].decode("utf-8", "replace")
        refused = f"The allowed signer may sign for {limits[1]:.80}, not for {namespace}."
    raise Refused(refused)


# ── a log directory, a single proof ──────────────────────────────────────────────────────────────


def verify_log(report: Report, path: str, trust: Trust, workers: Workers) -> None:
    """Check a published log: every entry, every tile, the signed root, and what came before."""
    source = source_at(path)
    keys = trust.log_keys or (trust.policy.logs if trust.policy else [])
    pinned = bool(keys)
    if not keys and source.has("log.vkey"):
        keys = [Key.of(line) for line in read(source, "log.vkey").decode().split("\n") if line]
    if not keys:
        raise Absent("Give the log's key:  --log-key")
    seen = check_checkpoint(report, read(source, "checkpoint"), keys, trust.policy, pinned=pinned)
    tiles = Tiles(path, "", seen.size)
    wanted = Wanted(entries=True, forms=trust.forms)
    tree = rebuild(report, "tiles", workers, tiles, wanted, whole=True)
    if tree.root != seen.root:
        raise Refused(f"The tiles have the root {tree.root.hex()}, not the one that was signed.")
    if not report.is_wrong("tiles"):
        but = " that the log does not explain" if tree.explained else ""
        report.ok(
            "tiles",
            f"{tree.entries} entries in {tree.tiles_seen} tiles lead to the signed root; "
            f"{len(tree.streams)} streams count up from 1 without a gap{but}.",
        )
        say_of_forms(report, forms=trust.forms)
    if trust.earlier is None:
        report.limit(
            "earlier checkpoint",
            "Without a checkpoint from before (--earlier) nothing shows that the log was not rewritten.",
        )
        return
    with Check(report, "earlier checkpoint"):
        check_earlier(report, trust.earlier, keys, seen, tree)


def say_of_forms(report: Report, *, forms: bool) -> None:
    """Say whether each entry of the log was found in its canonical form."""
    if forms:
        report.ok("entries", "Each entry is in its one canonical form (RFC 8785).")
    else:
        report.limit(
            "entries",
            "That every entry of the log is in its one canonical form, which all readers read alike, was "
            "not looked at: --forms does, and takes about four times as long.",
        )


def verify_proof(report: Report, path: str, entry: str | None, trust: Trust) -> None:
    """Check one proof with its entry."""
    if entry is None:
        raise Absent("Give the entry's bytes:  --entry EVENT.json")
    keys = trust.log_keys or (trust.policy.logs if trust.policy else [])
    if not keys:
        raise Absent("Give the log's key:  --log-key")
    index, nodes, raw = proof_of(_small_file(path))
    seen = check_checkpoint(report, raw, keys, trust.policy, pinned=True)
    data = _small_file(entry)
    if root_of_inclusion(index, seen.size, leaf_hash(data), nodes) != seen.root:
        raise Refused(f"{entry} is not entry {index} of this log: the proof leads to another root.")
    report.ok("proof", f"The {len(data)} bytes are entry {index} of {seen.origin}.")
    found = entry_of(data)
    report.ok("entry", f"It says: {found['body'].get('type')} in {found['s']} at {found['at']}.")


# ── the command ──────────────────────────────────────────────────────────────────────────────────

_MARKS = {"ok": "ok   ", "wrong": "WRONG", "unchecked": "?    ", "limit": "limit"}
_CONCLUSIONS = {
    VERIFIED: "VERIFIED, within the limits that are named above.",
    WRONG: "SOMETHING IS WRONG. Do not rely on this.",
    NOT_CHECKED: "NOT VERIFIED: something could not be checked.",
}


def verify(path: str, trust: Trust, *, entry: str | None = None, jobs: int = 1) -> Report:
    """Check what is there, whichever of the three it is."""
    report, workers = Report(), Workers(jobs)
    try:
        with Check(report, "contents"):
            _verify_what_it_is(report, path, trust, entry, workers)
    finally:
        workers.close()
        close_sources()
    return report


def _verify_what_it_is(
    report: Report, path: str, trust: Trust, entry: str | None, workers: Workers
) -> None:
    where = Path(path)
    if not where.exists():
        raise Absent(f"There is no {path}.")
    if where.is_dir() and not (where / MANIFEST).exists() and (where / "checkpoint").exists():
        verify_log(report, path, trust, workers)
    elif where.is_dir() or zipfile.is_zipfile(path):
        kind = Receipt if source_at(path).has("receipt.json") else Pack
        kind(report, path, trust, workers).verify()
    elif _small_file(path).startswith(b"c2sp.org/tlog-proof@"):
        verify_proof(report, path, entry, trust)
    else:
        raise Absent(f"{path} is neither a pack, nor a log's directory, nor a proof.")


def _small_file(path: str) -> bytes:
    with Path(path).open("rb") as stream:
        data = stream.read(SMALL + 1)
    if len(data) > SMALL:
        raise Refused(f"{path} is larger than {SMALL} bytes.")
    return data


def _keys_given(texts: list[str]) -> list[Key]:
    keys = []
    for text in texts:
        whole = _small_file(text).decode() if Path(text).is_file() else text
        keys += [Key.of(line) for line in whole.splitlines() if line.strip()]
    return keys


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="gatehouse_verify.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", help="a pack (ZIP or folder), a log's directory, or a .tlog-proof")
    parser.add_argument("--log-key", action="append", default=[], metavar="KEY")
    parser.add_argument("--policy", metavar="FILE")
    parser.add_argument("--signers", metavar="FILE")
    parser.add_argument("--earlier", metavar="FILE")
    parser.add_argument("--entry", metavar="FILE")
    parser.add_argument("--forms", action="store_true", help="read every entry of a whole log")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--json", action="store_true", help="write one JSON document")
    parser.add_argument("--strict", action="store_true", help="a limit is a thing not checked")
    return parser.parse_args(argv)


def _trust(options: argparse.Namespace) -> Trust:
    def content(path: str | None) -> bytes | None:
        return None if path is None else _small_file(path)

    policy = content(options.policy)
    return Trust(
        _keys_given(options.log_key),
        None if policy is None else Policy.of(policy),
        content(options.signers),
        content(options.earlier),
        options.forms,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _arguments(argv)
    try:
        trust = _trust(options)
    except (Refused, OSError, ValueError) as error:
        sys.stderr.write(f"gatehouse_verify: what you gave to check with cannot be used: {error}\n")
        return NOT_CHECKED
    report = verify(options.path, trust, entry=options.entry, jobs=max(1, options.jobs))
    status = report.status(strict=options.strict)
    if options.json:
        findings = [
            {"kind": kind, "check": check, "sentence": sentence}
            for kind, check, sentence in report.all_findings()
        ]
        document = {"status": status, "conclusion": _CONCLUSIONS[status], "findings": findings}
        _write(json.dumps(document, indent=2, ensure_ascii=True))
        return status
    lines = [
        _printable(f"{_MARKS[kind]}  {check}: {sentence}")
        for kind, check, sentence in report.all_findings()
    ]
    _write("\n".join([*lines, _CONCLUSIONS[status]]))
    return status


def _write(text: str) -> None:
    """Write to standard output, as far as somebody reads: after ``| head`` the status is still true."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python writes once more at its end must not fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printable(text: str) -> str:
    """Return the text without what would move the cursor of a terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


if __name__ == "__main__":
    sys.exit(main())
