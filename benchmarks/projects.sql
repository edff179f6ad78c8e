-- 200 projects like the pattern's, with its environments, policies in force, artifacts and people.
SET session_replication_role = replica;

INSERT INTO catalog_project (id, slug, name, description, risk_tier, created_at, created_by_id)
SELECT 1000 + n, 'service-' || n, 'Service ' || n, '', (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4],
       now(), (SELECT id FROM catalog_user WHERE username = 'admin')
FROM generate_series(1, 200) n;

INSERT INTO catalog_environment (id, project_id, name, tier, position, created_at)
SELECT 2 * (1000 + n) + place, 1000 + n, (ARRAY['staging', 'production'])[place + 1],
       (ARRAY['staging', 'production'])[place + 1], place + 1, now()
FROM generate_series(1, 200) n, generate_series(0, 1) place;

INSERT INTO releases_policyactivation (environment_id, policy_version_id, activated_by_id, activated_at)
SELECT e.id, a.policy_version_id, a.activated_by_id, now()
FROM catalog_environment e, (SELECT * FROM releases_policyactivation ORDER BY id LIMIT 1) a WHERE e.id > 1000;

-- Eight artifacts a project: the last seven are for those who register versions at the same time.
INSERT INTO catalog_artifact (id, project_id, name, kind)
SELECT 1000 + n, 1000 + n, 'api', 'image' FROM generate_series(1, 200) n;
INSERT INTO catalog_artifact (id, project_id, name, kind)
SELECT 5000 + n, 1001, 'part-' || n, 'image' FROM generate_series(0, 63) n;

INSERT INTO catalog_membership (project_id, user_id, role_id, created_at, created_by_id)
SELECT p.id, m.user_id, m.role_id, now(), m.created_by_id
FROM catalog_project p, catalog_membership m
WHERE p.id > 1000 AND m.project_id = (SELECT id FROM catalog_project WHERE slug = 'pattern');

RESET session_replication_role;
SELECT setval(pg_get_serial_sequence(t, 'id'), 100000)
FROM (VALUES ('catalog_project'), ('catalog_environment'), ('catalog_artifact')) AS keys (t);
