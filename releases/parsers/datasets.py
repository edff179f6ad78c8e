"""Data sets by digest or by table version, `gatehouse.datasets/v1`: what no other tool's file says.

A version of a Delta table pins its content: the table's log says which files belong to it, and files are
never changed, only removed by VACUUM. The table's id is part of the digest, because the versions of a table
that was dropped and made again begin at 0.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers.errors import EvidenceRejected
from releases.parsers.pins import ALGORITHMS, STRENGTHS, digest_in, weakest
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_json import read_json

SCHEMA: Final = "gatehouse.datasets/v1"
LARGEST: Final = 1024 * 1024
MOST_DATASETS: Final = 500
LONGEST_NAME: Final = 200
LONGEST_SOURCE: Final = 1000
_MEMBERS: Final = frozenset({"schema", "datasets"})
_OF_DATASET: Final = frozenset({"name", "context", "source", "digest", "delta", "rows"})
_OF_DELTA: Final = frozenset({"id", "version", "timestamp", "operation"})
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEXADECIMAL: Final = {"sha256": 64, "sha512": 128, "md5": 32, "git": 40}
_TAKEN: Final = (*_HEXADECIMAL, "version-id", "etag")
_OPAQUE: Final = re.compile(r"[\x21-\x7e]{1,200}")
_NAMED_IN_SUMMARY: Final = 5


class DatasetsParser:
    """Facts: datasets, total, strong, weak, none, weakest.

    Each of `datasets` has `name`, `context`, `source`, `digest`, `algorithm`, `strength`, `cryptographic`,
    `role` (always `source`), and `rows` and `delta` (`id`, `version`, `timestamp`, `operation`) where they
    were sent.
    """

    kind: Final = "datasets"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return the data sets of `stream`; raise EvidenceRejected for anything else."""
        document = read_json(stream, limit=min(limit, LARGEST))
        if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
            raise EvidenceRejected(
                f'A report about data sets is a JSON object with "schema": "{SCHEMA}".'
            )
        _no_others(document, _MEMBERS, "A report about data sets")
        data = _datasets(document.get("datasets"))
        strengths = [str(each["strength"]) for each in data]
        facts: dict[str, Json] = {
            "datasets": list(data),
            "total": len(data),
            **{strength: strengths.count(strength) for strength in STRENGTHS},
            "weakest": weakest(strengths),
        }
        outcome = EvidenceOutcome.PASS if data else EvidenceOutcome.INCONCLUSIVE
        return Parsed(outcome, facts, _summary(data))


def _summary(data: Sequence[Mapping[str, Json]]) -> str:
    if not data:
        return "The report names no data set."
    names = [clip(str(each["name"]), 60) for each in data[:_NAMED_IN_SUMMARY]]
    more = f" and {len(data) - len(names)} more" if len(data) > len(names) else ""
    count = "1 data set" if len(data) == 1 else f"{len(data)} data sets"
    strong = sum(each["strength"] == "strong" for each in data)
    which = "all" if strong == len(data) else f"{strong}"
    return f"{count}: {', '.join(names)}{more}; {which} named by what identifies the content."


def _datasets(listed: Json) -> list[dict[str, Json]]:
    if not isinstance(listed, list):
        raise EvidenceRejected("A report about data sets has a list named datasets.")
    if len(listed) > MOST_DATASETS:
        raise EvidenceRejected(f"The report has more than {MOST_DATASETS} data sets.")
    data = [_dataset(each, f"datasets[{index}]") for index, each in enumerate(listed)]
    seen: set[tuple[Json, Json]] = set()
    for each in data:
        key = each["name"], each["context"]
        if key in seen:
            for_what = f" for {clip(str(key[1]), 60)}" if key[1] else ""
            raise EvidenceRejected(
                f"The data set {clip(str(key[0]), 60)}{for_what} is there twice."
            )
        seen.add(key)
    return data


def _dataset(listed: Json, where: str) -> dict[str, Json]:
    if not isinstance(listed, Mapping):
        raise EvidenceRejected(f"{where} is no object with a name and a digest or a Delta version.")
    _no_others(listed, _OF_DATASET, where)
    if "digest" in listed and "delta" in listed:
        raise EvidenceRejected(
            f"{where} has both digest and delta; one of them names the state of the data."
        )
    delta = _delta(listed["delta"], where) if "delta" in listed else None
    algorithm, value = _state(listed, delta, where)
    known = ALGORITHMS[algorithm]
    said: dict[str, Json] = {
        "name": _text(listed, "name", where, LONGEST_NAME, required=True),
        "context": _text(listed, "context", where, LONGEST_NAME),
        "source": _text(listed, "source", where, LONGEST_SOURCE),
        "digest": digest_in(algorithm, value),
        "algorithm": algorithm,
        "strength": known.strength,
        "cryptographic": known.is_cryptographic,
        "role": "source",
    }
    if delta:
        said["delta"] = delta
    if "rows" in listed:
        said["rows"] = _whole(listed["rows"], f"{where}.rows")
    return said


def _state(
    listed: Mapping[str, Json], delta: Mapping[str, Json] | None, where: str
) -> tuple[str, str]:
    """Return algorithm and value of what names the state; both empty for nothing."""
    if delta:
        return "delta", f"{delta['id']}@{delta['version']}"
    digest = listed.get("digest", "")
    if digest == "":
        return "", ""
    name, separator, value = digest.partition(":") if isinstance(digest, str) else ("", "", "")
    if not separator or name not in _TAKEN:
        raise EvidenceRejected(
            f"{where}.digest does not begin with how it was made and a colon: {', '.join(_TAKEN)}."
        )
    digits = _HEXADECIMAL.get(name)
    if digits and not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
        raise EvidenceRejected(
            f"{where}.digest is no {name}: {digits} hexadecimal digits in lower case."
        )
    if not _OPAQUE.fullmatch(value):
        raise EvidenceRejected(f"{where}.digest has no value of at most 200 printable characters.")
    return name, value


def _delta(listed: Json, where: str) -> dict[str, Json]:
    if not isinstance(listed, Mapping):
        raise EvidenceRejected(
            f"{where}.delta is no object with id, version, timestamp and operation."
        )
    _no_others(listed, _OF_DELTA, f"{where}.delta")
    table = listed.get("id")
    if not isinstance(table, str) or not _ID.fullmatch(table):
        raise EvidenceRejected(
            f"{where}.delta.id is not the table's id (metaData.id of its log, id of DESCRIBE DETAIL)."
        )
    return {
        "id": table,
        "version": _whole(listed.get("version"), f"{where}.delta.version"),
        "timestamp": _moment(listed.get("timestamp", ""), f"{where}.delta.timestamp"),
        "operation": _text(listed, "operation", f"{where}.delta", LONGEST_NAME),
    }


def _moment(value: Json, where: str) -> str:
    """Return it in ISO 8601; the log has milliseconds of the epoch, people and tools write both."""
    if value == "":
        return ""
    read = _read_moment(value)
    if read is None:
        raise EvidenceRejected(
            f"{where} is no time: ISO 8601, or milliseconds of the epoch as in the table's log."
        )
    if read.tzinfo is None:
        raise EvidenceRejected(f"{where} has no time zone; write Z for UTC.")
    return read.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_moment(value: Json) -> datetime | None:
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _whole(value: Json, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise EvidenceRejected(f"{where} is no whole number, 0 or more.")
    return value


def _text(
    listed: Mapping[str, Json], name: str, where: str, longest: int, *, required: bool = False
) -> str:
    value = listed.get(name, "")
    if not isinstance(value, str) or len(value) > longest or (required and not value.strip()):
        least = "from 1 to" if required else "at most"
        raise EvidenceRejected(f"{where}.{name} is no text of {least} {longest} characters.")
    return value


def _no_others(listed: Mapping[str, Json], known: frozenset[str], where: str) -> None:
    others = sorted(set(listed) - known)
    if others:
        shown = ", ".join(clip(name, 40) for name in others[:_NAMED_IN_SUMMARY])
        raise EvidenceRejected(f"{where} has {shown}, which {SCHEMA} does not know.")
