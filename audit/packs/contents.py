"""What goes into a pack, in the order in which it is found out."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

import orjson
from django.conf import settings

from audit.packs.control import add_control
from audit.packs.entries import indexes_in_scope
from audit.packs.files import EventFiles
from audit.packs.formats.cyclonedx import declarations
from audit.packs.formats.oscal import Finding, Results, assessment_results
from audit.packs.models import Pack
from audit.packs.page import page_of
from audit.packs.population import PopulationSource, sources
from audit.packs.progress import Progress
from audit.packs.readme import readme
from audit.packs.report import report_of
from audit.packs.samples import Sample, add_sample, choose, streams_of
from audit.packs.scope import Mode, Scope
from audit.packs.sealed import SealedLog, sealed_log
from audit.packs.signing_key import PackKey
from audit.packs.snapshot import Snapshot
from audit.packs.stamps import StampedCheckpoint, add_stamps, stamped_checkpoints
from audit.packs.statement import Statement
from audit.packs.zip_file import Archive
from audit.times import in_utc
from audit.tlog.tiles import WIDTH
from audit.verify import gatehouse_verify

_RECEIPT: Final = "SELECT recorded_at FROM audit_event WHERE id = %(event)s"
_SEALED_CHANGES: Final = """
SELECT DISTINCT s.number FROM ({streams}) AS s (number, stream, in_sample)
    JOIN audit_event e ON e.stream = s.stream AND e.stream_seq = 1
    JOIN audit_leaf l ON l.event_id = e.id
WHERE s.stream = 'change-request/' || s.number AND l.idx < %(size)s ORDER BY 1
"""
_CHANGE_MANAGEMENT: Final = "cm-3"
_AUDIT_RECORDS: Final = "au-10"


@dataclass(frozen=True)
class Built:
    """What became of it."""

    sha256: str
    size: int
    manifest_sha256: str
    entries: int
    checkpoint_size: int


@dataclass
class Assembly:
    """Puts one pack together. Everything is read in one snapshot and streams to disk."""

    pack: Pack
    snapshot: Snapshot
    key: PackKey
    progress: Progress

    def write(self, out: IO[bytes]) -> Built:
        """Write the ZIP.

        Raises:
            CannotBuild: the log is not sealed, was changed, or the scope names what is not there.
        """
        archive = Archive(settings.PACK_SCRATCH)
        try:
            log = sealed_log(self.snapshot, self._request)
            entries = self._fill(archive, log)
            return self._close(archive, out, log, entries)
        finally:
            archive.close()

    @property
    def _request(self) -> int:
        if self.pack.request_event is None:
            raise ValueError("A pack is requested with an event.")
        return self.pack.request_event

    def _fill(self, archive: Archive, log: SealedLog) -> int:
        scope, parts = self.pack.wanted, sources()
        parameters = {**scope.parameters, "size": log.size}
        self.progress.step("Find the entries", 1)
        indexes = indexes_in_scope(self.snapshot, scope, parts, log.size)
        log.add_word(archive)
        self.progress.step("Prove the tree", log.size)
        wanted = None if scope.mode == Mode.FULL else {index // WIDTH for index in indexes}
        log.add_tiles(archive, wanted, self.progress.at)
        stamped = stamped_checkpoints(self.snapshot, log, scope, self._request)
        add_stamps(archive, log, stamped)
        statement = Statement()
        self._entries(archive, log, indexes, statement)
        self._lists(archive, parts, parameters, statement, scope)
        samples = self._samples(archive, parts, log, scope)
        self._words(archive, log, scope, statement, samples, stamped)
        return len(indexes)

    def _entries(
        self, archive: Archive, log: SealedLog, indexes: "array[int]", statement: Statement
    ) -> None:
        self.progress.step("Write the entries", len(indexes))
        files = EventFiles(self.key, log.checkpoint.origin)
        files.add_to(archive, self.snapshot, indexes, statement, self.progress.at)

    def _lists(
        self,
        archive: Archive,
        parts: Sequence[PopulationSource],
        parameters: dict[str, Any],
        statement: Statement,
        scope: Scope,
    ) -> None:
        populations = [each for part in parts for each in part.populations]
        self.progress.step("Draw the lists", len(populations))
        for number, population in enumerate(populations, 1):
            statement.draw(archive, self.snapshot, population, parameters)
            self.progress.at(number)
        if scope.control:
            add_control(archive, self.snapshot, statement, scope, parameters)
        self.progress.step("Count on both sides", 1)
        statement.compare(self.snapshot, parts, parameters)

    def _samples(
        self, archive: Archive, parts: Sequence[PopulationSource], log: SealedLog, scope: Scope
    ) -> list[Sample]:
        numbers = self._sealed_changes(parts, scope, log.size)
        chosen = choose(numbers, scope, log.checkpoint.root)
        self.progress.step("Show the samples", len(chosen))
        streams = streams_of(self.snapshot, parts, chosen, scope)
        samples = []
        for at, number in enumerate(chosen, 1):
            samples.append(add_sample(archive, self.snapshot, log, number, streams[number]))
            self.progress.at(at)
        return samples

    def _sealed_changes(
        self, parts: Sequence[PopulationSource], scope: Scope, size: int
    ) -> list[int]:
        parameters = {**scope.parameters, "size": size}
        return [
            row[0]
            for part in parts
            if part.streams
            for row in self.snapshot.rows(_SEALED_CHANGES.format(streams=part.streams), parameters)
        ]

    def _words(
        self,
        archive: Archive,
        log: SealedLog,
        scope: Scope,
        statement: Statement,
        samples: Sequence[Sample],
        stamped: Sequence[StampedCheckpoint],
    ) -> None:
        self.progress.step("Write the report", 3)
        about = self._about(log, scope, stamped)
        statement.add_to(archive, about, scope)
        archive.add("scope.json", _json(scope.document))
        archive.add("allowed_signers", self.key.allowed_signers(log.checkpoint.origin))
        seed = f"{log.checkpoint.origin} {log.size} {log.checkpoint.root.hex()} {scope.document}"
        self._for_tools(archive, about, seed, statement, samples)
        self.progress.at(1)
        archive.add("README.txt", readme(scope, log, self.key, about["time_stamps"]).encode())
        archive.add("report.pdf", report_of(about, scope, statement, samples))
        self.progress.at(2)
        archive.add("index.html", page_of(about, scope, log, statement, samples))
        with open(gatehouse_verify.__file__, "rb") as verifier:  # noqa: PTH123 -- a module's own path
            archive.copy("gatehouse_verify.py", verifier)

    def _about(
        self, log: SealedLog, scope: Scope, stamped: Sequence[StampedCheckpoint]
    ) -> dict[str, Any]:
        """Return what the statement says before its counts; nothing of it depends on the clock."""
        at = self.snapshot.one(_RECEIPT, {"event": self.pack.request_event})
        tree = {
            "origin": log.checkpoint.origin,
            "size": log.size,
            "root": log.checkpoint.root.hex(),
        }
        return {
            "pack": self.pack.pk,
            "requested_at": in_utc(at),
            "requested_by": self.pack.requested_by.pseudonym,
            "system": {"name": "Gatehouse", "version": settings.SPECTACULAR_SETTINGS["VERSION"]},
            "log": tree,
            "time_stamps": [each.document for each in stamped],
            "scope": scope.document,
        }

    def _for_tools(
        self,
        archive: Archive,
        about: dict[str, Any],
        seed: str,
        statement: Statement,
        samples: Sequence[Sample],
    ) -> None:
        at = about["requested_at"]
        changes = [sample.change for sample in samples]
        attested = declarations(changes, seed=seed, at=at)
        archive.add("formats/cyclonedx-attestations.json", _json(attested))
        members = archive.hashes
        files = [each.path for each in statement.files]
        results = assessment_results(
            Results(
                seed=seed,
                at=at,
                since=about["scope"]["since"] or at,
                title=f"Evidence pack {self.pack.pk}",
                findings=[
                    Finding(each.check, each.expected, each.actual, _control_of(each.check))
                    for each in statement.compared
                ],
                files=[(path, members[path]) for path in sorted(files)],
            )
        )
        archive.add("formats/oscal-assessment-results.json", _json(results))

    def _close(self, archive: Archive, out: IO[bytes], log: SealedLog, entries: int) -> Built:
        self.progress.step("Sign and put together", 1)
        manifest = archive.manifest
        archive.add("MANIFEST.sha256", manifest)
        archive.add("MANIFEST.sha256.sig", self.key.sign_file(manifest))
        manifest_sha256 = archive.hashes["MANIFEST.sha256"]
        sha256, size = archive.assemble(out)
        self.progress.end()
        return Built(sha256, size, manifest_sha256, entries, log.size)


def _control_of(check: str) -> str:
    """Return the control that a comparison speaks to: records of changes, or the records' own order."""
    return _AUDIT_RECORDS if check.startswith(("Events", "Leaves")) else _CHANGE_MANAGEMENT


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
