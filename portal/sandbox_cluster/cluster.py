"""The cluster as a whole: its objects, its faults, its pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.sandbox_cluster.faults import Faults
from portal.sandbox_cluster.store import Store


@dataclass(frozen=True)
class Pace:
    """How fast things happen, in seconds."""

    start: float = 0.3
    """From a pod's scheduling until its containers run."""
    stop: float = 0.1
    """From a pod's deletion until it is gone."""
    back_off: float = 0.5
    """The first back-off of an image pull or a crash; it doubles each time …"""
    longest_back_off: float = 10.0
    """… up to this."""


@dataclass
class Cluster:
    """What the API, the controllers and the nodes share."""

    store: Store = field(default_factory=Store)
    faults: Faults = field(default_factory=Faults)
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], float] = time.monotonic
    paused: bool = False
    """Whether the controllers and the nodes rest; the API goes on."""
