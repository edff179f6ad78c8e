"""What every installation starts with: the built-in roles and the account of the portal itself."""

from django.db import migrations

from catalog.roles import BUILT_IN_ROLES


def seed(apps, schema_editor):
    role = apps.get_model("catalog", "Role")
    for built_in in BUILT_IN_ROLES:
        role.objects.update_or_create(
            slug=built_in.slug,
            defaults={
                "title": built_in.title,
                "description": built_in.description,
                "permissions": list(built_in.permissions),
                "built_in": True,
            },
        )
    apps.get_model("catalog", "User").objects.get_or_create(
        username="gatehouse",
        defaults={
            "kind": "system",
            "pseudonym": "sys_gatehouse",
            "full_name": "Gatehouse",
            "password": "!unusable",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
