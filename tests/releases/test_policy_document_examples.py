"""The examples of docs/policies.md are policies, and what it says about expressions is so."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.roles import BUILT_IN_ROLES
from releases.gates import Context, EvidenceSeen, Item, evaluate_for_items
from releases.gates.engine import compile_rule
from releases.outcomes import EvidenceOutcome, GateVerdict
from releases.policy_document import Policy, validate

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = {
    "junit": {"tests": 412, "passed": 410, "failed": 0, "errors": 0, "skipped": 2, "failures": []},
    "metrics": {
        "coverage": 91,
        "auc": 0.81,
        "calibration": {"brier": 0.09},
        "fairness": {"lowest_rate": 41, "highest_rate": 50},
    },
    "sarif": {"critical": 0, "high": 0, "medium": 3, "low": 9, "suppressed": 1},
}
ITEMS = [
    Item("payments-api", "image", "1.4.2", f"sha256:{'a' * 64}"),
    Item("credit-score", "model", "7", f"sha256:{'b' * 64}"),
]


def test_there_are_three_examples():
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("document", EXAMPLES)
def test_an_example_may_be_published(document):
    roles = {role.slug for role in BUILT_IN_ROLES}
    kinds = {"junit", "metrics", "sarif"}
    assert validate(document, known_roles=roles, known_evidence_kinds=kinds) == []


@pytest.mark.parametrize("document", EXAMPLES)
def test_an_example_lets_a_good_release_through_and_a_silent_one_not(document):
    context = Context("payments", "1", "production", "production")
    for gate in Policy.from_document(document).gates:
        seen = EvidenceSeen(gate.evidence, EvidenceOutcome.PASS, FACTS[gate.evidence], NOW)
        good = evaluate_for_items(gate, [(item, seen) for item in ITEMS], context, NOW)
        silent = evaluate_for_items(gate, [(item, None) for item in ITEMS], context, NOW)
        assert good.outcome is GateVerdict.PASS, good.sentence
        assert silent.outcome is GateVerdict.INCONCLUSIVE


def test_the_useful_expressions_are_rules():
    table = PAGE.split("**Useful expressions**")[1].split("\n\n")[1]
    rules = [match.replace("\\|", "|") for match in re.findall(r"\| `(.*?)`(?: \||,)", table)]
    assert len(rules) == 7
    for rule in rules:
        compile_rule(rule)
