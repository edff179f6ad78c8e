"""The database refuses a changed retraining trigger, or a request in another state, that left no audit event."""

from django.db import migrations

WATCHED = [
    # table, columns that matter, stream prefix, column with the stream's key
    (
        "models_registry_retrainingtrigger",
        "kind, address, ref, secret, parameters, cooldown_seconds, timeout_seconds, is_active",
        "retraining-trigger",
        "id",
    ),
    ("models_registry_retrainingrequest", "state", "retraining-request", "id"),
]


def trigger(table: str, columns: str, prefix: str, key: str) -> str:
    return f"""
    CREATE CONSTRAINT TRIGGER {table}_needs_an_event
        AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION audit_require_event('{prefix}', '{key}');
    """


class Migration(migrations.Migration):
    dependencies = [("models_registry", "0004_retraining"), ("audit", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            trigger(*watched), f"DROP TRIGGER {watched[0]}_needs_an_event ON {watched[0]}"
        )
        for watched in WATCHED
    ]
