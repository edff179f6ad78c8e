"""The engine, its dialect, and the traps it closes."""

import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.gates.engine import (
    LONGEST_RULE,
    CouldNotAnswer,
    DoesNotCompile,
    NotYesOrNo,
    compile_rule,
)
from releases.gates.references import references_of
from releases.gates.tokens import conjuncts_of, tokens_of

FACTS = {
    "coverage": 80.5,
    "tests": 81,
    "zero": 0,
    "list": [3, 4],
    "text": "a",
    "yes": True,
    "at": "2026-01-01T00:00:00Z",
    "nothing": None,
    "rows": [{"n": 1, "s": "x"}, {"n": 2.5, "s": "y"}],
}


def holds(expression, facts=None):
    return compile_rule(expression).holds(
        {
            "evidence": FACTS if facts is None else facts,
            "item": {},
            "release": {},
            "environment": {},
        }
    )


@pytest.mark.parametrize(
    "rule",
    [
        "true",
        "evidence.yes",
        "evidence.coverage + 1 == 81.5",
        "evidence.coverage - 1.5 == 79",
        "2 * evidence.coverage == 161",
        "evidence.tests / 2 == 40.5",
        "evidence.tests % 2 == 1 && 7 % 2 == 1",
        "evidence.tests == 81.0 && evidence.tests == 81 && evidence.tests != 80",
        "1 < 2.0 && 2.5 > 1 && 1 <= 1.0 && 1.0 >= 1 && 1 == 1.0 && 1 != 1.5",
        "size(evidence.list) / evidence.tests < 0.5",
        "size(evidence.list) > 1.0",
        "evidence.list[0] == 3 && evidence.list == [3.0, 4]",
        "evidence.list + [5] == [3, 4, 5]",
        "evidence.text + 'b' == 'ab' && evidence.text < 'b'",
        "-evidence.coverage < 0",
        "evidence.tests in [80, 81]",
        "string(evidence.tests) == '81' && int(evidence.coverage) == 80",
        "evidence.list.all(x, x > 2) && evidence.list.exists(x, x == 4)",
        "evidence.rows.filter(r, r.n > 2).size() == 1",
        "evidence.rows.map(r, r.n * 2) == [2, 5]",
        "has(evidence.absent) ? evidence.absent > 1 : true",
        "evidence.nothing == null",
        "evidence.text.matches('^a$')",
        "timestamp(evidence.at) + duration('24h') == timestamp('2026-01-02T00:00:00Z')",
        "timestamp('2026-01-02T00:00:00Z') - timestamp(evidence.at) == duration('24h')",
        "duration('1h') + duration('1h') - duration('1h') < duration('2h')",
        "b'a' + b'b' == b'ab'",
        "10 / 2.5 == 4 && 10.0 / 4 == 2.5",
        "1.0 / (evidence.tests / evidence.coverage / 2) > 1 // a comment / with a slash",
        'evidence.tests / evidence["tests"] == 1 && "a/b" != "b"',
        "evidence.tests / (2 + size(evidence.list)) > 20",
    ],
)
def test_what_authors_write_just_works(rule):
    assert holds(rule) is True


@pytest.mark.parametrize("rule", ["false", "evidence.coverage > 81", "!evidence.yes"])
def test_a_no_is_a_no(rule):
    assert holds(rule) is False


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "line 1, column 1: mismatched input the end"),
        ("evidence.coverage >= ", "line 1, column 22"),
        ("evidence.coverage => 80", "token recognition error at: '=>'"),
        ("evidnce.coverage >= 80", "there is nothing named evidnce"),
        ("true &&\n  evidenz.x", "line 2, column 10"),
        ("1 + 1", "gives a number"),
        ("'a'", "gives a text"),
        ("[true]", "gives a list"),
        ("'a' + 1 == 'a1'", "+ does not work on string, int"),
        ("7 / 2 == 3", "write one of them with a decimal point"),
        ("size(evidence.list) / 2 == 1", "write one of them with a decimal point"),
        ("evidence.in == 1", "line 1, column 10"),
        ("evidence.?x == 1", "unsupported syntax"),
        ("(" * 100 + "true" + ")" * 100, "nested too deeply"),
        ("true" + " && true" * 300, f"longer than {LONGEST_RULE} characters"),
        ("gatehouse_nonzero(1) == 1", "is not a function for rules"),
        ("import('os')", "reserved identifier: import"),
        ("open('x') == 1", "nothing named open"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_position(rule, words):
    with pytest.raises(DoesNotCompile) as refused:
        compile_rule(rule)
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith(".")
    assert "INVALID_ARGUMENT" not in refused.value.sentence


def test_text_that_is_not_unicode_is_no_rule():
    with pytest.raises(DoesNotCompile, match="cannot be read") as refused:
        compile_rule("'\ud800' == ''")
    assert refused.value.line is None


def test_a_compile_error_has_line_and_column():
    with pytest.raises(DoesNotCompile) as refused:
        compile_rule("true &&\n evidenz")
    assert (refused.value.line, refused.value.column) == (2, 2)


def test_a_run_time_error_is_not_a_yes_although_the_engine_gives_a_truthy_value():
    with pytest.raises(CouldNotAnswer, match="Key not found"):
        holds("evidence.absent")


@pytest.mark.parametrize("value", ["true", 1, 1.0, [True], {"a": True}, None])
def test_only_true_is_a_yes(value):
    with pytest.raises(NotYesOrNo):
        holds("evidence.x", {"x": value})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_never_reach_a_rule(number):
    with pytest.raises(CouldNotAnswer, match="not finite"):
        holds("!(evidence.x > 1)", {"x": number})


@pytest.mark.parametrize(
    "rule",
    [
        "!(evidence.zero / evidence.zero > 1)",
        "!(evidence.zero / (evidence.zero) > 1)",
        "!(evidence.zero / -evidence.zero > 1)",
        "!(evidence.zero / .evidence.zero > 1)",
        "!(evidence.zero/evidence['zero'] > 1)",
        "!(evidence.zero / double(evidence.zero) > 1)",
        "!(evidence.zero / [evidence.zero][0] > 1)",
        "!(evidence.zero / {'a': evidence.zero}.a > 1)",
        "!(evidence.zero / (1.0 / (1.0 / (evidence.zero - 0)) ) > 1)",
        "!(evidence.zero / 0.0 > 1)",
        "!(evidence.zero // comment / 1\n / evidence.zero > 1)",
        "!(evidence.zero % evidence.zero > 1)",
        "!(0.0 / evidence.rows.map(r, r.n * 0)[0] > 1)",
    ],
)
def test_no_division_makes_a_number_that_is_none(rule):
    with pytest.raises(CouldNotAnswer, match="zero"):
        holds(rule)


def test_a_rule_that_loops_is_stopped():
    rule = "evidence.l.all(a, evidence.l.all(b, evidence.l.all(c, a + b + c >= 0)))"
    with pytest.raises(CouldNotAnswer, match="budget"):
        holds(rule, {"l": list(range(300))})


def test_rules_are_compiled_once():
    assert compile_rule("evidence.once == 1") is compile_rule("evidence.once == 1")


def test_threads_share_a_rule():
    rule = compile_rule("evidence.n >= 50")
    wrong = []

    def ask():
        wrong.extend(n for n in range(500) if rule.holds({"evidence": {"n": n}}) is not (n >= 50))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@given(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6, allow_nan=False), st.booleans())
def test_comparisons_agree_with_arithmetic_for_any_mix(whole, fraction, swap):
    left, right = (whole, fraction) if swap else (fraction, whole)
    facts = {"left": left, "right": right}
    assert holds("evidence.left >= evidence.right", facts) is (left >= right)
    assert holds("evidence.left == evidence.right", facts) is (left == right)
    if right != 0:
        assert holds("evidence.left / evidence.right < 1", facts) is (left / right < 1)


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("evidence.coverage >= 80", ["coverage"]),
        ("evidence.a.b.c > 1 && evidence.a.b.c < 3", ["a.b.c"]),
        ('item.version.startsWith("1.")', ["item.version"]),
        ("size(evidence.failures) == 0", ["failures"]),
        (
            'item.labels["team"] == "x" || item.labels["a/b"] == "y"',
            [
                "item.labels.team",
                'item.labels["a/b"]',
            ],
        ),
        ("evidence.list[0] > 1", ["list[0]"]),
        ('"evidence.x" == "item.y" // evidence.z', []),
        ("evidence.rows.all(item, item.n > 0)", ["rows"]),
        ("evidence.item == 1", ["item"]),
        (".evidence.x == 1", ["x"]),
        ("evidence.`a-b` == 1", ['["a-b"]']),
        ("evidence[item.version] == 1", ["evidence", "item.version"]),
        ("evidence == {}", ["evidence"]),
        (
            "environment.tier == 'production' && release.version != ''",
            [
                "environment.tier",
                "release.version",
            ],
        ),
        ("evidence[r'a'] == 1 && evidence[b'a'] == 1", ["a", "evidence"]),
        (r"evidence['\xff\N'] == 1", ["evidence"]),
    ],
)
def test_the_values_a_rule_names_are_found(rule, names):
    assert [str(one) for one in references_of(rule)] == names


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("a", ["a"]),
        ("a && b&&c", ["a", "b", "c"]),
        ("a && (b || c) && d.exists(x, x && y)", ["a", "(b || c)", "d.exists(x, x && y)"]),
        ("a && b || c", ["a && b || c"]),
        ("a ? b && c : d", ["a ? b && c : d"]),
        ('a == "x && y" && b', ['a == "x && y"', "b"]),
        ("a == '''x && 'y' ''' && b == r'\\' && c", ["a == '''x && 'y' '''", "b == r'\\'", "c"]),
        ('a == """ "&&" """ && b', ['a == """ "&&" """', "b"]),
        ("a // && not\n && b", ["a // && not", "b"]),
        ("{'a': b && c}.a && d", ["{'a': b && c}.a", "d"]),
    ],
)
def test_a_rule_falls_into_the_parts_that_must_all_hold(rule, parts):
    assert list(conjuncts_of(rule)) == parts


@given(st.text(alphabet="evidence.itm/&|?()[]{}'\"`rb\\ \n0123x,", max_size=60))
def test_no_text_breaks_the_reader_of_rules(text):
    assert all(text[token.start : token.end] == token.text for token in tokens_of(text))
    conjuncts_of(text)
    references_of(text)
    with suppress(DoesNotCompile):
        compile_rule(text)


def test_reading_a_text_that_never_ends_takes_no_time():
    started = time.perf_counter()
    for text in ('"""' + "\\" * 990, "'" + "\\" * 990, '"' * 1999, "(" * 1999):
        tokens_of(text)
        conjuncts_of(text)
    assert time.perf_counter() - started < 5
