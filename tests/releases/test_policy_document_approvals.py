"""Approval rules that nobody could satisfy are refused when the policy is saved."""

import pytest

from releases.policy_document import PolicyProblem, validate

ROLES = frozenset({"engineering", "security", "product-owner", "risk-and-compliance"})
SMALLEST = {"schema": "gatehouse.policy/v1", "gates": [], "approvals": []}


def problems(document):
    return validate(document, known_roles=ROLES)


def with_rules(*rules):
    return {**SMALLEST, "approvals": list(rules)}


def only(document):
    found = problems(document)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("name", ["name", "required"])
def test_a_rule_names_itself_and_how_many(name):
    rule = {"name": "r", "roles": ["security"], "required": 1}
    del rule[name]
    assert only(with_rules(rule)).path == f"$.approvals[0].{name}"


@pytest.mark.parametrize("required", [0, -1, 21, 1.5, "1", True, None])
def test_a_rule_needs_at_least_one_person(required):
    rule = {"name": "r", "roles": ["security"], "required": required}
    assert only(with_rules(rule)).path == "$.approvals[0].required"


def test_a_rule_without_anybody_is_refused():
    for nobody in ({}, {"roles": []}, {"roles": [], "teams": [], "users": []}):
        problem = only(with_rules({"name": "r", "required": 1, **nobody}))
        assert problem.sentence == "Nobody may sign for r: name roles, teams or users."


def test_an_unknown_role_is_refused():
    problem = only(with_rules({"name": "r", "roles": ["secruity"], "required": 1}))
    assert problem == PolicyProblem(
        "$.approvals[0].roles[0]", "There is no role secruity; did you mean security?"
    )


def test_more_signatures_than_named_people_are_refused():
    problem = only(with_rules({"name": "r", "users": ["ann"], "required": 2}))
    assert problem == PolicyProblem(
        "$.approvals[0].required", "Rule r needs 2 people, but only one person may sign it."
    )


def test_named_people_with_a_team_beside_them_may_become_enough():
    rule = {"name": "r", "users": ["ann"], "teams": ["ops"], "required": 2}
    assert problems(with_rules(rule)) == []


def test_rules_that_compete_for_the_same_named_people_are_refused():
    rules = [
        {"name": "a", "users": ["ann", "bob"], "required": 1},
        {"name": "b", "users": ["bob", "ann"], "required": 1},
        {"name": "c", "users": ["ann", "bob"], "required": 1},
        {"name": "d", "users": ["dan"], "required": 1},
    ]
    assert problems(with_rules(*rules[:2])) == []
    problem = only(with_rules(*rules))
    assert problem.path == "$.approvals"
    assert problem.sentence == (
        "Rules a, b and c together need 3 different people, but only 2 people may sign them;"
        " one person counts for one rule."
    )


def test_users_only_rules_of_one_name_are_refused_for_the_name():
    rule = {"name": "a", "users": ["ann"], "required": 1}
    assert "used twice" in only(with_rules(rule, rule)).sentence
