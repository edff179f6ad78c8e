"""The pack's page: reads offline, and verifies in the browser. One file, no network, its own policy."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from audit.packs.samples import Sample
from audit.packs.scope import Scope
from audit.packs.sealed import SealedLog
from audit.packs.stamps import sentence_of
from audit.packs.statement import Statement
from audit.sentences import sentence_for

_HERE: Final = Path(__file__).parent / "viewer"
_MOST_SAMPLES: Final = 50


def page_of(
    about: dict[str, Any],
    scope: Scope,
    log: SealedLog,
    statement: Statement,
    samples: Sequence[Sample],
) -> bytes:
    """Return the page with the samples' entries, proofs and names in it."""
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    data = {
        "about": about,
        "sentence": f"{scope.sentence[0].upper()}{scope.sentence[1:]}.",
        "checkpoint": bytes(log.note).decode(),
        "keys": [str(key) for key in log.keys],
        "stamps": [sentence_of(each) for each in about["time_stamps"]],
        "control": statement.control,
        "files": [each.document for each in statement.told],
        "compared": [each.document for each in statement.compared],
        "samples": [_sample(sample, log) for sample in samples[:_MOST_SAMPLES]],
        "all_samples": len(samples),
    }
    # Inside a script element "<" could end it, whatever the JSON means.
    embedded = orjson.dumps(data).decode().replace("<", "\\u003c")
    page = (_HERE / "page.html").read_text(encoding="utf-8")
    for place, text in (
        ("@@POLICY@@", _policy(script, style)),
        ("@@STYLE@@", style),
        ("@@TITLE@@", f"Evidence pack {about['pack']}"),
        ("@@SCRIPT@@", script),
        ("@@DATA@@", embedded),
    ):
        page = page.replace(place, text)
    return page.encode()


def _policy(script: str, style: str) -> str:
    """Return a policy under which nothing runs but this script, and nothing is fetched."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _sample(sample: Sample, log: SealedLog) -> dict[str, Any]:
    change = sample.change
    events = []
    for sealed in sample.entries:
        disclosed = sample.disclosed.get(sealed.uid, {})
        names = {field: pair[1] for field, pair in disclosed.items()}
        events.append(
            {
                "raw": sealed.raw.decode(),
                "proof": log.proof(sealed.index).decode().partition("\n\n")[0],
                "disclosed": disclosed,
                "sentence": sentence_for(sealed.body, sealed.entry["s"], names),
            }
        )
    return {
        "label": change.label,
        "title": f"{change.label}: {change.release} on {change.environment} of {change.project}",
        "state": change.state,
        "approvedFirst": change.approved_first,
        "nobodyOwn": change.nobody_own,
        "events": events,
    }
