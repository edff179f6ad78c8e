"""The triggers and privileges of the tree's tables, and its one row."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_the_tree")]
    operations = [
        migrations.RunSQL(
            (SQL / "tree.sql").read_text(encoding="utf-8"),
            (SQL / "undo" / "tree.sql").read_text(encoding="utf-8"),
        )
    ]
