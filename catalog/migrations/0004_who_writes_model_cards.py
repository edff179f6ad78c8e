"""A verb for model cards: in the built-in roles, and for whoever holds one of them already."""

from django.db import migrations

VERB = "edit_model_card"
TITLE = "Write and review model cards"
ROLES = ["data-scientist", "validator", "product-owner", "risk", "ci"]

# As catalog/grants.py gives it, once: on an installation that is there already.
GIVE = """
INSERT INTO catalog_projectuserobjectpermission (user_id, permission_id, content_object_id, expires_at)
SELECT u.id, %(verb)s, m.project_id,
    CASE WHEN bool_or(m.expires_at IS NULL) THEN NULL ELSE max(m.expires_at) END
FROM catalog_membership m
    JOIN catalog_role r ON r.id = m.role_id AND r.slug = ANY(%(roles)s) AND r.built_in
    LEFT JOIN catalog_team_members tm ON tm.team_id = m.team_id
    JOIN catalog_user u ON u.id = coalesce(m.user_id, tm.user_id) AND u.is_active
WHERE m.ended_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > now())
GROUP BY 1, 2, 3
ON CONFLICT DO NOTHING
"""


def add(apps, schema_editor):
    role = apps.get_model("catalog", "Role")
    for each in role.objects.filter(slug__in=ROLES, built_in=True):
        if VERB not in each.permissions:
            each.permissions = [*each.permissions, VERB]
            each.save(update_fields=["permissions"])
    if not apps.get_model("catalog", "Membership").objects.exists():
        return
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="catalog", model="project"
    )
    verb, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=VERB, defaults={"name": TITLE}
    )
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(GIVE, {"verb": verb.pk, "roles": ROLES})


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0003_erased_accounts"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="project",
            options={
                "ordering": ["slug"],
                "permissions": [
                    ("manage_project", "Change the project, its environments and targets"),
                    ("manage_members", "Give and take roles in the project"),
                    ("manage_service_accounts", "Create service accounts and their tokens"),
                    ("register_artifact", "Register artifact versions"),
                    ("add_evidence", "Add evidence"),
                    (VERB, TITLE),
                    ("seal_release", "Seal releases"),
                    ("view_audit", "Read the project's audit log"),
                ],
            },
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
