"""Take a model card over from a document of another tool."""

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from catalog.errors import InvalidInput
from catalog.locking import locked
from catalog.models import ArtifactVersion, RiskTier, User
from catalog.permissions import Permission, require
from releases.actions.add_evidence import MAX_FILE_NAME
from releases.actions.save_card import card_of
from releases.canonical import Json
from releases.cards.content import OWNER, TIER, Content, cleaned
from releases.cards.fields import BY_NAME
from releases.cards.found import Found
from releases.cards.reading import LARGEST, VERSION, read_card
from releases.cards.saving import Draft, check_draft, may_own, standing, write_revision
from releases.entering import enter_evidence
from releases.errors import EvidenceRefused
from releases.models import CardRevision, CardSource, Evidence, ModelCard
from releases.outcomes import EvidenceOutcome
from releases.parsers.port import Parsed
from releases.storage import hash_of, keep

KIND = "model_card"


@dataclass
class Merged:
    """The card with the document in it."""

    content: Content
    owner: User | None = None
    risk_tier: str = ""
    taken: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def report(self) -> dict[str, list[str]]:
        """What became of each field that the document has."""
        return {"taken": self.taken, "replaced": self.replaced, "kept": self.kept}


def import_card(
    version: ArtifactVersion,
    stream: BinaryIO,
    *,
    file_name: str = "",
    replace: bool = False,
    by: User,
) -> CardRevision:
    """Save a revision with what the document says; its bytes are kept as evidence.

    Fields that have something else already stay as they are, and the revision says which; ``replace`` takes
    the document's words for them instead. What a card has no field for is listed in ``left_out``.

    Args:
        stream: seekable; read from its beginning.

    Raises:
        NotPermitted: without ``edit_model_card``.
        EvidenceRejected: no document of a known format.
        InvalidInput: nothing in it is new.
    """
    require(Permission.EDIT_MODEL_CARD, by, version.artifact.project)
    sha256, size = hash_of(stream)
    if size > min(LARGEST, settings.EVIDENCE_MAX_BYTES):
        raise EvidenceRefused.of("file", f"The file has {size} bytes; a card may have {LARGEST}.")
    found = read_card(stream, digest=version.digest)
    keep(stream, sha256)
    evidence = Evidence(
        project=version.artifact.project,
        artifact_version=version,
        kind=KIND,
        file_name=file_name[-MAX_FILE_NAME:].replace("\x00", ""),
        sha256=sha256,
        size=size,
        parser_version=VERSION,
        added_by=by,
    )
    return _save(version, found, evidence, replace=replace, by=by)


@transaction.atomic(durable=True)
def _save(
    version: ArtifactVersion, found: Found, evidence: Evidence, *, replace: bool, by: User
) -> CardRevision:
    artifact = version.artifact
    version = locked(version)
    version.artifact = artifact
    evidence.artifact_version = version
    require(Permission.EDIT_MODEL_CARD, by, artifact.project)
    card = card_of(version)
    merged = _merged(card, version, found, replace=replace)
    _refuse_nothing_new(merged, found)
    draft = Draft(
        content=cleaned(merged.content),
        owner=merged.owner,
        risk_tier=merged.risk_tier,
        source=CardSource(found.kind),
        evidence=evidence,
        taken=merged.report,
        left_out=[{"path": each.path, "why": each.why} for each in found.left],
    )
    check_draft(draft, version)
    enter_evidence(evidence, _parsed(found, merged), by=by)
    return write_revision(card, version, draft, by=by)


def _merged(
    card: ModelCard | None, version: ArtifactVersion, found: Found, *, replace: bool
) -> Merged:
    before = standing(card)
    merged = Merged(dict(before.content) if before else {})
    if before is not None:
        merged.owner, merged.risk_tier = before.owner, before.risk_tier
    for name, value in found.content.items():
        if _settle(merged, BY_NAME[name].title, merged.content.get(name), value, replace=replace):
            merged.content[name] = value
    _take_tier(merged, found, replace=replace)
    _take_owner(merged, version, found, replace=replace)
    return merged


def _settle(merged: Merged, title: str, present: Any, offered: Any, *, replace: bool) -> bool:
    """Note what becomes of a field, and return whether it changes."""
    if present == offered:
        return False
    where = merged.taken if not present else merged.replaced if replace else merged.kept
    where.append(title)
    return where is not merged.kept


def _take_tier(merged: Merged, found: Found, *, replace: bool) -> None:
    if not found.risk_tier:
        return
    if found.risk_tier not in RiskTier.values:
        found.leave("risk tier", f"{found.risk_tier[:40]!r} is no tier of ours.")
    elif _settle(merged, TIER, merged.risk_tier, found.risk_tier, replace=replace):
        merged.risk_tier = found.risk_tier


def _take_owner(merged: Merged, version: ArtifactVersion, found: Found, *, replace: bool) -> None:
    if not found.owner:
        return
    account = User.objects.filter(username=found.owner).first()
    if account is None or not may_own(account, version):
        found.leave("owner", "Nobody with a role in this project goes by that name.")
    elif _settle(merged, OWNER, merged.owner, account, replace=replace):
        merged.owner = account


def _refuse_nothing_new(merged: Merged, found: Found) -> None:
    if merged.taken or merged.replaced:
        return
    if merged.kept:
        raise InvalidInput.of(
            "file",
            f"Nothing was taken: the card has its own words for {', '.join(merged.kept)}. Choose to replace "
            "them, or leave them as they are.",
        )
    raise InvalidInput.of("file", f"The card says everything already that this {found.title} says.")


def _parsed(found: Found, merged: Merged) -> Parsed:
    count = len(merged.taken) + len(merged.replaced)
    fields = "1 field" if count == 1 else f"{count} fields"
    left = len(found.left)
    places = "nothing" if not left else "1 place" if left == 1 else f"{left} places"
    summary = f"{found.title}: {fields} taken over, {places} left out."
    if merged.kept:
        summary += f" {len(merged.kept)} stayed as they were."
    facts: dict[str, Json] = {"format": found.kind, **merged.report, "left_out": left}
    return Parsed(EvidenceOutcome.PASS, facts, summary)
