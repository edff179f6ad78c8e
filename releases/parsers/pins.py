"""What names the state of a data set, and what that is worth.

``strength`` answers whether the digest identifies the content; ``is_cryptographic`` whether somebody could
make other content with the same digest on purpose. An MD5 notices every accident and no forgery.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

STRONG: Final = "strong"
WEAK: Final = "weak"
NONE: Final = "none"
STRENGTHS: Final = (NONE, WEAK, STRONG)
"""From nothing to the content itself."""

_HEXADECIMAL: Final = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One way to name a state.

    Attributes:
        words: what people call it.
        proves: what the same digest means, for a table's cell.
    """

    words: str
    strength: str
    proves: str
    is_cryptographic: bool = False


ALGORITHMS: Final[Mapping[str, Algorithm]] = {
    "sha256": Algorithm("SHA-256", STRONG, "identifies the content", is_cryptographic=True),
    "sha512": Algorithm("SHA-512", STRONG, "identifies the content", is_cryptographic=True),
    "md5": Algorithm("MD5", STRONG, "shows every accident, but no forgery: it is an MD5"),
    "md5-dos2unix": Algorithm(
        "MD5 of DVC before 3.0", WEAK, "weak: line ends are made alike before the MD5"
    ),
    "git": Algorithm("Git commit", STRONG, "a commit of the repository that holds it"),
    "delta": Algorithm(
        "Delta version", STRONG, "pins the content until VACUUM removes that version"
    ),
    "version-id": Algorithm(
        "version in the store", STRONG, "pins the content while the store keeps that version"
    ),
    "etag": Algorithm("ETag", WEAK, "weak: the store's word, not always over the content"),
    "checksum": Algorithm("checksum of HDFS", WEAK, "weak: a checksum against accidents"),
    "mlflow": Algorithm("MLflow's own digest", WEAK, "weak: over the first rows only"),
    "": Algorithm("no digest", NONE, "no digest"),
}


def digest_in(algorithm: str, value: str) -> str:
    """Return ``algorithm:value``; empty without a value."""
    return f"{algorithm}:{value}" if value else ""


def algorithm_of(digest: str, *, strength: str = "") -> str:
    """Return how a digest was made, a key of ``ALGORITHMS``.

    Args:
        strength: what the registry said of it, for a digest that tells nothing by itself.
    """
    if not digest:
        return ""
    name, separator, value = digest.partition(":")
    if separator and name in ALGORITHMS:
        return name
    bare = (value or name).removesuffix(".dir")
    if _HEXADECIMAL.fullmatch(bare):
        known = {64: "sha256", 32: "md5", 128: "sha512"}.get(len(bare))
        if known:
            return known
    return "version-id" if strength == STRONG else "mlflow"


def weakest(strengths: Iterable[str]) -> str:
    """Return the weakest; ``none`` for nothing."""
    return min(strengths, key=STRENGTHS.index, default=NONE)
