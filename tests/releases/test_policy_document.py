"""What a policy document may say, and what is refused before anybody waits for it."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from releases.canonical import digest_of
from releases.gates import AppliesTo, Gate, OnFail
from releases.policy_document import (
    ApprovalRule,
    Policy,
    PolicyProblem,
    Requires,
    UnknownAuthors,
    validate,
)
from releases.policy_document.shape import _SENTENCES, policy_schema

ROLES = frozenset({"engineering", "security", "product-owner", "risk-and-compliance"})
KINDS = frozenset({"junit", "metrics", "sarif"})
FULL = {
    "schema": "gatehouse.policy/v1",
    "description": "For production.\nAsk Risk before you change it.",
    "gates": [
        {
            "name": "tests",
            "title": "All tests passed",
            "applies_to": {"kinds": ["image"], "artifacts": ["payments-*"]},
            "evidence": "junit",
            "expression": "evidence.failed == 0 && evidence.errors == 0",
            "on_fail": "block",
            "satisfied_by": "Upload a JUnit report in which every test passed.",
            "max_age_hours": 72,
        },
        {"name": "pinned", "expression": 'item.digest.startsWith("sha256:")', "on_fail": "warn"},
    ],
    "requires": {"verified_in": ["staging"], "soak_hours": 24},
    "approvals": [
        {"name": "engineering", "title": "Engineering", "roles": ["engineering"], "required": 2},
        {"name": "risk", "teams": ["risk"], "users": ["rita", "remo"], "required": 1},
    ],
    "separation_of_duties": {"unknown_authors": "allow"},
    "approval_ttl_hours": 48,
    "request_ttl_hours": 168,
}
SMALLEST = {"schema": "gatehouse.policy/v1", "gates": [], "approvals": []}


def problems(document, **more):
    return validate(document, known_roles=ROLES, known_evidence_kinds=KINDS, **more)


def with_gate(**gate):
    return {**SMALLEST, "gates": [{"name": "g", "expression": "true", **gate}]}


def only(document):
    found = problems(document)
    assert len(found) == 1, found
    return found[0]


def test_the_smallest_and_the_full_document_are_accepted():
    assert problems(SMALLEST) == []
    assert problems(FULL) == []


def test_a_document_becomes_a_typed_policy():
    assert Policy.from_document(FULL) == Policy(
        gates=(
            Gate(
                "tests",
                "evidence.failed == 0 && evidence.errors == 0",
                title="All tests passed",
                applies_to=AppliesTo(("image",), ("payments-*",)),
                evidence="junit",
                satisfied_by="Upload a JUnit report in which every test passed.",
                max_age_hours=72,
            ),
            Gate("pinned", 'item.digest.startsWith("sha256:")', on_fail=OnFail.WARN),
        ),
        approvals=(
            ApprovalRule("engineering", 2, title="Engineering", roles=("engineering",)),
            ApprovalRule("risk", 1, teams=("risk",), users=("rita", "remo")),
        ),
        requires=Requires(("staging",), 24),
        unknown_authors=UnknownAuthors.ALLOW,
        approval_ttl_hours=48,
        request_ttl_hours=168,
        description="For production.\nAsk Risk before you change it.",
    )


def test_what_is_left_out_is_strict():
    policy = Policy.from_document(SMALLEST)
    assert policy.unknown_authors is UnknownAuthors.BLOCK
    gate = Policy.from_document(with_gate()).gates[0]
    assert gate.on_fail is OnFail.BLOCK
    assert gate.applies_to == AppliesTo()


def test_another_schema_is_never_half_understood():
    with pytest.raises(ValueError, match=r"no gatehouse\.policy/v1"):
        Policy.from_document({**SMALLEST, "schema": "gatehouse.policy/v2"})


def test_an_accepted_document_has_a_digest():
    assert digest_of(FULL).startswith("sha256:")


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"schema": "v2"}, "$.schema", '"v2" must be gatehouse.policy/v1.'),
        ({"gatez": []}, "$.gatez", "did you mean gates?"),
        ({"zzz": 1}, "$.zzz", "known: approval_ttl_hours, approvals"),
        ({"gates": {}}, "$.gates", "{} must be a list."),
        ({"approvals": None}, "$.approvals", "null must be a list."),
        ({"gates": [[]]}, "$.gates[0]", "must be an object"),
        ({"approval_ttl_hours": "2"}, "$.approval_ttl_hours", '"2" must be a whole number.'),
        ({"approval_ttl_hours": True}, "$.approval_ttl_hours", "must be a whole number"),
        ({"approval_ttl_hours": 0}, "$.approval_ttl_hours", "at least 1"),
        ({"request_ttl_hours": 9000}, "$.request_ttl_hours", "at most 8760"),
        ({"description": "x" * 2001}, "$.description", "longer than 2000"),
        ({"description": 7}, "$.description", "must be text"),
        ({"gates": [{}] * 51}, "$.gates", "more than 50 entries"),
        (
            {"separation_of_duties": {"sealer_may_approve": True}},
            "$.separation_of_duties.sealer_may_approve",
            "not configurable",
        ),
        (
            {"separation_of_duties": {"unknown_authors": "warn"}},
            "$.separation_of_duties.unknown_authors",
            '"warn" is not one of block, allow.',
        ),
        ({"requires": {"verified_in": ["Staging"]}}, "$.requires.verified_in[0]", "is no name"),
        ({"requires": {"verified_in": ["a", "a"]}}, "$.requires.verified_in", "twice"),
        ({"requires": {"soak_hours": 2}}, "$.requires.soak_hours", "Name in verified_in"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(change, path, words):
    found = [one for one in problems({**SMALLEST, **change}) if one.path == path]
    assert found
    assert words in found[0].sentence


@pytest.mark.parametrize(
    ("gate", "path", "words"),
    [
        ({"name": "Not A Name"}, "name", "is no name"),
        ({"name": ""}, "name", "is no name"),
        ({"name": "x\n"}, "name", "control character"),
        ({"title": ""}, "title", "must not be empty"),
        ({"applies_to": {"kinds": ["container"]}}, "applies_to.kinds[0]", "not one of image"),
        ({"applies_to": {"kinds": []}}, "applies_to.kinds", "must not be empty"),
        ({"applies_to": {"kind": ["image"]}}, "applies_to.kind", "did you mean kinds?"),
        ({"evidence": "juint"}, "evidence", "did you mean junit?"),
        ({"evidence": "zzz"}, "evidence", "known: junit, metrics, sarif."),
        ({"evidence": 7}, "evidence", "no kind of evidence"),
        ({"on_fail": "ignore"}, "on_fail", "not one of block, warn"),
        ({"max_age_hours": 24}, "max_age_hours", "reads no evidence"),
        ({"expression": ""}, "expression", "must not be empty"),
        ({"expression": "evidence.coverage =>"}, "expression", "line 1, column 19"),
        ({"expression": "1 + 1"}, "expression", "gives a number"),
        ({"expression": "x" * 2001}, "expression", "longer than 2000"),
        ({"expression": "false"}, "expression", "never true"),
        ({"expression": "1 / 0 == 1.0"}, "expression", "decimal point"),
        ({"expression": "1.0 / 0 == 1.0"}, "expression", "never true"),
        ({"expression": "evidence.x > 1"}, "expression", "names no kind of evidence"),
        ({"expression": "item.colour == 'red'"}, "expression", "item has no colour; it has art"),
        ({"expression": "release.name == ''"}, "expression", "release has no name"),
        ({"expression": "environment.x"}, "expression", "environment has no x"),
        ({"expression": "item.version == '\0'"}, "expression", "control character"),
    ],
)
def test_a_gate_nobody_could_pass_is_refused(gate, path, words):
    problem = only(with_gate(**gate))
    assert problem.path == f"$.gates[0].{path}"
    assert words in problem.sentence


def test_an_expression_may_have_several_lines():
    assert problems(with_gate(expression="item.kind == 'image'\n\t&& true // why not")) == []


@pytest.mark.parametrize("missing", ["schema", "gates", "approvals"])
def test_gates_and_approvals_are_said_even_when_there_are_none(missing):
    document = {name: value for name, value in SMALLEST.items() if name != missing}
    assert only(document) == PolicyProblem(f"$.{missing}", f"{missing} is missing.")


@pytest.mark.parametrize("what", ["gates", "approvals"])
def test_a_name_is_used_once(what):
    twice = copy.deepcopy(FULL)
    twice[what].append(twice[what][0])
    assert only(twice) == PolicyProblem(
        f"$.{what}[2].name", f"The name {FULL[what][0]['name']} is used twice."
    )


@pytest.mark.parametrize("document", [None, [], "x", 7, True])
def test_a_policy_is_an_object(document):
    assert only(document) == PolicyProblem("$", "A policy is a JSON object.")


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({**SMALLEST, "approval_ttl_hours": 2.0}, "$.approval_ttl_hours"),
        ({**SMALLEST, "é": 1}, "$"),
        ({**SMALLEST, "description": "\ud800"}, "$.description"),
        ({**SMALLEST, "approval_ttl_hours": 2**60}, "$.approval_ttl_hours"),
    ],
)
def test_what_has_no_canonical_form_is_refused(document, path):
    problem = only(document)
    assert problem.path == path
    assert problem.sentence.startswith("The value ")


def test_several_problems_are_told_at_once():
    document = with_gate(expression="evidence.x > 1")
    document["approvals"] = [{"name": "r", "roles": ["nobody"], "required": 1}]
    assert [one.path for one in problems(document)] == [
        "$.gates[0].expression",
        "$.approvals[0].roles[0]",
    ]
    assert str(problems(document)[0]).startswith("$.gates[0].expression: ")


def test_evidence_kinds_are_checked_only_when_known():
    document = with_gate(evidence="cyclonedx")
    assert validate(document, known_roles=ROLES) == []
    assert problems(document)


def test_the_schema_is_a_schema_and_every_complaint_has_a_sentence():
    Draft202012Validator.check_schema(policy_schema())
    structure = {"$ref", "properties", "items", "additionalProperties", "required"}
    notes = {"$schema", "$id", "$defs", "title", "description"}
    used = set()

    def walk(schema):
        used.update(schema)
        for name in ("properties", "$defs"):
            for child in schema.get(name, {}).values():
                walk(child)
        for child in [schema.get("items")]:
            if child:
                walk(child)

    walk(policy_schema())
    assert used - structure - notes <= set(_SENTENCES)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["schema", "gates", "approvals", "name", "users", "required", "expression", "roles"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(FULL)), values)
def test_no_document_breaks_the_check_and_what_passes_can_be_read(name, value):
    document = json.loads(json.dumps(FULL)) | {name: value}
    found = problems(document)
    if not found:
        Policy.from_document(document)
    for problem in found:
        assert problem.path.startswith("$")
        assert problem.sentence.strip()
