"""CycloneDX 1.6 attestations (``declarations``): claims about the sampled changes, with their evidence."""

from collections.abc import Sequence
from typing import Any, Final

from audit.packs.formats.identity import same_uuid
from audit.packs.told import ToldChange

_CLAIMS: Final = (
    ("approved-before-deployment", "Every approval rule was met before the deployment began."),
    (
        "nobody-approved-their-own",
        "Nobody who signed had asked for the change or sealed its release.",
    ),
)


def declarations(changes: Sequence[ToldChange], *, seed: str, at: str) -> dict[str, Any]:
    """Return the document.

    Args:
        changes: the samples, as their entries tell them.
        seed: what the serial number is derived from, so that the same pack has the same.
        at: the checkpoint's time, as entries write times.
    """
    claims, evidence, marks = [], [], []
    for change in changes:
        evidence.append(_evidence(change))
        for name, predicate in _CLAIMS:
            holds = change.approved_first if name == _CLAIMS[0][0] else change.nobody_own
            if holds is None:
                continue
            reference = f"claim-{change.label}-{name}"
            claims.append(_claim(reference, change, predicate, holds=holds))
            marks.append(_mark(reference, change, holds=holds))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{same_uuid(seed, 'cyclonedx')}",
        "version": 1,
        "metadata": {"timestamp": f"{at[:19]}Z", "component": _portal()},
        "declarations": {
            "assessors": [
                {"bom-ref": "gatehouse", "thirdParty": False, "organization": {"name": "Gatehouse"}}
            ],
            "attestations": [
                {
                    "summary": "What the audit log says about the sampled changes.",
                    "assessor": "gatehouse",
                    "map": [{"requirement": "change-management", "claims": [each], "conformance": mark}
                            for each, mark in marks],
                }
            ],
            "claims": claims,
            "evidence": evidence,
            "targets": {"components": [_release(change) for change in changes]},
        },
        "definitions": {"standards": [_standard()]},
    }  # fmt: skip


def _portal() -> dict[str, Any]:
    return {"type": "application", "bom-ref": "portal", "name": "Gatehouse"}


def _release(change: ToldChange) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": f"release-{change.label}",
        "name": change.project,
        "version": change.release,
        "hashes": [{"alg": "SHA-256", "content": change.content_digest.removeprefix("sha256:")}],
    }


def _evidence(change: ToldChange) -> dict[str, Any]:
    return {
        "bom-ref": f"evidence-{change.label}",
        "propertyName": "audit entries",
        "description": f"samples/{change.label}/events.jsonl, {change.events} entries with proofs",
        "created": change.at,
        "data": [
            {
                "name": "events.jsonl",
                "contents": {"attachment": {"content": f"samples/{change.label}/events.jsonl"}},
            }
        ],
    }


def _claim(reference: str, change: ToldChange, predicate: str, *, holds: bool) -> dict[str, Any]:
    claim = {"bom-ref": reference, "target": f"release-{change.label}", "predicate": predicate}
    where = f"evidence-{change.label}"
    return {**claim, "evidence" if holds else "counterEvidence": [where]}


def _mark(reference: str, change: ToldChange, *, holds: bool) -> tuple[str, dict[str, Any]]:
    why = f"The entries of {change.label} {'say so' if holds else 'say otherwise'}, in their order."
    return reference, {"score": 1 if holds else 0, "rationale": why}


def _standard() -> dict[str, Any]:
    return {
        "bom-ref": "standard",
        "name": "Change management of this portal",
        "version": "1",
        "owner": "Gatehouse",
        "requirements": [
            {
                "bom-ref": "change-management",
                "identifier": "change-management",
                "title": "Changes are approved by somebody else before they are carried out.",
            }
        ],
    }
