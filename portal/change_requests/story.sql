-- Everything that the page of one change request shows beside its events: one statement, one moment.
-- Rows are whole where the page needs most of their columns; accounts are never read with their passwords.
SELECT json_build_object(
    'change_request', to_json(cr),
    'project', to_json(p),
    'release', to_json(r),
    'sealed_by', (SELECT {account} FROM catalog_user u WHERE u.id = r.sealed_by_id),
    'requested_by', (SELECT {account} FROM catalog_user u WHERE u.id = cr.requested_by_id),
    'statement', to_json(s),
    'policy_version', to_json(pv),
    'policy', to_json(po),
    'path', (
        SELECT json_agg(to_json(e) ORDER BY e.position)
        FROM catalog_environment e WHERE e.project_id = cr.project_id
    ),
    'items', (
        SELECT json_agg(
            json_build_object('item', to_json(i), 'version', to_json(v), 'artifact', to_json(a))
            ORDER BY a.name
        )
        FROM releases_releaseitem i
        JOIN catalog_artifactversion v ON v.id = i.artifact_version_id
        JOIN catalog_artifact a ON a.id = v.artifact_id
        WHERE i.release_id = cr.release_id
    ),
    'gates', (
        SELECT json_agg(json_build_object(
            'gate', to_json(g),
            'evidence', CASE WHEN ev.id IS NOT NULL THEN json_build_object(
                'id', ev.id, 'kind', ev.kind, 'artifact_version_id', ev.artifact_version_id
            ) END
        ) ORDER BY g.position)
        FROM releases_gateresult g LEFT JOIN releases_evidence ev ON ev.id = g.evidence_id
        WHERE g.change_request_id = cr.number
    ),
    'approvals', (
        SELECT json_agg(json_build_object('approval', to_json(ap), 'person', {account}) ORDER BY ap.id)
        FROM releases_approval ap JOIN catalog_user u ON u.id = ap.person_id
        WHERE ap.change_request_id = cr.number
    ),
    'attempt', (
        SELECT json_build_object(
            'deployment', to_json(d),
            'steps', (
                SELECT json_agg(to_json(st) ORDER BY st.position)
                FROM deployments_deploymentstep st WHERE st.deployment_id = d.id
            ),
            'replaced_by', CASE WHEN d.state = 'succeeded' THEN (
                SELECT later.change_request_id FROM deployments_deployment later
                WHERE later.environment_id = cr.environment_id AND later.state = 'succeeded'
                  AND later.id > d.id
                ORDER BY later.id DESC LIMIT 1
            ) END
        )
        FROM deployments_deployment d WHERE d.change_request_id = cr.number
        ORDER BY d.id DESC LIMIT 1
    ),
    'held', {held},
    'last_event', (
        SELECT ae.id FROM audit_event ae WHERE ae.stream = 'change-request/' || cr.number
        ORDER BY ae.stream_seq DESC LIMIT 1
    )
)::text
FROM releases_changerequest cr
JOIN catalog_project p ON p.id = cr.project_id
JOIN releases_release r ON r.id = cr.release_id
LEFT JOIN releases_statement s ON s.id = cr.statement_id
LEFT JOIN releases_policyversion pv ON pv.id = cr.policy_version_id
LEFT JOIN releases_policy po ON po.id = pv.policy_id
WHERE cr.number = %(number)s AND {visible}
