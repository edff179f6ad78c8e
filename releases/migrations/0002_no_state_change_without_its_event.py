"""The database refuses a state change of these tables that left no audit event in its transaction."""

from django.db import migrations

WATCHED = [
    # table, columns that matter, stream prefix, column with the stream's key
    ("releases_changerequest", "state, statement_id, policy_version_id", "change-request", "number"),
    ("releases_approval", "decision, statement_id, voided_at", "change-request", "change_request_id"),
    ("releases_release", "content_digest, version", "release", "id"),
    ("releases_policyversion", "state, document, digest", "policy", "policy_id"),
    ("releases_policyactivation", "policy_version_id, ended_at", "environment", "environment_id"),
]


def trigger(table: str, columns: str, prefix: str, key: str) -> str:
    return f"""
    CREATE CONSTRAINT TRIGGER {table}_needs_an_event
        AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION audit_require_event('{prefix}', '{key}');
    """


class Migration(migrations.Migration):
    dependencies = [("releases", "0001_initial"), ("audit", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            trigger(*watched), f"DROP TRIGGER {watched[0]}_needs_an_event ON {watched[0]}"
        )
        for watched in WATCHED
    ]
