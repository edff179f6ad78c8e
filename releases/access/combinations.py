"""Combinations of rights in one hand that weaken the separation of duties: things to look at, not refusals.

Every one of them is allowed somewhere for a reason; the rules that never bend hold whoever has which rights
(nobody signs their own change). A reviewer sees them beside the rights that make them up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from catalog.models import User
from catalog.permissions import Permission
from releases.access.rights import EDIT_POLICIES, MANAGE_PEOPLE, Place, Right, Way

_SIGNS: Final = Permission.APPROVE_CHANGE.codename
_ASKS: Final = Permission.SUBMIT_CHANGE.codename
_CHOOSES: Final = Permission.ACTIVATE_POLICY.codename
_GIVES_ROLES: Final = Permission.MANAGE_MEMBERS.codename


@dataclass(frozen=True, kw_only=True)
class Combination:
    """What is odd.

    Attributes:
        name: a stable word for machines.
        environment: where; empty when it is about all of them.
        sentence: without whose it is.
        keys: the rights that make it up.
    """

    name: str
    account: User
    environment: str
    sentence: str
    keys: frozenset[str]

    @property
    def document(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "account": self.account.pseudonym,
            "environment": self.environment or None,
            "rights": sorted(self.keys),
        }


@dataclass(frozen=True)
class _Hand:
    """One account's rights at one place."""

    account: User
    place: Place
    rights: Sequence[Right]

    @property
    def verbs(self) -> frozenset[str]:
        return frozenset(verb for right in self.rights for verb in right.verbs)

    @property
    def rules(self) -> list[str]:
        """The titles of the rules here for which the account counts."""
        end = f" in {self.place.environment.name}"
        counted = {each for right in self.rights for each in right.counts_for if each.endswith(end)}
        return [
            rule.title or rule.name
            for rule in self.place.rules
            if f"{rule.title or rule.name}{end}" in counted
        ]

    def with_verbs(self, *verbs: str) -> frozenset[str]:
        return frozenset(right.key for right in self.rights if right.verbs & set(verbs))


def combinations_in(rights: Sequence[Right], places: Sequence[Place]) -> list[Combination]:
    """Return what is odd, by account and along the path."""
    by_account: Mapping[int, list[Right]] = defaultdict(list)
    for right in rights:
        by_account[right.account.pk].append(right)
    found: list[Combination] = []
    for held in by_account.values():
        for place in places:
            here = [right for right in held if place.environment.name in right.environments]
            hand = _Hand(held[0].account, place, here)
            found.extend(each for rule in _RULES for each in rule(hand))
    return _merged(found, places)


def _asks_and_signs_all(hand: _Hand) -> Iterator[Combination]:
    rules = hand.rules
    if _ASKS in hand.verbs and rules and len(rules) == len(hand.place.rules):
        yield _odd(
            hand,
            "asks-and-signs-all",
            f"asks for changes and counts for every approval rule ({', '.join(rules)})",
            hand.with_verbs(_ASKS, _SIGNS),
        )


def _several_rules(hand: _Hand) -> Iterator[Combination]:
    rules = hand.rules
    if len(rules) > 1:
        yield _odd(
            hand,
            "several-rules",
            f"counts for {len(rules)} approval rules ({', '.join(rules)}), one of them at a time",
            hand.with_verbs(_SIGNS),
        )


def _chooses_and_signs(hand: _Hand) -> Iterator[Combination]:
    if _SIGNS in hand.verbs and hand.account.is_person and _CHOOSES in hand.verbs:
        yield _odd(
            hand,
            "chooses-policy-and-signs",
            "chooses the policy and signs under it",
            hand.with_verbs(_CHOOSES, _SIGNS),
        )


def _writes_and_chooses(hand: _Hand) -> Iterator[Combination]:
    by_role = [right for right in hand.rights if right.way != Way.SUPERUSER]
    verbs = {verb for right in by_role for verb in right.verbs}
    if {EDIT_POLICIES, _CHOOSES} <= verbs:
        yield _odd(
            hand,
            "writes-and-chooses-policy",
            "writes policies and puts them in force",
            hand.with_verbs(EDIT_POLICIES, _CHOOSES),
        )


def _administers_and_signs(hand: _Hand) -> Iterator[Combination]:
    if _SIGNS in hand.verbs and hand.account.is_person and _gives_access(hand):
        yield _odd(
            hand,
            "administers-and-signs",
            "decides who may sign, and signs",
            hand.with_verbs(_GIVES_ROLES, MANAGE_PEOPLE, _SIGNS),
        )


def _gives_access(hand: _Hand) -> bool:
    return bool({_GIVES_ROLES, MANAGE_PEOPLE} & hand.verbs)


def _machine_signs(hand: _Hand) -> Iterator[Combination]:
    if _SIGNS in hand.verbs and not hand.account.is_person:
        yield _odd(
            hand,
            "machine-with-signing-role",
            "is a machine with a role that signs; Gatehouse withholds the signing",
            hand.with_verbs(_SIGNS),
        )


_RULES: Final[Sequence[Callable[[_Hand], Iterator[Combination]]]] = (
    _asks_and_signs_all,
    _several_rules,
    _chooses_and_signs,
    _writes_and_chooses,
    _administers_and_signs,
    _machine_signs,
)


def _odd(hand: _Hand, name: str, sentence: str, keys: frozenset[str]) -> Combination:
    return Combination(
        name=name,
        account=hand.account,
        environment=hand.place.environment.name,
        sentence=sentence,
        keys=keys,
    )


def _merged(found: Sequence[Combination], places: Sequence[Place]) -> list[Combination]:
    """Say once what is so in every environment."""
    groups: dict[tuple[int, str, str], list[Combination]] = defaultdict(list)
    for each in found:
        groups[each.account.pk, each.name, each.sentence].append(each)
    merged: list[Combination] = []
    for group in groups.values():
        if len(group) == len(places) > 1:
            keys = frozenset(key for each in group for key in each.keys)
            first = group[0]
            merged.append(
                Combination(
                    name=first.name,
                    account=first.account,
                    environment="",
                    sentence=first.sentence,
                    keys=keys,
                )
            )
        else:
            merged.extend(group)
    return merged
