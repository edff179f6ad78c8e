"""The list of deployments in evidence packs; see audit.packs.population."""

from typing import Final

from audit.packs.own_lists import SEALED
from audit.packs.population import Population, PopulationSource, Reconciliation
from releases.audit_populations import CHOSEN

# Whether every approval rule was met and still stood when the work began, as the log tells it.
_STARTED: Final = f"""
started AS (
    SELECT e.uid, (e.facts #>> '{{object,id}}')::bigint AS deployment, {SEALED} AS idx,
        (SELECT before.type = 'releases.all_rules_met' FROM audit_event before
            WHERE before.stream = e.stream AND before.stream_seq < e.stream_seq
                AND before.type IN ('releases.all_rules_met', 'releases.checking')
            ORDER BY before.stream_seq DESC LIMIT 1) AS approved
    FROM chosen c JOIN audit_event e ON e.stream = c.stream LEFT JOIN audit_leaf l ON l.event_id = e.id
    WHERE e.type = 'deployments.started'
)
"""

_DEPLOYMENTS: Final = f"""
WITH {CHOSEN}, {_STARTED}
SELECT d.id AS deployment, 'CR-' || c.number AS change_request, c.project, en.name AS environment,
    t.executor, d.state, d.started_at, d.finished_at, d.reason,
    coalesce(s.approved, false) AS approved_before, s.uid AS event, s.idx AS leaf_index
FROM chosen c
    JOIN deployments_deployment d ON d.change_request_id = c.number
    JOIN catalog_environment en ON en.id = d.environment_id
    LEFT JOIN deployments_target t ON t.environment_id = d.environment_id
    LEFT JOIN started s ON s.deployment = d.id
ORDER BY d.id
"""

SOURCE: Final = PopulationSource(
    populations=(
        Population(
            name="deployments",
            title="Attempts to carry these change requests out",
            source=("deployments_deployment", "audit_event", "audit_leaf"),
            sql=_DEPLOYMENTS,
        ),
    ),
    reconciliations=(
        Reconciliation(
            check="Deployments of the listed change requests: begun in the log, and in the table",
            expected=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN audit_event e ON e.stream = c.stream WHERE e.type = 'deployments.started'""",
            actual=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN deployments_deployment d ON d.change_request_id = c.number""",
        ),
        Reconciliation(
            check="Deployments before every approval rule was met, emergencies aside: none",
            expected="SELECT 0",
            actual=f"""WITH {CHOSEN}, {_STARTED}
                SELECT count(*) FROM chosen c
                JOIN releases_changerequest cr ON cr.number = c.number
                JOIN deployments_deployment d ON d.change_request_id = c.number
                LEFT JOIN started s ON s.deployment = d.id
                WHERE cr.kind <> 'emergency' AND NOT coalesce(s.approved, false)""",
        ),
        Reconciliation(
            check="Change requests that count as deployed: all, and those with a deployment that succeeded",
            expected=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN releases_changerequest cr ON cr.number = c.number WHERE cr.deployed_at IS NOT NULL""",
            actual=f"""WITH {CHOSEN} SELECT count(*) FROM chosen c
                JOIN releases_changerequest cr ON cr.number = c.number
                WHERE cr.deployed_at IS NOT NULL AND EXISTS (SELECT FROM deployments_deployment d
                    WHERE d.change_request_id = c.number AND d.state = 'succeeded')""",
        ),
    ),
)
