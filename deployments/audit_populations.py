"""The list of deployments in evidence packs; see audit.packs.population."""

from typing import Final

from audit.packs.own_lists import SEALED
from audit.packs.population import Population, PopulationSource, Reconciliation
from releases.audit_populations import CHOSEN
from releases.states import OPEN

# Whether every approval rule was met and still stood when the work began, as the log tells it.
_STARTED: Final = f"""
started AS (
    SELECT e.uid, e.facts #>> '{{object,id}}' AS deployment, {SEALED} AS idx,
        (SELECT before.type = 'releases.all_rules_met' FROM audit_event before
            WHERE before.stream = e.stream AND before.stream_seq < e.stream_seq
                AND before.type IN ('releases.all_rules_met', 'releases.checking')
            ORDER BY before.stream_seq DESC LIMIT 1) AS approved
    FROM chosen c JOIN audit_event e ON e.stream = c.stream LEFT JOIN audit_leaf l ON l.event_id = e.id
    WHERE e.type = 'deployments.started'
)
"""

_GRANTED: Final = """
granted AS (
    SELECT c.number, max(e.recorded_at) AS rules_met_at
    FROM chosen c JOIN audit_event e ON e.stream = c.stream
    WHERE e.type = 'releases.all_rules_met' AND NOT EXISTS (
        SELECT FROM deployments_deployment d WHERE d.change_request_id = c.number)
    GROUP BY c.number
)
"""
_STILL_OPEN: Final = ", ".join(f"'{each}'" for each in sorted(OPEN))
_ENDED_UNDONE: Final = "'rejected', 'expired', 'withdrawn', 'superseded'"

_DEPLOYMENTS: Final = f"""
WITH {CHOSEN}, {_STARTED}
SELECT d.id AS deployment, 'CR-' || c.number AS change_request, c.project, en.name AS environment,
    t.executor, d.state, d.started_at, d.finished_at, d.reason,
    coalesce(s.approved, false) AS approved_before, s.uid AS event, s.idx AS leaf_index
FROM chosen c
    JOIN deployments_deployment d ON d.change_request_id = c.number
    JOIN catalog_environment en ON en.id = d.environment_id
    LEFT JOIN deployments_target t ON t.environment_id = d.environment_id
    LEFT JOIN started s ON s.deployment = d.id::text
ORDER BY d.id
"""

_WITHOUT_APPROVAL: Final = f"""
WITH {CHOSEN}, {_STARTED}
SELECT d.id AS deployment, 'CR-' || c.number AS change_request, c.project, en.name AS environment, cr.kind,
    d.state, d.started_at, s.uid AS event, s.idx AS leaf_index
FROM chosen c
    JOIN releases_changerequest cr ON cr.number = c.number
    JOIN deployments_deployment d ON d.change_request_id = c.number
    JOIN catalog_environment en ON en.id = d.environment_id
    LEFT JOIN started s ON s.deployment = d.id::text
WHERE NOT coalesce(s.approved, false)
ORDER BY d.id
"""

_WITHOUT_DEPLOYMENT: Final = f"""
WITH {CHOSEN}, {_GRANTED}
SELECT 'CR-' || c.number AS change_request, c.project, en.name AS environment, cr.kind,
    r.version AS release, g.rules_met_at, cr.state, cr.state_since, cr.not_before, cr.expires_at,
    cr.state IN ({_STILL_OPEN}) AS may_still_be_deployed
FROM granted g
    JOIN chosen c ON c.number = g.number
    JOIN releases_changerequest cr ON cr.number = c.number
    JOIN releases_release r ON r.id = c.release_id
    JOIN catalog_environment en ON en.id = c.environment_id
ORDER BY c.number
"""

_COLUMNS: Final = {
    "approved_before": "Y when every approval rule was met, and still stood, as the work began",
    "deployment": "Key of the attempt",
    "executor": "How the environment is reached today: kubernetes, webhook, manual",
    "finished_at": "When the attempt ended (UTC)",
    "may_still_be_deployed": "Y while it may still be carried out, N when it ended otherwise",
    "not_before": "Before when it must not be carried out (UTC)",
    "reason": "Why it failed or ended without a result",
    "started_at": "When the work began (UTC)",
    "state_since": "Since when it stands so (UTC)",
}

SOURCE: Final = PopulationSource(
    columns=_COLUMNS,
    populations=(
        Population(
            name="deployments",
            title="Attempts to carry these change requests out",
            source=("deployments_deployment", "audit_event", "audit_leaf"),
            sql=_DEPLOYMENTS,
        ),
        Population(
            name="deployments_without_approval",
            title="Deployments that began before every approval rule was met; emergencies, or none",
            source=("deployments_deployment", "releases_changerequest", "audit_event"),
            sql=_WITHOUT_APPROVAL,
        ),
        Population(
            name="approvals_without_deployment",
            title="Changes whose approval rules were all met, and that were not carried out",
            source=("releases_changerequest", "deployments_deployment", "audit_event"),
            sql=_WITHOUT_DEPLOYMENT,
            columns={"expires_at": "Until when it may be carried out (UTC)"},
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
                LEFT JOIN started s ON s.deployment = d.id::text
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
        Reconciliation(
            check="Approved changes without a deployment: all, and those that may still be carried out or "
            "ended otherwise",
            expected=f"""WITH {CHOSEN}, {_GRANTED} SELECT count(*) FROM granted""",
            actual=f"""WITH {CHOSEN}, {_GRANTED} SELECT count(*) FROM granted g
                JOIN releases_changerequest cr ON cr.number = g.number
                WHERE cr.state IN ({_STILL_OPEN}, {_ENDED_UNDONE})""",
        ),
    ),
)
