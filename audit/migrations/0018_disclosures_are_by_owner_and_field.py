"""What stands beside an entry has one form; whoever reads, takes away or prunes it relies on that."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0017_facts_of_any_shape")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE audit_disclosure ADD CONSTRAINT disclosure_is_by_owner_and_field CHECK (
                jsonb_typeof(sealed) = 'object'
                AND NOT jsonb_path_exists(sealed, 'strict $.* ? (@.type() != "object")', '{}', true)
                AND NOT jsonb_path_exists(sealed, 'strict $.*.* ? (@.type() != "string")', '{}', true))
            """,
            "ALTER TABLE audit_disclosure DROP CONSTRAINT disclosure_is_by_owner_and_field",
        )
    ]
