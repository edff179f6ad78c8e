"""The database refuses a state change of a deployment, or a changed target, that left no audit event."""

from django.db import migrations

WATCHED = [
    # table, columns that matter, stream prefix, column with the stream's key
    ("deployments_deployment", "state", "change-request", "change_request_id"),
    ("deployments_target", "revision, executor, cluster_id, namespace, webhook_url", "environment", "environment_id"),
]


def trigger(table: str, columns: str, prefix: str, key: str) -> str:
    return f"""
    CREATE CONSTRAINT TRIGGER {table}_needs_an_event
        AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION audit_require_event('{prefix}', '{key}');
    """


class Migration(migrations.Migration):
    dependencies = [("deployments", "0001_initial"), ("audit", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            trigger(*watched), f"DROP TRIGGER {watched[0]}_needs_an_event ON {watched[0]}"
        )
        for watched in WATCHED
    ]
