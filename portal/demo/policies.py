"""The policies of the demo: one for staging, one for production, one for models in production."""

from typing import Any

from catalog.models import User
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.models import PolicyVersion

_TESTS = {
    "name": "tests",
    "title": "All tests passed",
    "applies_to": {"kinds": ["image"]},
    "evidence": "junit",
    "expression": "evidence.tests > 0 && evidence.failed == 0 && evidence.errors == 0",
}
_COVERAGE = {
    "name": "coverage",
    "title": "At least 80 % of the lines are covered",
    "applies_to": {"kinds": ["image"]},
    "evidence": "metrics",
    "expression": "evidence.coverage >= 80",
}
_SCAN = {
    "name": "scan",
    "title": "No critical finding",
    "applies_to": {"kinds": ["image"]},
    "evidence": "sarif",
    "expression": "evidence.critical == 0",
    "satisfied_by": "Rebuild on a patched base image and scan again.",
}
_AUC = {
    "name": "champion",
    "title": "Not worse than the champion, and no group left behind",
    "applies_to": {"kinds": ["model"]},
    "compare": {
        "metrics": [
            {
                "metric": "auc",
                "greater_is_better": True,
                "threshold": "0.75",
                "min_absolute_change": "-0.002",
            },
            {"metric": "brier", "greater_is_better": False, "min_relative_change": "-0.01"},
            {
                "metric": "auc",
                "slice": "age=*",
                "greater_is_better": True,
                "min_absolute_change": "-0.01",
            },
        ],
        "no_champion": "pass",
    },
}
_FAIRNESS = {
    "name": "fairness",
    "title": "Approval rates between groups keep the four-fifths rule",
    "applies_to": {"kinds": ["model"]},
    "fairness": {"preset": "four-fifths", "attributes": ["sex", "age"], "min_n": 500},
}
_REPRODUCIBLE = {
    "name": "reproducible",
    "title": "The training can be repeated",
    "applies_to": {"kinds": ["model"]},
    "reproducibility": {},
}

_CARD = {
    "name": "card",
    "title": "Its model card is complete and reviewed",
    "applies_to": {"kinds": ["model"]},
    "expression": "card.complete && card.reviewed && !card.overdue",
    "on_fail": "warn",
}


def _rule(name: str, title: str, *roles: str) -> dict[str, Any]:
    return {"name": name, "title": title, "roles": list(roles), "required": 1}


_ENGINEERING = _rule("engineering", "Engineering", "developer", "release-manager")
_SECURITY = _rule("security", "Security", "security")
_RISK = _rule("risk", "Risk and compliance", "risk")
_PRODUCT = _rule("product", "Product owner", "product-owner")
_SCIENCE = _rule("data-science", "Data science", "data-scientist")
_VALIDATION = _rule("validation", "Independent validation", "validator")

DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "staging": (
        "Services in staging",
        {
            "schema": "gatehouse.policy/v1",
            "description": "What a service must show before it runs in staging.",
            "gates": [_TESTS, _COVERAGE, _SCAN],
            "approvals": [_ENGINEERING, _SECURITY],
            "separation_of_duties": {"unknown_authors": "allow"},
            "request_ttl_hours": 336,
        },
    ),
    "production": (
        "Services in production",
        {
            "schema": "gatehouse.policy/v1",
            "description": "Three functions sign what was verified in staging.",
            "gates": [_TESTS, _COVERAGE, _SCAN],
            "requires": {"verified_in": ["staging"]},
            "approvals": [_ENGINEERING, _SECURITY, _RISK],
            "separation_of_duties": {"unknown_authors": "block"},
            "request_ttl_hours": 336,
        },
    ),
    "models-staging": (
        "Models in staging",
        {
            "schema": "gatehouse.policy/v1",
            "description": "A model and the service that serves it, tried together.",
            "gates": [_TESTS, _AUC, _FAIRNESS],
            "approvals": [_SCIENCE, _VALIDATION],
            "separation_of_duties": {"unknown_authors": "allow"},
            "request_ttl_hours": 336,
        },
    ),
    "models-production": (
        "Models in production",
        {
            "schema": "gatehouse.policy/v1",
            "description": "Decisions about people: validated independently, accepted by risk and product.",
            "gates": [_TESTS, _SCAN, _AUC, _FAIRNESS, _REPRODUCIBLE, _CARD],
            "requires": {"verified_in": ["staging"]},
            "approvals": [_VALIDATION, _RISK, _PRODUCT],
            "separation_of_duties": {"unknown_authors": "block"},
            "request_ttl_hours": 336,
        },
    ),
}


def publish_all(*, by: User) -> dict[str, PolicyVersion]:
    """Write and publish every policy."""
    published = {}
    for name, (title, document) in DOCUMENTS.items():
        policy = create_policy(name=name, title=title, by=by)
        draft = save_policy_version(policy, document=document, by=by)
        published[name] = publish_policy(draft, by=by)
    return published
