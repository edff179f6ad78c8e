"""OSCAL 1.2.1 assessment results: what the pack's own counts found, without a claim beyond them.

There is no assessment plan; ``import-ap`` points to a resource that says so. Identifiers are derived from
the checkpoint, so that the same pack is the same document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.packs.formats.identity import same_uuid

VERSION: Final = "1.2.1"
_NO_PLAN: Final = (
    "There is no assessment plan: these results come from the portal's audit log alone."
)


@dataclass(frozen=True)
class Finding:
    """One comparison of the statement of completeness; ``control`` is of NIST SP 800-53."""

    check: str
    expected: int
    actual: int
    control: str

    @property
    def holds(self) -> bool:
        """Whether both sides say the same."""
        return self.expected == self.actual


@dataclass(frozen=True)
class Results:
    """What the document is made of.

    Attributes:
        seed: what its identifiers are derived from.
        at: the time of the snapshot, as entries write times.
        since: beginning of the period.
        title: of the pack.
        findings: the comparisons.
        files: path and SHA-256 of what they rest on.
    """

    seed: str
    at: str
    since: str
    title: str
    findings: Sequence[Finding]
    files: Sequence[tuple[str, str]]


def assessment_results(results: Results) -> dict[str, Any]:
    """Return the document."""

    def made(name: str) -> str:
        return same_uuid(results.seed, f"oscal {name}")

    controls = sorted({finding.control for finding in results.findings})
    return {
        "assessment-results": {
            "uuid": made("document"),
            "metadata": {
                "title": results.title,
                "last-modified": results.at,
                "version": "1",
                "oscal-version": VERSION,
            },
            "import-ap": {"href": f"#{made('plan')}"},
            "results": [
                {
                    "uuid": made("result"),
                    "title": results.title,
                    "description": "Counts of the portal's tables against its audit log.",
                    "start": results.since,
                    "end": results.at,
                    "reviewed-controls": {
                        "control-selections": [
                            {"include-controls": [{"control-id": each} for each in controls]}
                        ]
                    },
                    "observations": [
                        _observation(finding, made(f"observation {n}"), results.at)
                        for n, finding in enumerate(results.findings)
                    ],
                    "findings": [_finding(control, results.findings, made) for control in controls],
                }
            ],
            "back-matter": {
                "resources": [
                    {"uuid": made("plan"), "title": "No plan", "description": _NO_PLAN},
                    *(_resource(path, digest, made(path)) for path, digest in results.files),
                ]
            },
        }
    }


def _observation(finding: Finding, identifier: str, at: str) -> dict[str, Any]:
    return {
        "uuid": identifier,
        "title": finding.check,
        "description": f"Expected {finding.expected}, found {finding.actual}.",
        "methods": ["EXAMINE"],
        "collected": at,
    }


def _finding(control: str, findings: Sequence[Finding], made: Any) -> dict[str, Any]:
    related = [(n, each) for n, each in enumerate(findings) if each.control == control]
    holds = all(each.holds for _, each in related)
    return {
        "uuid": made(f"finding {control}"),
        "title": f"Records for {control.upper()}",
        "description": (
            "The records that are counted agree. Whether the control is effective is for an assessor to say."
            if holds
            else "Some records do not agree; see the observations."
        ),
        "target": {
            "type": "objective-id",
            "target-id": f"{control}_obj",
            "status": {
                "state": "satisfied" if holds else "not-satisfied",
                "remarks": "Of the comparison of records only.",
            },
        },
        "related-observations": [
            {"observation-uuid": made(f"observation {n}")} for n, _ in related
        ],
    }


def _resource(path: str, digest: str, identifier: str) -> dict[str, Any]:
    return {
        "uuid": identifier,
        "title": path,
        "rlinks": [{"href": path, "hashes": [{"algorithm": "SHA-256", "value": digest}]}],
    }
