"""Which states of data are meant by a digest: itself, and whatever pipelines prepared from it.

Who asks "this data is bad" means the features that were computed from it as well, even where a training
names only those. The stages of every `dvc.lock` that names a state say what was made of it.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from catalog.models import User
from models_registry.models import ModelVersion
from releases.models import DATA_KINDS, Evidence
from releases.parsers.pins import ALGORITHMS, algorithm_of

LONGEST: Final = 400
"""Characters of a digest or a name that somebody may ask for."""
MOST_STATES: Final = 100
MOST_LOCKS: Final = 100
"""Of each round: the newest that name one of the states."""
MOST_ROUNDS: Final = 4
"""Locks that are followed one behind the other: raw data, features, a second pipeline's features …"""
_LEAST_DIGITS: Final = 8
_HEXADECIMAL: Final = re.compile(r"[0-9a-fA-F]+(\.dir)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_HASHES: Final = frozenset({"sha256", "sha512", "md5"})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of a data set.

    Attributes:
        made_from: the name of what it was prepared from; empty for what was asked for.
    """

    name: str
    digest: str
    made_from: str = ""

    @property
    def words(self) -> str:
        """How the digest was made, in words."""
        return ALGORITHMS[algorithm_of(self.digest)].words

    @property
    def is_plain(self) -> bool:
        """Whether people read all of the digest, as the number of a table's version."""
        return algorithm_of(self.digest) == "delta"

    @property
    def url(self) -> str:
        """The page that says what was made from it."""
        return address_of_data(self.digest)


def address_of_data(digest: str) -> str:
    """Return the page that says what was made from the state with that digest."""
    return f"{reverse('deployments:data')}?{urlencode({'q': digest})}"


def is_digest(said: str) -> bool:
    """Return whether somebody typed a digest; a name may look like one, such as 20261101."""
    maker, separator, value = said.partition(":")
    if separator and maker in ALGORITHMS and value:
        return True
    return len(said) >= _LEAST_DIGITS and _HEXADECIMAL.fullmatch(said) is not None


def spellings(digest: str) -> frozenset[str]:
    """Return how MLflow, locks and reports write the same digest: bare, or behind how it was made."""
    algorithm, value = algorithm_of(digest), digest.rpartition(":")[2]
    if algorithm in _HASHES:
        return frozenset({value, f"{algorithm}:{value}"})
    if _COMMIT.fullmatch(value) and digest in {value, f"git:{value}"}:
        return frozenset({value, f"git:{value}"})
    return frozenset({digest})


def spelt(states: Iterable[State]) -> frozenset[str]:
    """Return every way to write one of the states."""
    return frozenset(each for state in states for each in spellings(state.digest))


def states_of(digest: str, *, reader: User, remarks: list[str]) -> list[State]:
    """Return the state with that digest, and what was prepared from it as far as the reader may see."""
    found = {digest: State(name="", digest=digest)}
    newest = [found[digest]]
    for _ in range(MOST_ROUNDS):
        locks = _locks_with(spelt(newest), reader)
        if len(locks) > MOST_LOCKS:
            remarks.append(
                f"What was prepared from it was looked for in the newest {MOST_LOCKS} locks."
            )
        newest = []
        known = spelt(found.values())
        for lock in locks[:MOST_LOCKS]:
            for state in _prepared(lock, known):
                if state.digest not in found and not spellings(state.digest) & known:
                    found[state.digest] = state
                    newest.append(state)
        if not newest or len(found) > MOST_STATES:
            break
    if len(found) > MOST_STATES:
        remarks.append(f"Only {MOST_STATES} states that were prepared from it were followed.")
    return list(found.values())[:MOST_STATES]


def records_with(digests: Collection[str]) -> Q:
    """Return the condition that a model version's run names one of the digests."""
    return _any(
        Q(datasets__contains=[{key: each}]) for each in digests for key in ("digest", "said")
    )


def reports_with(digests: Collection[str]) -> Q:
    """Return the condition that a lock or a report names one of the digests."""
    named = _any(Q(facts__contains={"datasets": [{"digest": each}]}) for each in digests)
    return Q(kind__in=DATA_KINDS) & named


def states_named(name: str, *, reader: User, most: int) -> list[tuple[State, int]]:
    """Return the states of the data sets of that name, with how often each is named, the newest first."""
    counts: dict[State, int] = {}
    for each in _named(name, reader, most):
        state = State(name=name, digest=each["digest"])
        if state.digest:
            counts[state] = counts.get(state, 0) + 1
    return list(counts.items())


def _named(name: str, reader: User, most: int) -> Iterator[Mapping[str, Any]]:
    records = ModelVersion.objects.visible_to(reader).filter(datasets__contains=[{"name": name}])
    reports = Evidence.objects.visible_to(reader).filter(
        kind__in=DATA_KINDS, facts__contains={"datasets": [{"name": name}]}
    )
    rows = [
        *records.order_by("-pk").values_list("datasets", flat=True)[:most],
        *reports.order_by("-pk").values_list("facts__datasets", flat=True)[:most],
    ]
    return (each for row in rows for each in row if each["name"] == name)


def _locks_with(digests: Collection[str], reader: User) -> list[Mapping[str, Any]]:
    visible = Evidence.objects.visible_to(reader).filter(reports_with(digests), kind="dvc")
    return list(visible.order_by("-pk").values_list("facts", flat=True)[: MOST_LOCKS + 1])


def _prepared(lock: Mapping[str, Any], digests: frozenset[str]) -> Iterator[State]:
    """Yield what the stages of a lock made of one of the states, directly or by steps."""
    digest_of = {each["name"]: each["digest"] for each in (*lock["results"], *lock["datasets"])}
    makes: dict[str, list[str]] = defaultdict(list)
    for stage in lock["stages"]:
        for path in stage["reads"]:
            makes[path] += stage["makes"]
    waiting = [name for name, digest in digest_of.items() if spellings(digest) & digests]
    reached = set(waiting)
    while waiting:
        path = waiting.pop()
        for made in makes[path]:
            if made not in reached:
                reached.add(made)
                waiting.append(made)
                if digest := digest_of.get(made):
                    yield State(name=made, digest=digest, made_from=path)


def _any(conditions: Iterable[Q]) -> Q:
    joined = Q()
    for each in conditions:
        joined |= each
    return joined
