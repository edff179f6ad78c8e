"""One dependency or output of a `dvc.lock`: its path, and whatever names its state."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from releases.canonical import LARGEST_INTEGER, Json
from releases.parsers.errors import EvidenceRejected
from releases.parsers.pins import ALGORITHMS, digest_in
from releases.parsers.reading import clip
from releases.parsers.strict_yaml import Node

LONGEST_PATH: Final = 1000
LONGEST_VALUE: Final = 200
_MD5: Final = re.compile(r"[0-9a-f]{32}(\.dir)?")
_WHOLE: Final = re.compile(r"[0-9]{1,16}")
_NOTHING: Final = frozenset({"", "null", "~"})
#: Members that a remote's own state is kept in, the strongest first, and what we call them.
_OF_REMOTES: Final = (("version_id", "version-id"), ("etag", "etag"), ("checksum", "checksum"))


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder; `size` in bytes and `files` where the lock has them."""

    path: str
    algorithm: str
    digest: str
    size: int | None = None
    files: int | None = None

    def facts(self) -> dict[str, Json]:
        """Return it as gates read it."""
        known = ALGORITHMS[self.algorithm]
        said: dict[str, Json] = {
            "name": self.path,
            "digest": self.digest,
            "algorithm": self.algorithm,
            "strength": known.strength,
            "cryptographic": known.is_cryptographic,
        }
        numbers = {"size": self.size, "files": self.files}
        return said | {name: number for name, number in numbers.items() if number is not None}


def item_of(said: Mapping[str, Node], where: str) -> Item:
    """Return it; raise EvidenceRejected where path or digest are none."""
    path = _text(said, "path")
    if not path or len(path) > LONGEST_PATH:
        raise EvidenceRejected(
            f"{where} has an entry without a path of at most {LONGEST_PATH} characters."
        )
    algorithm, value = _state(said, f"{where}, {clip(path, 80)}")
    return Item(
        path=path,
        algorithm=algorithm if value else "",
        digest=digest_in(algorithm, value),
        size=_whole(said, "size", where),
        files=_whole(said, "nfiles", where),
    )


def names_of(listed: Iterator[Mapping[str, Node]]) -> Iterator[Mapping[str, Node]]:
    """Yield the entries of `datasets:` as stages read them: by the path `ds://name`."""
    for each in listed:
        name = _text(each, "name")
        if not name:
            raise EvidenceRejected("The lock has a data set without a name.")
        yield {**each, "path": f"ds://{name}"}


def members_of(said: Node, name: str, where: str) -> Mapping[str, Node]:
    """Return a mapping inside of a mapping; raise EvidenceRejected for anything else."""
    found = said.get(name, {}) if isinstance(said, Mapping) else None
    if isinstance(found, str) and found in _NOTHING:
        return {}
    if not isinstance(found, Mapping):
        raise EvidenceRejected(f"{where} has {name}, but it is no mapping.")
    return found


def objects_of(said: Mapping[str, Node], name: str, where: str) -> Iterator[Mapping[str, Node]]:
    """Yield the mappings of a list; raise EvidenceRejected for anything else."""
    listed = said.get(name, [])
    if isinstance(listed, str) and listed in _NOTHING:
        return
    if not isinstance(listed, list):
        raise EvidenceRejected(f"{where} has {name}, but it is no list.")
    for each in listed:
        if not isinstance(each, Mapping):
            raise EvidenceRejected(f"{where} has an entry of {name} that is no mapping.")
        yield each


def _state(said: Mapping[str, Node], where: str) -> tuple[str, str]:
    """Return algorithm and value of what names the state best; both empty for nothing."""
    md5 = _text(said, "md5")
    if md5:
        if not _MD5.fullmatch(md5):
            raise EvidenceRejected(
                f"{where}: {clip(md5, 60)} is no MD5 of DVC: 32 hexadecimal digits in lower case, with .dir "
                "behind those of a folder."
            )
        # Locks of DVC before 3.0 do not name the hash; theirs is over text with line ends made alike.
        return ("md5" if _text(said, "hash") == "md5" else "md5-dos2unix"), md5
    commit = _text(said, "rev_lock")
    if commit:
        return "git", clip(commit, LONGEST_VALUE)
    for place in (said, *_remotes(said)):
        for member, algorithm in _OF_REMOTES:
            if value := _text(place, member):
                return algorithm, clip(value, LONGEST_VALUE)
    return "", ""


def _remotes(said: Mapping[str, Node]) -> Iterator[Mapping[str, Node]]:
    for name in ("cloud", "meta"):
        place = said.get(name)
        if isinstance(place, Mapping):
            yield place
            yield from (each for each in place.values() if isinstance(each, Mapping))


def _text(said: Mapping[str, Node], name: str) -> str:
    value = said.get(name, "")
    return value if isinstance(value, str) and value not in _NOTHING else ""


def _whole(said: Mapping[str, Node], name: str, where: str) -> int | None:
    value = _text(said, name)
    if not value:
        return None
    if not _WHOLE.fullmatch(value) or int(value) > LARGEST_INTEGER:
        raise EvidenceRejected(
            f"{where} has the {name} {clip(value, 30)}, which is no whole number."
        )
    return int(value)
