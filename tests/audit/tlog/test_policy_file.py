"""Policies: who must have cosigned."""

import pytest

from audit.tlog.errors import Malformed
from audit.tlog.keys import SignatureType, SigningKey
from audit.tlog.policy_file import parse_policy


def key(name, kind=SignatureType.ED25519_COSIGNATURE):
    """The same key in every process: the texts below name tests."""
    return SigningKey(name, kind, name.encode().ljust(32, b".")).verifier


LOG = key("log.example", SignatureType.ED25519)
X1, X2, X3, Y1 = map(key, ("x1", "x2", "x3", "y1"))
PQ = key("pq", SignatureType.ML_DSA_44_COSIGNATURE)
TEXT = f"""
# Two of three, and one other.
log {LOG} https://log.example/log
witness X1 {X1}
\twitness X2\t{X2}  https://x2.example
witness X3 {X3}
group X 2 X1 X2 X3
witness Y1 {Y1}
witness PQ {PQ}
group Y any Y1 PQ
group both all X Y
quorum both
"""


def test_a_policy_says_who_must_have_cosigned():
    policy = parse_policy(TEXT.encode())
    assert policy.log_keys == [LOG]
    assert policy.witnesses["X2"].url == "https://x2.example"
    assert policy.witness_keys == [X1, X2, X3, Y1, PQ]
    assert policy.is_satisfied_by({X1, X3, PQ})
    assert policy.is_satisfied_by({X1, X2, X3, Y1})
    for too_few in ({X1, Y1}, {X1, X2, X3}, {PQ, Y1, X2}, set(), {LOG}):
        assert not policy.is_satisfied_by(too_few)


def test_a_policy_survives_being_written():
    policy = parse_policy(TEXT.encode())
    assert parse_policy(str(policy).encode()) == policy


def test_none_asks_for_nobody_and_a_witness_for_itself():
    assert parse_policy(b"quorum none").is_satisfied_by(set())
    alone = parse_policy(f"witness a {X1}\nquorum a\n".encode())
    assert alone.is_satisfied_by([X1])
    assert not alone.is_satisfied_by([X2])


@pytest.mark.parametrize(
    "text",
    [
        "", "quorum a", "quorum none\nquorum none", "quorum", "quorum none more", "log", "log x\nquorum none",
        f"log {X1}\nquorum none", f"witness a {LOG}\nquorum a", f"log {LOG}\nlog {LOG}\nquorum none",
        f"witness a {X1}\nwitness a {X2}\nquorum a", f"witness a {X1}\nwitness b {X1}\nquorum a",
        f"witness none {X1}\nquorum none", f"witness a {X1}\ngroup g 2 a\nquorum g",
        f"witness a {X1}\ngroup g 0 a\nquorum g", f"witness a {X1}\ngroup g x a\nquorum g",
        f"witness a {X1}\ngroup g any\nquorum g", f"witness a {X1}\ngroup g any a a\nquorum g",
        f"witness a {X1}\ngroup g any a\ngroup h any a\nquorum h", "group g any g\nquorum g",
        "group g any none\nquorum none", f"quorum a\nwitness a {X1}", "quorum\x01none", "quorum none\r",
        "what is this\nquorum none",
    ],
)  # fmt: skip
def test_a_policy_that_says_nothing_clear_is_refused(text):
    with pytest.raises(Malformed):
        parse_policy(text.encode())


def test_any_byte_may_stand_in_a_comment_or_a_name():
    policy = parse_policy(b"# caf\xe9\nwitness caf\xe9 " + str(X1).encode() + b"\nquorum caf\xe9")
    assert policy.is_satisfied_by([X1])
