"""The changes that are shown with everything: entries, proofs, names, attachments."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

from audit.packs.csv_text import document
from audit.packs.entries import Sealed, sealed_entries
from audit.packs.errors import CannotBuild
from audit.packs.population import PopulationSource
from audit.packs.scope import Scope
from audit.packs.sealed import SealedLog
from audit.packs.snapshot import Snapshot
from audit.packs.told import ToldChange, tell
from audit.packs.zip_file import Archive
from audit.parts import part_of
from audit.privacy.disclosures import DISCLOSED, opened_rows
from audit.sentences import sentence_for

_WITHHELD: Final = frozenset({"address"})
"""What stays here although it is not erased: nobody needs a network address to judge a change."""

_OF_STREAMS: Final = """
SELECT l.idx FROM audit_event e JOIN audit_leaf l ON l.event_id = e.id
WHERE e.stream = ANY(%(streams)s) AND l.idx < %(size)s ORDER BY l.idx
"""
TIMELINE: Final = (
    "leaf_index", "event", "at", "actor", "actor_name", "type", "outcome", "sentence", "leaf_hash",
)  # fmt: skip
"""The columns of a sample's timeline."""


_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Attachments(Protocol):
    """What settings.AUDIT_ATTACHMENTS names."""

    def __call__(self, sha256: str) -> IO[bytes]:
        """Open the bytes with that hash; OSError when they are not there."""


@dataclass(frozen=True)
class Sample:
    """A change in the pack: its story, its entries, and what is disclosed of them, by event."""

    change: ToldChange
    entries: Sequence[Sealed]
    disclosed: Mapping[str, Mapping[str, Sequence[str]]]
    missing: Sequence[str]
    """Attachments whose bytes are lost."""


def choose(numbers: Sequence[int], scope: Scope, root: bytes) -> list[int]:
    """Return which changes are shown: the named ones, or as many as were asked for, drawn by the root.

    Nobody knows the root before everything in it has happened, and everybody can draw again: the lowest
    SHA-256 of the root and the label.

    Raises:
        CannotBuild: a named one is not in scope.
    """
    if scope.sampled is not None:
        foreign = sorted(set(scope.sampled) - set(numbers))
        if foreign:
            raise CannotBuild(f"CR-{foreign[0]} is to be sampled, and is not in the scope.")
        return list(scope.sampled)
    drawn = sorted(numbers, key=lambda number: hashlib.sha256(root + b"CR-%d" % number).digest())
    return sorted(drawn[: scope.samples])


def streams_of(
    snapshot: Snapshot, sources: Sequence[PopulationSource], numbers: Sequence[int], scope: Scope
) -> dict[int, list[str]]:
    """Return the streams that a sample of each change shows."""
    found: dict[int, list[str]] = {number: [] for number in numbers}
    parameters = {**scope.parameters, "numbers": list(numbers)}
    for source in sources:
        if source.streams:
            for number, stream, in_sample in snapshot.rows(source.streams, parameters):
                if in_sample and number in found:
                    found[number].append(stream)
    return found


def add_sample(
    archive: Archive, snapshot: Snapshot, log: SealedLog, number: int, streams: Sequence[str]
) -> Sample:
    """Add everything about one change."""
    label = f"CR-{number}"
    wanted = {"streams": list(streams), "size": log.size}
    indexes = [row[0] for row in snapshot.all(_OF_STREAMS, wanted)]
    entries = list(sealed_entries(snapshot, indexes))
    disclosed = _disclosed(snapshot, entries)
    names = {uid: {f: pair[1] for f, pair in of.items()} for uid, of in disclosed.items()}
    change = tell(label, entries, names)
    base = f"samples/{label}"
    for sealed in entries:
        archive.add(f"{base}/entries/{sealed.uid}.json", sealed.raw)
        archive.add(f"{base}/proofs/{sealed.uid}.tlog-proof", log.proof(sealed.index))
    archive.add(f"{base}/events.jsonl", b"".join(sealed.line for sealed in entries))
    archive.add(f"{base}/timeline.csv", document(TIMELINE, [_row(s, names) for s in entries]))
    archive.add(f"{base}/disclosures.json", orjson.dumps(disclosed, option=orjson.OPT_SORT_KEYS))
    missing = _attach(archive, base, entries)
    sample = Sample(change, entries, disclosed, missing)
    archive.add(f"{base}/summary.txt", summary(sample).encode())
    return sample


def _disclosed(
    snapshot: Snapshot, entries: Sequence[Sealed]
) -> dict[str, dict[str, Sequence[str]]]:
    """Return, by event, the salt and value behind each commitment that may be shown."""
    by_row = {sealed.event_id: sealed.uid for sealed in entries}
    opened = opened_rows(snapshot.all(DISCLOSED, {"ids": list(by_row)}))
    return {
        by_row[event_id]: {f: pair for f, pair in opened[event_id].items() if f not in _WITHHELD}
        for event_id in sorted(opened)
    }


def _row(sealed: Sealed, names: Mapping[str, Mapping[str, str]]) -> Sequence[Any]:
    said = names.get(sealed.uid, {})
    body = sealed.body
    return (
        sealed.index,
        sealed.uid,
        sealed.entry["at"],
        body["actor"]["id"],
        said.get("actor", ""),
        body["type"],
        body.get("outcome", ""),
        sentence_for(body, sealed.entry["s"], said),
        sealed.leaf_hash,
    )


def _attach(archive: Archive, base: str, entries: Sequence[Sealed]) -> list[str]:
    """Add the files that the entries name; return those that are not there any more."""
    opened: Attachments = import_string(settings.AUDIT_ATTACHMENTS)
    digests = {
        str(part_of(sealed.body, "data").get("sha256"))
        for sealed in entries
        if sealed.body["type"] == "releases.evidence_added"
    }
    missing = []
    for digest in sorted(filter(_SHA256.fullmatch, digests)):
        try:
            with opened(digest) as stream:
                archive.copy(f"{base}/attachments/{digest}", stream)
        except FileNotFoundError:
            missing.append(digest)
    return missing


def summary(sample: Sample) -> str:
    """Return the change on one page of text, with every signature's name, time and meaning."""
    change = sample.change
    lines = [
        f"{change.label}: {change.release} on {change.environment} of {change.project} ({change.kind})",
        f"Content        {change.content_digest}",
        f"Asked for by   {change.requester_name or '(erased)'} ({change.requester}), {change.at}",
        f"Reason         {change.reason or '(erased)'}",
        f"Sealed by      {change.sealer or '(not in the pack)'}",
        f"State          {change.state}, {change.last_at}",
        f"Deployed       {change.deployed_at or 'no'}",
        f"Approved first {_said(change.approved_first)}",
        f"By others      {_said(change.nobody_own)}",
        f"Entries        {change.events} of its own, {len(sample.entries)} with release and contents",
        "",
        "Signatures",
    ]
    for each in change.signatures:
        lines += [
            f"  {each.name} ({each.actor}), {each.roles or 'no role'}",
            f"    {each.at}  meaning: {'approval' if each.decision == 'approved' else 'rejection'}",
            f"    statement {each.statement_digest}",
            f"    {each.comment}".rstrip(),
        ]
    lines += [f"Attachment {digest} is lost." for digest in sample.missing]
    return "\n".join([*lines, ""])


def _said(holds: bool | None) -> str:  # noqa: FBT001 -- a fact, not a switch
    return {True: "yes", False: "NO", None: "nothing to say"}[holds]
