"""A policy's document as people read it."""

import pytest

from releases.policy_document import Policy
from releases.policy_document.difference import difference
from releases.policy_document.in_words import (
    duties_in_words,
    gates_in_words,
    laid_out,
    requires_in_words,
    rules_in_words,
)


def policy(**changes):
    return Policy.from_document(
        {"schema": "gatehouse.policy/v1", "gates": [], "approvals": [], **changes}
    )


def gate(**changes):
    return {"name": "tests", "expression": "evidence.failed == 0", "evidence": "junit", **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "For every item of the release. Reads its newest JUnit report; without one it blocks.",
        ),
        (
            {"applies_to": {"kinds": ["image", "model"], "artifacts": ["api-*", "web"]}},
            "For every container image and model named api-* or web of the release.",
        ),
        ({"max_age_hours": 1}, "at most 1 hour old"),
        ({"max_age_hours": 36}, "at most 36 hours old"),
        ({"max_age_hours": 24}, "at most 1 day old"),
        ({"on_fail": "warn"}, "A definite no only warns."),
        ({"evidence": None, "expression": "item.kind == 'image'"}, "Reads no report."),
    ],
)
def test_a_gate_says_what_it_reads_and_about_what(changes, said):
    [section] = gates_in_words(policy(gates=[gate(**changes)]))
    assert said in " ".join(section.sentences)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"satisfied_by": "Run the suite."}, "Run the suite."),
        ({}, "Upload a JUnit report for which the rule holds."),
        ({"evidence": None}, "Only an item for which the rule holds satisfies this gate."),
    ],
)
def test_a_gate_says_what_would_satisfy_it(changes, said):
    [section] = gates_in_words(policy(gates=[gate(**changes)]))
    assert section.remedy == said


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({"required": 1, "roles": ["security"]}, "1 person with the role security."),
        (
            {"required": 2, "roles": ["a", "b"], "teams": ["t"], "users": ["tom"]},
            "2 different people, each with the role a or b, or in the team t, or called tom.",
        ),
    ],
)
def test_a_rule_says_how_many_of_whom(who, said):
    [section] = rules_in_words(policy(approvals=[{"name": "rule", **who}]))
    assert section.sentences == (said,)


def test_requirements_and_durations_are_sentences():
    said = requires_in_words(policy(requires={"verified_in": ["staging"], "soak_hours": 48}))
    assert said == [
        "The same release was deployed to staging and verified there.",
        "It has run there for 2 days.",
    ]
    assert requires_in_words(policy()) == []
    duties = duties_in_words(
        policy(
            separation_of_duties={"unknown_authors": "allow"},
            approval_ttl_hours=5,
            request_ttl_hours=72,
        )
    )
    assert "whoever holds the role may sign nevertheless" in duties[1]
    assert duties[2:] == [
        "An approval runs out after 5 hours.",
        "A change request that is not approved expires after 3 days.",
    ]


def test_a_document_is_laid_out_in_the_order_in_which_people_write():
    stored = {"gates": [{"expression": "true", "name": "a"}], "zzz": 1, "schema": "s"}
    assert list(laid_out(stored)) == ["schema", "gates", "zzz"]
    assert list(laid_out(stored)["gates"][0]) == ["name", "expression"]


def test_a_comparison_names_what_is_new_gone_changed_and_the_same():
    old = policy(gates=[gate(), gate(name="gone")], description="Before")
    new = policy(gates=[gate(max_age_hours=24), gate(name="new")])
    changes = {(one.kind, one.name): one.change for one in difference(old, new)}
    assert changes == {
        ("Gate", "tests"): "changed",
        ("Gate", "new"): "added",
        ("Gate", "gone"): "removed",
        ("Rules about people", "Separation of duties"): "unchanged",
        ("Text", "Description"): "removed",
    }
