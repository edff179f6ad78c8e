"""Entries that the sequencer keeps out of the tree, and the alarm about them."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0013_alarms_about_what_is_not_kept")]

    operations = [
        migrations.CreateModel(
            name="RefusedEntry",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="refused",
                        serialize=False,
                        to="audit.event",
                    ),
                ),
                ("reason", models.TextField()),
                ("refused_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("verification", "Verification"),
                    ("witness", "A witness contradicts"),
                    ("unwitnessed", "Not witnessed"),
                    ("sealing", "Not sealed"),
                    ("refused", "Refused entries"),
                    ("silence", "Silence"),
                    ("clock", "The clock is off"),
                    ("unverified", "Not verified"),
                    ("unkept", "Not kept elsewhere"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunSQL(
            (SQL / "refused.sql").read_text(encoding="utf-8"),
            (SQL / "undo" / "refused.sql").read_text(encoding="utf-8"),
        ),
    ]
