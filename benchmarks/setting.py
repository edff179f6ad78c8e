"""What a question is given: the machine, its data, the servers, and how long it may take."""

from dataclasses import dataclass

from benchmarks.client import Request, always, drive
from benchmarks.data import Ground
from benchmarks.machine import Machine
from benchmarks.rounds import Measure


@dataclass(frozen=True)
class Setting:
    """Everything by name. The ports are of servers on the full history, but ``small``; 0 where none runs."""

    machine: Machine
    ground: Ground
    ours: int
    baseline: int
    small: int
    rounds: int
    seconds: float
    """Of one burst."""
    entries: int
    """Of the log, where it must be long."""

    def token(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the header with which one of our accounts calls."""
        return (("Authorization", f"Bearer {self.ground.tokens[name]}"),)

    def session(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the header with which one of our people looks at pages."""
        return (("Cookie", f"sessionid={self.ground.sessions[name]}"),)

    @property
    def baseline_token(self) -> tuple[tuple[str, str], ...]:
        """The header with which the baseline's account calls."""
        return (("Authorization", f"Token {self.ground.baseline_token}"),)

    @property
    def baseline_session(self) -> tuple[tuple[str, str], ...]:
        """The header with which the baseline's account looks at pages."""
        return (("Cookie", f"sessionid={self.ground.baseline_session}"),)

    def polling(self, port: int, request: Request, *, expect: int = 200) -> Measure:
        """Return what measures one request, asked again and again by eight clients."""
        return lambda: drive(port, always(request), seconds=self.seconds, expect=expect)

    def one_at_a_time(self, port: int, request: Request) -> Measure:
        """Return the same for a single client: the time an answer takes on an idle server."""
        return lambda: drive(port, always(request), seconds=self.seconds / 2, clients=1)
