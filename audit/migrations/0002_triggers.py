"""The triggers that compose entries, refuse changes and demand an event for every state change."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (SQL / "events.sql").read_text(encoding="utf-8"),
            (SQL / "undo" / "events.sql").read_text(encoding="utf-8"),
        )
    ]
