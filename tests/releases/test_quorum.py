"""Several rules, one signature per person: never a count, always a matching."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releases.quorum import Quorum, Rule, could_ever_be_met, solve, who_could_help

PEOPLE = ["ann", "bob", "cyd", "dan", "eve", "fay"]


def rule(name, required, *eligible):
    return Rule(name, required, frozenset(eligible))


@st.composite
def rule_sets(draw, most=4):
    count = draw(st.integers(0, most))
    return [
        Rule(
            f"rule-{n}", draw(st.integers(1, 3)), frozenset(draw(st.sets(st.sampled_from(PEOPLE))))
        )
        for n in range(count)
    ]


people = st.sets(st.sampled_from(PEOPLE))


def can_be_met(rules, approvers):
    """Try every way to give each approver to one rule or none."""
    seats = [one for one in rules for _ in range(one.required)]
    return any(
        all(person in seat.eligible for person, seat in zip(chosen, seats, strict=True))
        for chosen in itertools.permutations(sorted(approvers), len(seats))
    )


def most_that_count(rules, approvers):
    """Return the largest number of signatures that count, by trying all."""
    if not approvers:
        return 0
    one, *others = sorted(approvers)
    best = most_that_count(rules, others)
    for index, asked in enumerate(rules):
        if asked.required and one in asked.eligible:
            left = list(rules)
            left[index] = Seats(asked.required - 1, asked.eligible)
            best = max(best, 1 + most_that_count(left, others))
    return best


class Seats:
    def __init__(self, required, eligible):
        self.required = required
        self.eligible = eligible


def test_the_early_signature_of_somebody_who_may_sign_for_both_blocks_nobody():
    rules = [rule("engineering", 1, "ann", "bob"), rule("security", 1, "ann")]
    assert not solve(rules, {"ann"}).met
    both = solve(rules, {"ann", "bob"})
    assert both.met
    assert both.assignment == {"ann": "security", "bob": "engineering"}


def test_one_person_counts_for_one_rule():
    rules = [rule("engineering", 1, "ann"), rule("security", 1, "ann")]
    quorum = solve(rules, {"ann"})
    assert not quorum.met
    assert sum(one.given for one in quorum.rules) == 1


def test_counts_are_not_summed_over_rules():
    rules = [rule("engineering", 1, "ann", "bob"), rule("security", 1, "sue")]
    quorum = solve(rules, {"ann", "bob"})
    assert not quorum.met
    assert [(one.name, one.given, one.missing) for one in quorum.rules] == [
        ("engineering", 1, 0),
        ("security", 0, 1),
    ]


def test_a_rule_for_two_needs_two_people():
    rules = [rule("security", 2, "ann", "bob", "cyd")]
    assert not solve(rules, {"ann"}).met
    quorum = solve(rules, {"ann", "cyd"})
    assert quorum.met
    assert quorum.rules[0].signed_by == ("ann", "cyd")


def test_signatures_beyond_what_is_required_count_for_nothing():
    quorum = solve([rule("security", 1, "ann", "bob")], {"ann", "bob"})
    assert quorum.rules[0].given == 1
    assert len(quorum.assignment) == 1


def test_somebody_whom_no_rule_names_counts_for_nothing():
    assert not solve([rule("security", 1, "ann")], {"mallory"}).met


def test_a_rule_that_nobody_may_sign_blocks():
    assert not solve([rule("security", 1)], {"ann"}).met


def test_without_rules_nobody_has_to_sign():
    assert solve([], frozenset()) == Quorum(met=True, rules=(), assignment={})
    assert could_ever_be_met([])


def test_a_scarce_signature_goes_where_nobody_else_may_sign():
    rules = [rule("any-engineer", 1, *PEOPLE), rule("the-owner", 1, "ann")]
    assert solve(rules, {"ann"}).assignment == {"ann": "the-owner"}


def test_a_long_chain_of_moves_is_found():
    rules = [rule(f"r{n}", 1, n, n + 1) for n in range(200)]
    assert solve(rules, set(range(1, 201))).met
    assert not solve(rules, set(range(1, 200))).met


def test_people_may_be_numbers():
    assert solve([Rule("r", 1, frozenset({7}))], {7}).assignment == {7: "r"}


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(ValueError, match="same name"):
        solve([rule("r", 1, "ann"), rule("r", 1, "bob")], set())


@pytest.mark.parametrize("required", [0, -1])
def test_a_rule_needs_at_least_one_person(required):
    with pytest.raises(ValueError, match="at least one person"):
        rule("r", required, "ann")


@given(rule_sets(3), people)
@settings(max_examples=300)
def test_it_is_met_exactly_when_some_assignment_meets_it(rules, approvers):
    assert solve(rules, approvers).met is can_be_met(rules, approvers)


@given(rule_sets(3), people)
@settings(max_examples=300)
def test_as_many_signatures_count_as_can(rules, approvers):
    given_now = sum(one.given for one in solve(rules, approvers).rules)
    assert given_now == most_that_count(rules, approvers)


@given(rule_sets(), people)
def test_the_assignment_keeps_the_rules(rules, approvers):
    quorum = solve(rules, approvers)
    by_name = {one.name: one for one in rules}
    for person, name in quorum.assignment.items():
        assert person in approvers
        assert person in by_name[name].eligible
    for asked, standing in zip(rules, quorum.rules, strict=True):
        assert standing.name == asked.name
        assert standing.given + standing.missing == standing.required == asked.required
        assert standing.given == len(standing.signed_by) <= asked.required
        assert {p for p, name in quorum.assignment.items() if name == asked.name} == set(
            standing.signed_by
        )
    assert quorum.met is all(one.missing == 0 for one in quorum.rules)


@given(rule_sets(), people, st.sampled_from(PEOPLE))
@settings(max_examples=400)
def test_another_signature_never_takes_anything_back(rules, approvers, one_more):
    before, after = solve(rules, approvers), solve(rules, approvers | {one_more})
    for was, now in zip(before.rules, after.rules, strict=True):
        assert now.given >= was.given
    assert after.met or not before.met


@given(rule_sets(), people, st.randoms())
def test_the_order_of_rules_and_of_approvals_does_not_matter(rules, approvers, order):
    shuffled_rules, shuffled_people = list(rules), sorted(approvers)
    order.shuffle(shuffled_rules)
    order.shuffle(shuffled_people)
    one, other = solve(rules, approvers), solve(shuffled_rules, set(shuffled_people))
    assert one.assignment == other.assignment
    assert set(one.rules) == set(other.rules)


@given(rule_sets())
@settings(max_examples=300)
def test_what_could_ever_be_met_is_what_everybody_together_meets(rules):
    possibility = could_ever_be_met(rules)
    assert bool(possibility) is can_be_met(rules, PEOPLE)
    if not possibility:
        tight = [one for one in rules if one.name in possibility.rules]
        assert possibility.needed == sum(one.required for one in tight)
        assert possibility.available == len(frozenset().union(*(one.eligible for one in tight)))
        assert possibility.needed > possibility.available
        assert all(name in possibility.sentence for name in possibility.rules)


@given(rule_sets(), people)
def test_who_could_help_is_who_brings_it_nearer(rules, approvers):
    now = most_that_count(rules, approvers)
    assert who_could_help(rules, approvers) == {
        one for one in set(PEOPLE) - approvers if most_that_count(rules, approvers | {one}) > now
    }


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ([rule("a", 1)], "Rule a needs one person, but nobody may sign it."),
        ([rule("a", 2, "ann")], "Rule a needs 2 people, but only one person may sign it."),
        (
            [rule("a", 3, "ann", "bob"), rule("b", 1, "eve")],
            "Rule a needs 3 people, but only 2 people may sign it.",
        ),
        (
            [rule("a", 1, "ann"), rule("b", 1, "ann"), rule("c", 1, "ann", "bob", "eve")],
            (
                "Rules a and b together need 2 different people, but only one person may sign them;"
                " one person counts for one rule."
            ),
        ),
    ],
)
def test_an_impossible_quorum_names_its_rules(rules, sentence):
    assert could_ever_be_met(rules).sentence == sentence


def test_rules_that_compete_in_a_chain_are_all_named():
    rules = [
        rule("a", 1, "ann"),
        rule("b", 1, "ann", "bob"),
        rule("c", 1, "bob", "cyd"),
        rule("d", 1, "cyd"),
        rule("e", 1, "eve"),
    ]
    possibility = could_ever_be_met(rules)
    assert possibility.rules == ("a", "b", "c", "d")
    assert (possibility.needed, possibility.available) == (4, 3)


def test_many_rules_and_many_people_take_no_time():
    dice = random.Random(7)
    crowd = [f"p{n}" for n in range(2000)]
    rules = [Rule(f"r{n}", 20, frozenset(dice.sample(crowd, 500))) for n in range(20)]
    assert could_ever_be_met(rules)
    assert solve(rules, set(crowd)).met
