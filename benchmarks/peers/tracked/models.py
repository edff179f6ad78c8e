"""One table for each peer."""

import pghistory
from auditlog.registry import auditlog
from simple_history.models import HistoricalRecords

from benchmarks.peers.flat.models import Fields


class Logged(Fields):
    """Watched by django-auditlog: signals, a row of JSON with the differences."""


class Kept(Fields):
    """Watched by django-simple-history: signals, a whole row."""

    history = HistoricalRecords()


@pghistory.track()
class Followed(Fields):
    """Watched by django-pghistory: a trigger, a whole row, and its context."""


auditlog.register(Logged)
