"""Whoever looks at a moment reads the log, since the answer is computed from its entries."""

from audit.actions.record_reading import Way, record_reading
from catalog.models import Environment, User


def record_moment_read(way: Way, environment: Environment, *, by: User) -> None:
    """Record it as a reading of the project's log; call it before the answer leaves."""
    project = environment.project.slug
    wanted = {"project": project, "environment": environment.name}
    record_reading(way, by=by, wanted=wanted, project=project)
