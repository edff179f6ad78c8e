"""Compare what the tables hold with what the log says, stream by stream.

Each app names its populations: rows of a table, each of which must have left an event of a kind in a
stream. A row without its event was written past the portal, an event without its row was deleted past it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from audit.audit_events import AuditEvent
from audit.doctor.finding import Finding, judge

_SHOWN: Final = 5


@dataclass(frozen=True)
class Population:
    """Rows and the events that they must have left.

    Attributes:
        name: what is counted, in the plural, such as ``Approvals``.
        rows: returns a queryset of one column: the stream of each row's event.
        events: the types of events of which each row left one.
        where: which of these events count, in SQL over ``audit_event``.
    """

    name: str
    rows: Callable[[], QuerySet[Any, Any]]
    events: Sequence[str]
    where: str = "true"

    def compare(self) -> "Reconciled":
        """Compare the two sides, in one statement."""
        rows, parameters = self.rows().order_by().query.sql_with_params()
        with connection.cursor() as cursor:
            statement = _COMPARE.format(rows=rows, where=self.where, shown=_SHOWN, entries=_ENTRIES)
            cursor.execute(statement, [*parameters, list(self.events)])
            held, told, differing = cursor.fetchone()
        return Reconciled(self.name, held, told, tuple(differing or ()))


@dataclass(frozen=True)
class Reconciled:
    """One line of the reconciliation table."""

    name: str
    rows: int
    events: int
    differing: tuple[str, ...]
    """Sentences about the first streams in which the two differ."""

    @property
    def ok(self) -> bool:
        """Whether every row has its event and every event its row."""
        return self.rows == self.events and not self.differing

    @property
    def sentence(self) -> str:
        """What was found."""
        return self.as_finding().sentence

    def as_finding(self) -> Finding:
        """Return it as the doctor tells of things."""
        complaints = []
        if not self.ok:
            complaints = [
                f"{self.name}: the tables hold {self.rows}, and the log says {self.events}.",
                *self.differing,
            ]
        return judge(self.name, complaints, good=f"{self.name}: {self.rows} on both sides.")


# One statement sees one state, also while others write. What came back from the published files after a
# restore, in one transaction with the event that says so, has no rows: these the backup did not hold. Only
# the owner of the schema recovers: who else says so excuses nothing.
_ENTRIES: Final = f"""
recovered AS (
    SELECT e.id, e.xid FROM audit_event e JOIN pg_roles u ON u.rolname = e.db_user
    WHERE e.type = '{AuditEvent.LOG_RECOVERED}' AND pg_has_role(u.oid,
        (SELECT relowner FROM pg_class WHERE oid = 'public.audit_event'::regclass), 'USAGE')
), entries AS NOT MATERIALIZED (
    SELECT e.* FROM audit_event e
    WHERE NOT EXISTS (SELECT FROM recovered r WHERE r.xid = e.xid AND r.id > e.id)
)
"""  # noqa: S608 -- a constant
_COMPARE: Final = """
WITH held AS (SELECT stream, count(*) AS number FROM ({rows}) AS r(stream) GROUP BY stream),
{entries},
told AS (
    SELECT stream, count(*) AS number FROM entries e WHERE type = ANY(%s) AND ({where}) GROUP BY stream
), both_sides AS (
    SELECT stream, coalesce(h.number, 0) AS held, coalesce(t.number, 0) AS told
    FROM held h FULL JOIN told t USING (stream)
)
SELECT coalesce(sum(held), 0)::bigint, coalesce(sum(told), 0)::bigint,
    (SELECT array_agg(s) FROM (
        SELECT stream || ' has ' || held || ' in the tables and ' || told || ' in the log.' AS s
        FROM both_sides WHERE held <> told ORDER BY stream LIMIT {shown}
    ) AS first)
FROM both_sides
"""


@dataclass(frozen=True)
class Precedence:
    """An event before which another one must stand in the same stream.

    Attributes:
        name: what is looked for, in the plural, such as ``Deployments without an approval``.
        event: the type of the later event.
        needs: the type of the earlier one.
        undone_by: events between the two that take the earlier one back.
    """

    name: str
    event: str
    needs: str
    undone_by: Sequence[str] = ()

    def compare(self) -> Reconciled:
        """Count the later events on one side, and those with their earlier one on the other."""
        with connection.cursor() as cursor:
            undone_by = [*map(str, self.undone_by)]
            cursor.execute(
                _PRECEDED, {"event": self.event, "needs": self.needs, "undone_by": undone_by}
            )
            found, preceded, without = cursor.fetchone()
        sentences = (f"{one} has none." for one in without or ())
        return Reconciled(self.name, found, preceded, tuple(sentences))


_PRECEDED: Final = """
WITH later AS (
    SELECT e.stream, e.stream_seq, EXISTS (
        SELECT FROM audit_event b
        WHERE b.stream = e.stream AND b.stream_seq < e.stream_seq AND b.type = %(needs)s
          AND NOT EXISTS (
            SELECT FROM audit_event u WHERE u.stream = e.stream AND u.type = ANY(%(undone_by)s)
              AND u.stream_seq BETWEEN b.stream_seq AND e.stream_seq)
    ) AS preceded
    FROM audit_event e WHERE e.type = %(event)s
)
SELECT count(*), count(*) FILTER (WHERE preceded),
    (array_agg(stream || ' #' || stream_seq ORDER BY stream, stream_seq)
        FILTER (WHERE NOT preceded))[1:5]
FROM later
"""


@dataclass(frozen=True)
class Sequel:
    """An event after which something else must come in the same stream, unless it may still come.

    Attributes:
        name: what is looked for, in the plural.
        event: the type of the earlier event; the newest of a stream counts.
        then: the types of the later ones, of which one is enough.
        unless: SQL for the streams in which it may still come.
    """

    name: str
    event: str
    then: Sequence[str]
    unless: str

    def compare(self) -> Reconciled:
        """Count the earlier events on one side, and those with what came of them on the other."""
        statement = _FOLLOWED.format(entries=_ENTRIES, unless=self.unless, shown=_SHOWN)
        with connection.cursor() as cursor:
            cursor.execute(statement, {"event": self.event, "then": [*map(str, self.then)]})
            found, followed, without = cursor.fetchone()
        sentences = (f"Nothing came of {one}." for one in without or ())
        return Reconciled(self.name, found, followed, tuple(sentences))


_FOLLOWED: Final = """
WITH {entries}, newest AS (
    SELECT stream, max(stream_seq) AS stream_seq FROM entries WHERE type = %(event)s GROUP BY stream
), judged AS (
    SELECT n.*, n.stream IN ({unless}) OR EXISTS (
        SELECT FROM audit_event a WHERE a.stream = n.stream AND a.stream_seq > n.stream_seq
            AND a.type = ANY(%(then)s)
    ) AS followed FROM newest n
)
SELECT count(*), count(*) FILTER (WHERE followed),
    (array_agg(stream || ' #' || stream_seq ORDER BY stream, stream_seq)
        FILTER (WHERE NOT followed))[1:{shown}]
FROM judged
"""


@dataclass(frozen=True)
class Agreement:
    """What stands in a table and what the log says of the same things, where one event tells of several.

    Attributes:
        name: what is compared, in the plural.
        held: SQL for two columns of text, what it is and how it stands in the tables; each thing once.
        told: the same out of the log, whose events are called ``entries`` there.
        parameters: of both, by name.
        by: what tells the second side, where it is not the log.
    """

    name: str
    held: str
    told: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    by: str = "in the log"

    def compare(self) -> Reconciled:
        """Compare the two sides, in one statement."""
        statement = _AGREED.format(
            entries=_ENTRIES, held=self.held, told=self.told, by=self.by, shown=_SHOWN
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, self.parameters or None)
            held, told, differing = cursor.fetchone()
        return Reconciled(self.name, held, told, tuple(differing or ()))


LISTED_IN: Final = "jsonb_array_elements_text(jsonb_path_query_array({}, '$[*]'))"
"""SQL for the texts of a list in an event. Whoever records past the portal may write something else in its
place, which is taken for a list of one: it must not stop the comparison."""

_AGREED: Final = """
WITH {entries}, held (what, stands) AS ({held}), told (what, stands) AS ({told})
SELECT count(h.what), count(t.what), (array_agg(
    coalesce(what, 'What has no name') || ': ' || coalesce(h.stands, 'nothing') || ' in the tables and '
        || coalesce(t.stands, 'nothing') || ' {by}.' ORDER BY what)
    FILTER (WHERE h.stands IS DISTINCT FROM t.stands))[1:{shown}]
FROM held h FULL JOIN told t USING (what)
"""

Reconciliation = Population | Precedence | Sequel | Agreement


def checks() -> list[Reconciliation]:
    """Return those that settings.AUDIT_RECONCILIATION names."""
    found: list[Reconciliation] = []
    for path in settings.AUDIT_RECONCILIATION:
        found += import_string(path)
    return found


def reconcile() -> list[Reconciled]:
    """Return the reconciliation table.

    Raises:
        DatabaseError: the database does not answer.
    """
    return [check.compare() for check in checks()]
