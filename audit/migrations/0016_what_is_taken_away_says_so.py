"""What is removed or dismissed needs its event, and the index of words is drawn by the database."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0015_alarms_about_destinations")]

    operations = [
        migrations.AddField(
            model_name="deadletter", name="dismissed_at", field=models.DateTimeField(null=True)
        ),
        migrations.RemoveIndex(model_name="deadletter", name="audit_dead_letters_open"),
        migrations.AddIndex(
            model_name="deadletter",
            index=models.Index(
                condition=models.Q(delivered_at=None, dismissed_at=None),
                fields=["destination"],
                name="audit_dead_letters_open",
            ),
        ),
        migrations.RunSQL(
            """
            CREATE CONSTRAINT TRIGGER audit_deadletter_needs_an_event
                AFTER DELETE OR UPDATE OF dismissed_at ON audit_deadletter
                DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION audit_require_event('log-destination', 'destination_id');
            """,
            "DROP TRIGGER audit_deadletter_needs_an_event ON audit_deadletter",
        ),
        migrations.RunSQL(
            (SQL / "removal.sql").read_text(encoding="utf-8"),
            (SQL / "undo" / "removal.sql").read_text(encoding="utf-8"),
        ),
        migrations.RunSQL(
            (SQL / "words_drawn.sql").read_text(encoding="utf-8"),
            (SQL / "undo" / "words_drawn.sql").read_text(encoding="utf-8"),
        ),
    ]
