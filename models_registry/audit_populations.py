"""The list of what was done to models without the portal, in evidence packs; see audit.packs.population."""

from typing import Final

from audit.packs.own_lists import SEALED
from audit.packs.population import Population, PopulationSource, Reconciliation

_IN_PROJECT: Final = "(%(project)s::text IS NULL OR {} = %(project)s)"

_FINDINGS: Final = f"""
SELECT f.id AS finding, p.slug AS project, m.name AS model, v.number AS model_version,
    en.name AS environment, f.kind, f.sentence, f.state, f.found_at, f.settled_at,
    u.pseudonym AS settled_by, e.uid AS event, {SEALED} AS leaf_index
FROM models_registry_finding f
    JOIN models_registry_registeredmodel m ON m.id = f.model_id
    JOIN models_registry_registry r ON r.id = m.registry_id
    JOIN catalog_project p ON p.id = r.project_id
    LEFT JOIN models_registry_modelversion v ON v.id = f.version_id
    LEFT JOIN catalog_environment en ON en.id = f.environment_id
    LEFT JOIN catalog_user u ON u.id = f.settled_by_id
    LEFT JOIN audit_event e ON e.stream = 'model/' || m.id AND e.type = 'models_registry.found'
        AND e.facts #>> '{{data,finding}}' = f.id::text
    LEFT JOIN audit_leaf l ON l.event_id = e.id
WHERE {_IN_PROJECT.format("p.slug")}
    AND (%(environment)s::text IS NULL OR en.name = %(environment)s)
    AND f.found_at < coalesce(%(until)s::timestamptz, 'infinity')
    AND coalesce(f.settled_at, 'infinity') >= coalesce(%(since)s::timestamptz, '-infinity')
ORDER BY f.id
"""

SOURCE: Final = PopulationSource(
    columns={
        "finding": "Key of the finding",
        "found_at": "When it was found (UTC)",
        "model": "Name of the model in its registry",
        "model_version": "Which of its versions; empty when it is about the model",
        "settled_at": "When somebody said what became of it (UTC); empty while it is open",
        "settled_by": "Who did, by pseudonym",
    },
    populations=(
        Population(
            name="model_findings",
            title="What was done to models in their registries without the portal",
            source=("models_registry_finding", "audit_event", "audit_leaf"),
            sql=_FINDINGS,
            columns={
                "environment": "The environment that it touches, if it touches one",
                "kind": "What sort of thing was seen",
                "sentence": "What was seen, in words",
            },
        ),
    ),
    reconciliations=(
        Reconciliation(
            check="Findings about models: in the log, and in the table",
            expected=f"""SELECT count(*) FROM audit_event
                WHERE type = 'models_registry.found' AND {_IN_PROJECT.format("project")}""",
            actual=f"""SELECT count(*) FROM models_registry_finding f
                JOIN models_registry_registeredmodel m ON m.id = f.model_id
                JOIN models_registry_registry r ON r.id = m.registry_id
                JOIN catalog_project p ON p.id = r.project_id WHERE {_IN_PROJECT.format("p.slug")}""",
        ),
    ),
)
