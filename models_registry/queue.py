"""Nudges of the models registry: sent after the commit, by name. A lost one costs one sweep's interval."""

from catalog import nudges

SYNC = "models_registry.sync"
LOOK_AT_HINTS = "models_registry.look_at_hints"
READ_FILES = "models_registry.read_files"
SEE_TO_RETRAINING = "models_registry.see_to_retraining"
SET_ALIASES = "models_registry.set_aliases"

STALE_AFTER = 60
"""Seconds: the sweep asks again long before, so an older nudge has nothing left to say."""


def nudge_sync(registry_id: int) -> None:
    """Let a worker compare everything in the registry."""
    nudges.nudge(SYNC, registry_id, expires=STALE_AFTER)


def nudge_hints(registry_id: int) -> None:
    """Let a worker look at the models that webhooks named."""
    nudges.nudge(LOOK_AT_HINTS, registry_id, expires=STALE_AFTER)


def nudge_files(registry_id: int) -> None:
    """Let a worker read the files of versions that were taken in."""
    nudges.nudge(READ_FILES, registry_id, expires=STALE_AFTER)


def nudge_alias_orders(registry_id: int) -> None:
    """Let a worker set aliases in MLflow."""
    nudges.nudge(SET_ALIASES, registry_id, expires=STALE_AFTER)


def nudge_retraining(request_id: int) -> None:
    """Let a worker see to a retraining request."""
    nudges.nudge(SEE_TO_RETRAINING, request_id, expires=STALE_AFTER)
