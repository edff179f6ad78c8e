"""Several approval rules, one signature per person: a matching, never a count.

A person who may sign for two rules counts for one of them at most, and which one is decided when
the question is asked, over everybody who has signed. So the order of approvals cannot matter, and
no early signature can make a request impossible (docs/adr/0004).

A rule that needs two people has two seats. Seats are filled along augmenting paths, scarce rules
first. Seats form a transversal matroid, so a seat once filled stays filled when more people sign:
`given` never goes down.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Person = TypeVar("Person", int, str)
Seat: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Rule(Generic[Person]):
    """`required` different people out of `eligible` have to sign."""

    name: str
    required: int
    eligible: frozenset[Person]

    def __post_init__(self) -> None:
        if self.required < 1:
            raise ValueError(f"Rule {self.name} must need at least one person.")


@dataclass(frozen=True, slots=True)
class RuleStanding(Generic[Person]):
    """How far one rule is; `signed_by` are the people who count for it, in order."""

    name: str
    required: int
    given: int
    missing: int
    signed_by: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Quorum(Generic[Person]):
    """`rules` in the order they were asked in; `assignment` says for which rule a person counts."""

    met: bool
    rules: tuple[RuleStanding[Person], ...]
    assignment: Mapping[Person, str]


@dataclass(frozen=True, slots=True)
class Possibility:
    """Whether some group of people could meet all rules; when not, which rules cannot be met.

    `rules` together need `needed` different people and only `available` may sign for them.
    """

    possible: bool
    rules: tuple[str, ...] = ()
    needed: int = 0
    available: int = 0
    sentence: str = ""

    def __bool__(self) -> bool:
        return self.possible


def solve(rules: Sequence[Rule[Person]], approvers: AbstractSet[Person]) -> Quorum[Person]:
    """Give every approver to one rule at most, so that as many signatures count as can.

    The answer depends on the sets alone. Raises ValueError when two rules share a name.
    """
    seated = _seat(rules, approvers)
    standings = tuple(_standing(rule, seated) for rule in rules)
    assignment = {person: rule for person, (rule, _) in sorted(seated.items())}
    return Quorum(all(not rule.missing for rule in standings), standings, assignment)


def could_ever_be_met(rules: Sequence[Rule[Person]]) -> Possibility:
    """Answer Hall's question: whether there is a group of people whose signatures meet all rules.

    An empty set of eligible people makes its rule impossible.
    """
    everybody = _everybody(rules)
    seated = _seat(rules, everybody)
    for rule in _scarce_first(rules):
        empty = _first_empty_seat(rule, seated)
        if empty is not None:
            return _shortfall(_tight_rules(rules, seated, empty))
    return Possibility(possible=True)


def who_could_help(
    rules: Sequence[Rule[Person]], approvers: AbstractSet[Person]
) -> frozenset[Person]:
    """Return everybody whose signature, added now, would bring the quorum nearer."""
    signed = frozenset(approvers)
    now = len(_seat(rules, signed))
    others = _everybody(rules) - signed
    return frozenset(one for one in others if len(_seat(rules, signed | {one})) > now)


def _everybody(rules: Iterable[Rule[Person]]) -> frozenset[Person]:
    empty: frozenset[Person] = frozenset()
    return empty.union(*(rule.eligible for rule in rules))


def _scarce_first(rules: Sequence[Rule[Person]]) -> list[Rule[Person]]:
    if len({rule.name for rule in rules}) != len(rules):
        raise ValueError("Two approval rules have the same name.")
    return sorted(rules, key=lambda rule: (len(rule.eligible), rule.name))


def _seat(rules: Sequence[Rule[Person]], approvers: AbstractSet[Person]) -> dict[Person, Seat]:
    ordered = _scarce_first(rules)
    signers = {rule.name: sorted(rule.eligible & approvers) for rule in ordered}
    seated: dict[Person, Seat] = {}
    for rule in ordered:
        for number in range(rule.required):
            if not _fill((rule.name, number), signers, seated):
                break
    return seated


def _fill(seat: Seat, signers: Mapping[str, Sequence[Person]], seated: dict[Person, Seat]) -> bool:
    """Fill `seat`, moving people along the shortest augmenting path if need be."""
    moved_from: dict[Person, Seat] = {}
    waiting = deque([seat])
    while waiting:
        current = waiting.popleft()
        for person in signers[current[0]]:
            if person in moved_from:
                continue
            moved_from[person] = current
            if person not in seated:
                _move(person, seat, moved_from, seated)
                return True
            waiting.append(seated[person])
    return False


def _move(
    person: Person, seat: Seat, moved_from: Mapping[Person, Seat], seated: dict[Person, Seat]
) -> None:
    sitting = {where: who for who, where in seated.items()}
    while True:
        target = moved_from[person]
        seated[person] = target
        if target == seat:
            return
        person = sitting[target]


def _standing(rule: Rule[Person], seated: Mapping[Person, Seat]) -> RuleStanding[Person]:
    signed_by = tuple(sorted(who for who, (name, _) in seated.items() if name == rule.name))
    given = len(signed_by)
    return RuleStanding(rule.name, rule.required, given, rule.required - given, signed_by)


def _first_empty_seat(rule: Rule[Person], seated: Mapping[Person, Seat]) -> Seat | None:
    taken = set(seated.values())
    return next((seat for n in range(rule.required) if (seat := (rule.name, n)) not in taken), None)


def _tight_rules(
    rules: Sequence[Rule[Person]],
    seated: Mapping[Person, Seat],
    empty: Seat,
) -> list[Rule[Person]]:
    """Follow alternating paths from an empty seat: the rules reached compete for too few people."""
    eligible = {rule.name: rule.eligible for rule in rules}
    reached = {empty[0]}
    waiting = [empty[0]]
    while waiting:
        for person in eligible[waiting.pop()]:
            rule_name = seated[person][0]
            if rule_name not in reached:
                reached.add(rule_name)
                waiting.append(rule_name)
    return [rule for rule in rules if rule.name in reached]


def _shortfall(tight: Sequence[Rule[Person]]) -> Possibility:
    needed = sum(rule.required for rule in tight)
    available = len(_everybody(tight))
    names = tuple(rule.name for rule in tight)
    return Possibility(
        possible=False,
        rules=names,
        needed=needed,
        available=available,
        sentence=_shortfall_sentence(names, needed, available),
    )


def _shortfall_sentence(names: Sequence[str], needed: int, available: int) -> str:
    may_sign = {0: "nobody may sign", 1: "only one person may sign"}.get(
        available, f"only {available} people may sign"
    )
    if len(names) == 1:
        people = "one person" if needed == 1 else f"{needed} people"
        return f"Rule {names[0]} needs {people}, but {may_sign} it."
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"Rules {listed} together need {needed} different people, but {may_sign} them; "
        "one person counts for one rule."
    )
