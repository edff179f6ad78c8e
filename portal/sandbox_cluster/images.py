"""Image references: ``repository[:tag][@digest]``, and the digest that a reference runs as."""

import hashlib
import re
from dataclasses import dataclass

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Image:
    """A reference taken apart. ``digest`` is what it resolves to."""

    reference: str
    repository: str
    digest: str
    valid: bool = True

    @property
    def id(self) -> str:
        """What a node reports as ``imageID``."""
        return f"{self.repository}@{self.digest}"


def parse(reference: str) -> Image:
    """Take a reference apart. A tag resolves to a digest derived from the reference.

    There is no registry here: the same tag always is the same image.
    """
    named, at, digest = reference.partition("@")
    head, slash, last = named.rpartition("/")
    name, colon, tag = last.partition(":")
    repository = f"{head}{slash}{name}"
    valid = bool(
        _REPOSITORY.fullmatch(repository)
        and (not colon or _TAG.fullmatch(tag))
        and (not at or _DIGEST.fullmatch(digest))
    )
    if not at:
        tagged = f"{repository}:{tag or 'latest'}"
        digest = "sha256:" + hashlib.sha256(tagged.encode()).hexdigest()
    return Image(reference, repository, digest, valid)


def another_digest(digest: str) -> str:
    """Answer a digest that is not this one, always the same."""
    return "sha256:" + hashlib.sha256(b"another than " + digest.encode()).hexdigest()
