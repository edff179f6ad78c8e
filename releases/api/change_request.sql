-- A change request as the API shows it: one statement, the document made here.
-- The deployments are of the app above; their table is named, as the layers are about imports.
SELECT json_build_object(
    'number', cr.number,
    'label', 'CR-' || cr.number,
    'project', p.slug,
    'environment', e.name,
    'release', json_build_object('id', r.id, 'version', r.version, 'content_digest', r.content_digest),
    'kind', cr.kind,
    'reason', cr.reason,
    'state', cr.state,
    'state_since', {state_since},
    'requested_by', u.username,
    'requested_at', {requested_at},
    'not_before', {not_before},
    'expires_at', {expires_at},
    'deployed_at', {deployed_at},
    'policy', CASE WHEN pv.id IS NOT NULL
        THEN json_build_object('name', po.name, 'version', pv.number, 'digest', pv.digest) END,
    'statement_digest', s.digest,
    'gates', COALESCE((
        SELECT json_agg(json_build_object(
            'name', g.name,
            'outcome', g.outcome,
            'detail', g.detail,
            'satisfied_by', g.satisfied_by,
            'artifact_version', i.artifact_version_id,
            'evidence', g.evidence_id
        ) ORDER BY g.position)
        FROM releases_gateresult g LEFT JOIN releases_releaseitem i ON i.id = g.item_id
        WHERE g.change_request_id = cr.number
    ), '[]'),
    'rules', cr.rules,
    'approvals', COALESCE((
        SELECT json_agg(json_build_object(
            'id', a.id,
            'person', json_build_object('username', au.username, 'name', a.person_name),
            'roles', to_json(a.roles),
            'decision', a.decision,
            'comment', a.comment,
            'statement_digest', st.digest,
            'given_at', {given_at},
            'voided_at', {voided_at},
            'void_reason', a.void_reason
        ) ORDER BY a.id)
        FROM releases_approval a
        JOIN catalog_user au ON au.id = a.person_id
        JOIN releases_statement st ON st.id = a.statement_id
        WHERE a.change_request_id = cr.number
    ), '[]'),
    'blocking', cr.blocking,
    'deployment', (
        SELECT json_build_object(
            'id', d.id,
            'state', d.state,
            'reason', d.reason,
            'started_at', {started_at},
            'finished_at', {finished_at}
        )
        FROM deployments_deployment d WHERE d.change_request_id = cr.number
        ORDER BY d.id DESC LIMIT 1
    )
)::text
FROM releases_changerequest cr
JOIN catalog_project p ON p.id = cr.project_id
JOIN catalog_environment e ON e.id = cr.environment_id
JOIN releases_release r ON r.id = cr.release_id
JOIN catalog_user u ON u.id = cr.requested_by_id
LEFT JOIN releases_statement s ON s.id = cr.statement_id
LEFT JOIN releases_policyversion pv ON pv.id = cr.policy_version_id
LEFT JOIN releases_policy po ON po.id = pv.policy_id
WHERE cr.number = %(number)s AND {visible}
