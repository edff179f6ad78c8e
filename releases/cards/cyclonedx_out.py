"""The card as a CycloneDX 1.7 document: one component that is the model, with its digest and its card.

Identifier and time are the revision's own, and the document's version counts its reviews: a revision gives
the same bytes until somebody reviews it.
"""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from audit.times import in_utc
from releases.cards.licences import SPDX
from releases.cards.names import (
    COMPLETE,
    DIGEST,
    NEXT_REVIEW_AT,
    OUT_OF_SCOPE,
    OWNER,
    REVIEWED_AT,
    REVISION,
    REVISION_DIGEST,
    RISK_TIER,
)
from releases.models import CardRevision

SPEC: Final = "1.7"
MEDIA_TYPE: Final = f"application/vnd.cyclonedx+json; version={SPEC}"
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "model-card.gatehouse")
_POINTS: Final = {
    "users": "users", "useCases": "intended_use", "technicalLimitations": "limitations",
    "performanceTradeoffs": "tradeoffs",
}  # fmt: skip
_PARTIES: Final = {"custodians": "custodian", "stewards": "steward", "owners": "owner"}
_RISK: Final = {"name": "name", "mitigationStrategy": "mitigation"}
_FAIRNESS: Final = {
    "groupAtRisk": "group", "benefits": "benefits", "harms": "harms", "mitigationStrategy": "mitigation",
}  # fmt: skip


def to_cyclonedx(revision: CardRevision) -> dict[str, Any]:
    """Return the document. The revision needs its card with the version, the artifact, and its owner."""
    model = _without_nothing(_component(revision))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, revision.digest)}",
        "version": 1 + revision.reviews.count(),
        "metadata": {
            "timestamp": in_utc(revision.saved_at),
            "tools": {"components": [{"type": "application", "name": "Gatehouse"}]},
        },
        "components": [model],
    }


def _component(revision: CardRevision) -> dict[str, Any]:
    version, content = revision.card.artifact_version, revision.content
    return {
        "type": "machine-learning-model",
        "bom-ref": f"{version.artifact.name}@{version.version}",
        "name": version.artifact.name,
        "version": version.version,
        "description": content.get("overview"),
        "hashes": [{"alg": "SHA-256", "content": version.digest.removeprefix("sha256:")}],
        "licenses": _licences(content.get("licence", "")),
        "externalReferences": [{"type": "other", **row} for row in content.get("references", ())],
        "modelCard": {
            "modelParameters": _parameters(content),
            "quantitativeAnalysis": {
                "performanceMetrics": [_metric(row) for row in content.get("metrics", ())]
            },
            "considerations": _considerations(content),
            "properties": _properties(revision),
        },
    }


def _licences(licence: str) -> list[dict[str, Any]]:
    if not licence:
        return []
    kind = "id" if licence in SPDX.values() else "name"
    return [{"license": {kind: licence}}]


def _parameters(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "approach": {"type": content.get("approach")},
        "task": content.get("task"),
        "architectureFamily": content.get("architecture_family"),
        "modelArchitecture": content.get("architecture"),
        "datasets": [_dataset(row) for row in content.get("datasets", ())],
        "inputs": [{"format": text} for text in content.get("inputs", ())],
        "outputs": [{"format": text} for text in content.get("outputs", ())],
    }


def _dataset(row: Mapping[str, str]) -> dict[str, Any]:
    digest = [{"name": DIGEST, "value": row["digest"]}] if row.get("digest") else []
    sensitive = row.get("sensitive", "").split(";")
    return {
        "type": "dataset",
        "name": row["name"],
        "description": row.get("description"),
        "contents": {"url": row.get("link"), "properties": digest},
        "classification": row.get("classification"),
        "sensitiveData": [text.strip() for text in sensitive if text.strip()],
        "governance": {
            theirs: [{"organization": {"name": row[ours]}}]
            for theirs, ours in _PARTIES.items()
            if row.get(ours)
        },
    }


def _metric(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": row["type"],
        "value": row.get("value"),
        "slice": row.get("slice"),
        "confidenceInterval": {"lowerBound": row.get("low"), "upperBound": row.get("high")},
    }


def _considerations(content: Mapping[str, Any]) -> dict[str, Any]:
    lists = {theirs: content.get(ours) for theirs, ours in _POINTS.items()}
    return {
        **lists,
        "ethicalConsiderations": [_renamed(row, _RISK) for row in content.get("ethics", ())],
        "fairnessAssessments": [_renamed(row, _FAIRNESS) for row in content.get("fairness", ())],
    }


def _renamed(row: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: row.get(ours) for theirs, ours in names.items()}


def _properties(revision: CardRevision) -> list[dict[str, str]]:
    card = revision.card
    is_reviewed = card.reviewed_revision == revision.number
    said = [(OUT_OF_SCOPE, text) for text in revision.content.get("out_of_scope", ())]
    said += [
        (RISK_TIER, revision.risk_tier),
        (OWNER, revision.owner.username if revision.owner else ""),
        (REVISION, str(revision.number)),
        (REVISION_DIGEST, revision.digest),
        (COMPLETE, "yes" if revision.is_complete else "no"),
        (REVIEWED_AT, in_utc(card.reviewed_at) or "" if is_reviewed else ""),
        (NEXT_REVIEW_AT, in_utc(card.next_review_at) or ""),
    ]
    return [{"name": name, "value": value} for name, value in said if value]


def _without_nothing(value: Any) -> Any:
    """Leave out what is empty: the schema wants text where there is a member."""
    if isinstance(value, dict):
        kept = {name: _without_nothing(child) for name, child in value.items()}
        return {name: child for name, child in kept.items() if child not in (None, "", [], {})}
    if isinstance(value, list):
        return [_without_nothing(child) for child in value]
    return value
