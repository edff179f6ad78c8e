"""The report for people: a tagged PDF/A-2a and PDF/UA-1, the same bytes for the same pack."""

import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import typst

from audit.packs.samples import Sample
from audit.packs.scope import Mode, Scope
from audit.packs.stamps import PLACE, ROOTS, sentence_of
from audit.packs.statement import Statement

_TEMPLATE: Final = Path(__file__).with_name("report.typ")
_MOST_SAMPLES: Final = 50
"""That are told in the report; the rest have their summary in their folder."""

_LONGEST: Final = 600
_SHOWN: Final = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x4FF), (0x1E00, 0x1EFF), (0x2010, 0x203F), (0x20A0, 0x20BF),
    (0x2190, 0x22FF),
)  # fmt: skip
"""What the font has. PDF/A refuses a character without a glyph, so others are spelled out."""

LIMITS: Final = (
    "That something happened outside the portal.",
    (
        "That the portal told its log the truth at the moment itself. The log shows that nothing was "
        "changed, removed or put in afterwards."
    ),
    "That the authors of commits did not sign: their names are personal data and not in the log.",
)
PART_ONLY: Final = (
    "That nothing in scope was left out of the lists, beyond the numbers of the streams and the counts "
    "above. A pack in full mode lets anybody draw the lists anew."
)
UNSTAMPED: Final = "That the log is as old as it says: no time stamp from outside is in this pack."
_STEPS: Final = (
    (
        "Everything, with the program of one file from where you trust:",
        "python3 gatehouse_verify.py PACK.zip --log-key KEY --signers FILE",
    ),
    ("Every file:", "sha256sum --check MANIFEST.sha256"),
    (
        "The log's signature:",
        (
            "openssl pkeyutl -verify -pubin -inkey log.pem -rawin \\\n"
            "  -in log/checkpoint.body -sigfile log/checkpoint.sig"
        ),
    ),
    ("README.txt has the rest: OpenSSH for the manifest, single entries, the log's key.", ""),
)
_STAMP_STEP: Final = (
    "A time stamp, with the authority's certificates from where you trust:",
    (
        f"openssl ts -verify -CAfile {ROOTS} \\\n"
        f"  -data {PLACE}/%s/checkpoint.body \\\n"
        f"  -in {PLACE}/%s/checkpoint.tsr"
    ),
)


def displayable(text: str) -> str:
    """Return the text with every character spelled out that the report's font does not have."""
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    code = ord(character)
    if unicodedata.category(character) in {"Cc", "Zl", "Zp", "Zs"}:
        return " "
    known = any(first <= code <= last for first, last in _SHOWN)
    return character if known and unicodedata.category(character)[0] != "C" else f"[U+{code:04X}]"


def report_of(
    about: dict[str, Any], scope: Scope, statement: Statement, samples: Sequence[Sample]
) -> bytes:
    """Return the PDF."""
    document = _displayable(_document(about, scope, statement, samples))
    with tempfile.TemporaryDirectory(prefix="gatehouse-report-") as folder:
        where = Path(folder)
        (where / "report.json").write_bytes(orjson.dumps(document))
        (where / "report.typ").write_bytes(_TEMPLATE.read_bytes())
        made: bytes = typst.compile(
            str(where / "report.typ"),
            root=folder,
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            ignore_system_fonts=True,
        )
    return made


def _displayable(value: Any) -> Any:
    if isinstance(value, str):
        return displayable(value)
    if isinstance(value, dict):
        return {key: _displayable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_displayable(inner) for inner in value]
    return value


def _document(
    about: dict[str, Any], scope: Scope, statement: Statement, samples: Sequence[Sample]
) -> dict[str, Any]:
    at = datetime.fromisoformat(about["requested_at"])
    log, stamps = about["log"], about["time_stamps"]
    return {
        "title": f"Evidence pack {about['pack']}",
        "date": [at.year, at.month, at.day],
        "origin": log["origin"],
        "size": str(log["size"]),
        "root": log["root"],
        "sentence": f"{scope.sentence[0].upper()}{scope.sentence[1:]}.",
        "facts": [
            ["Asked for", f"{at:%Y-%m-%d %H:%M} UTC by {about['requested_by']}"],
            ["Purpose", scope.purpose or "not said"],
            ["Log", log["origin"]],
            ["Entries", f"{log['size']} under the root {log['root']}"],
            *(["Time stamp", sentence_of(each)] for each in stamps),
        ],
        "exceptions": len(statement.exceptions),
        "compared": [
            [each.check, str(each.expected), str(each.actual), each.result]
            for each in statement.compared
        ],
        "control": _control(statement.control),
        "files": [[each.path, each.title, str(each.rows)] for each in statement.told],
        "samples_sentence": _how_drawn(scope, len(samples)),
        "samples": [_sample(sample) for sample in samples[:_MOST_SAMPLES]],
        "steps": [*_STEPS[:-1], *_stamp_steps(stamps), _STEPS[-1]],
        "limits": [
            *LIMITS,
            *(() if scope.mode == Mode.FULL else (PART_ONLY,)),
            *(() if stamps else (UNSTAMPED,)),
        ],
    }


def _stamp_steps(stamps: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    title, command = _STAMP_STEP
    return [(title, command.replace("%s", str(each["size"]))) for each in stamps]


def _control(control: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if control is None:
        return None
    return {
        "title": f"{control['framework']} {control['control'].partition('/')[2]}: {control['title']}",
        "asks": control["asks"],
        "left_to": control["left_to"],
        "checks": [
            [each["title"], each["counted"], str(each["cases"]), str(each["exceptions"])]
            for each in control["checks"]
        ],
    }


def _how_drawn(scope: Scope, number: int) -> str:
    more = f" The first {_MOST_SAMPLES} are told here." if number > _MOST_SAMPLES else ""
    if scope.sampled is not None:
        return f"{number} changes were named by who asked for the pack.{more}"
    return (
        f"{number} changes were drawn by the root of the tree, which nobody knew before everything under it "
        f"had happened: those with the lowest SHA-256 of root and label.{more}"
    )


def _sample(sample: Sample) -> dict[str, Any]:
    change = sample.change
    return {
        "title": f"{change.label}: {change.release} on {change.environment} of {change.project}",
        "facts": [
            ["Kind, state", f"{change.kind}, {change.state}"],
            ["Asked for by", f"{change.requester_name or '(erased)'}, {_time(change.at)} UTC"],
            ["Reason", change.reason[:_LONGEST] or "(erased)"],
            ["Content", change.content_digest],
            ["Deployed", f"{_time(change.deployed_at)} UTC" if change.deployed_at else "no"],
            ["Approved first", _said(change.approved_first)],
            ["Signed by others", _said(change.nobody_own)],
        ],
        "signatures": [
            [
                f"{each.name} ({each.actor})",
                _time(each.at),
                "approval" if each.decision == "approved" else "rejection",
                f"{each.roles}. {each.comment[:_LONGEST]}",
            ]
            for each in change.signatures
        ],
    }


def _time(at: str) -> str:
    """Return ``2026-11-20 12:00:00`` of ``2026-11-20T12:00:00.123456Z``; entries and lists have the rest."""
    return at[:19].replace("T", " ")


def _said(holds: bool | None) -> str:  # noqa: FBT001 -- a fact, not a switch
    return {True: "yes", False: "NO", None: "nothing to say"}[holds]
