"""Interleaved rounds: what disturbs the machine disturbs both sides, and the median forgives the rest."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.client import Load

Measure = Callable[[], Load]


@dataclass(frozen=True)
class Pair:
    """Both sides' loads, round by round."""

    baseline: Sequence[Load]
    ours: Sequence[Load]

    @property
    def rate_ratio(self) -> float:
        """Our rate in terms of the baseline's: the median over the rounds."""
        both = zip(self.ours, self.baseline, strict=True)
        return statistics.median(ours.rate / baseline.rate for ours, baseline in both)

    def latency_ratio(self, percent: int) -> float:
        """Our latency in terms of the baseline's: the median over the rounds."""
        both = zip(self.ours, self.baseline, strict=True)
        return statistics.median(
            ours.percentile(percent) / baseline.percentile(percent) for ours, baseline in both
        )


def interleaved(baseline: Measure, ours: Measure, rounds: int) -> Pair:
    """Return the loads of both sides after one round to warm up."""
    baseline()
    ours()
    loads = [(baseline(), ours()) for _ in range(rounds)]
    return Pair([pair[0] for pair in loads], [pair[1] for pair in loads])


def rate(loads: Sequence[Load]) -> str:
    """Return the median rate for the table."""
    return f"{statistics.median(load.rate for load in loads):,.0f}/s"


def latency(loads: Sequence[Load], percent: int) -> str:
    """Return the median latency for the table."""
    return f"{statistics.median(load.percentile(percent) for load in loads) * 1000:.1f} ms"


def timed(function: Callable[[], object], times: int) -> Load:
    """Return how long the function takes, called in a row."""
    load = Load()
    began = time.perf_counter()
    for _ in range(times):
        asked = time.perf_counter()
        function()
        load.latencies.append(time.perf_counter() - asked)
    load.seconds = time.perf_counter() - began
    return load
