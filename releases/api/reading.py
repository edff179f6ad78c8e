"""Change requests and their verdicts, each by one hand-written statement: they are read all the time."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from catalog.errors import NotFound
from catalog.models import User
from catalog.statement import rows_of
from releases.seen import IN_VISIBLE_PROJECT, parameters_of

_TIMES: Final = {
    "state_since": "cr.state_since",
    "requested_at": "cr.requested_at",
    "not_before": "cr.not_before",
    "expires_at": "cr.expires_at",
    "deployed_at": "cr.deployed_at",
    "given_at": "a.given_at",
    "voided_at": "a.voided_at",
    "started_at": "d.started_at",
    "finished_at": "d.finished_at",
}
_IN_UTC: Final = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

_DOCUMENT: Final = (
    (Path(__file__).parent / "change_request.sql")
    .read_text(encoding="utf-8")
    .format(
        visible=IN_VISIBLE_PROJECT,
        **{name: _IN_UTC.format(column) for name, column in _TIMES.items()},
    )
)

# What explains the state is looked up only in the states that it explains.
_STANDING: Final = f"""
SELECT cr.state, cr.blocking, cr.rules, cr.not_before,
    CASE WHEN cr.state = 'rejected' THEN (
        SELECT ARRAY[a.person_name, a.comment] FROM releases_approval a
        WHERE a.change_request_id = cr.number AND a.decision = 'rejected' ORDER BY a.id DESC LIMIT 1
    ) END,
    CASE WHEN cr.state IN ('failed', 'errored', 'deploying', 'verifying') THEN (
        SELECT d.reason FROM deployments_deployment d
        WHERE d.change_request_id = cr.number ORDER BY d.id DESC LIMIT 1
    ) END
FROM releases_changerequest cr
WHERE cr.number = %(number)s AND {IN_VISIBLE_PROJECT}
"""  # noqa: S608 -- composed of constants


class Standing(NamedTuple):
    """What a verdict is made of."""

    state: str
    blocking: Any
    rules: Any
    not_before: Any
    rejection: list[str] | None
    deployment_reason: str | None


def document_of(number: int, *, caller: User) -> str:
    """Return the change request as JSON.

    Raises:
        NotFound: there is none, or the caller may not see its project.
    """
    return str(_row(_DOCUMENT, number, caller)[0])


def standing_of(number: int, *, caller: User) -> Standing:
    """Return what the verdict is made of.

    Raises:
        NotFound: there is none, or the caller may not see its project.
    """
    return Standing(*_row(_STANDING, number, caller))


def _row(statement: str, number: int, caller: User) -> tuple[Any, ...]:
    rows = rows_of(statement, parameters_of(caller) | {"number": number})
    if not rows:
        raise NotFound(f"There is no change request CR-{number} that you may see.")
    return rows[0]
