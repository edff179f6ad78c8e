"""The reports that the demo's pipelines upload."""

import json
from typing import Any
from xml.etree import ElementTree as ET

_CASES = (
    "test_a_transfer_moves_the_amount_once",
    "test_a_transfer_without_cover_is_refused",
    "test_two_transfers_at_once_keep_the_balance",
    "test_a_retry_with_the_same_key_is_answered_the_same",
    "test_amounts_are_rounded_half_even",
    "test_the_ledger_balances_after_every_posting",
)


def junit(suite: str, *, failing: str = "") -> bytes:
    """Return a JUnit report; ``failing`` names a case that fails."""
    root = ET.Element("testsuite", name=suite)
    for position, name in enumerate(_CASES):
        case = ET.SubElement(root, "testcase", classname=suite, name=name, time=f"0.{position}7")
        if name == failing:
            ET.SubElement(case, "failure", message="expected 10.02, got 10.03")
    return ET.tostring(root)


def metrics(**values: Any) -> bytes:
    """Return a metrics document."""
    return json.dumps(values).encode()


def sarif(*, critical: int = 0, high: int = 0) -> bytes:
    """Return what an image scanner found, as SARIF."""
    scores = ["9.8"] * critical + ["7.5"] * high
    results = [
        {
            "ruleId": f"CVE-2026-1{number:04}",
            "level": "error",
            "message": {"text": "A library of the base image has a known weakness."},
            "properties": {"security-severity": score},
        }
        for number, score in enumerate(scores)
    ]
    driver = {"name": "image-scan", "rules": []}
    run = {"tool": {"driver": driver}, "results": results}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()
