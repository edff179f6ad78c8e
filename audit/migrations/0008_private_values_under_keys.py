"""Private values move under their subjects' keys; those that stood in plain text are sealed here."""

import base64
from pathlib import Path

import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from audit.privacy.sealing import Private, seal
from audit.privacy.wrapping import new_wrapped_key

SQL = Path(__file__).resolve().parent.parent / "sql"
BATCH = 2000
OF_THE_ACCOUNT = {"person", "username", "identity", "tried"}
OF_THE_NAMED = {"person", "member", "account"}


def whom_it_concerns(facts, field):
    """Return the pseudonym under whose key a value belongs: as the actions say it for new ones."""
    about = facts.get("object", {})
    data = facts.get("data", {})
    if field in OF_THE_ACCOUNT and about.get("type") == "account":
        return str(about["id"])
    named = data.get("account_id") or data.get("account")
    if field in OF_THE_NAMED and isinstance(named, str) and named.startswith("usr_"):
        return named
    return str(facts["actor"]["id"])


def seal_what_is_plain(apps, schema_editor):
    event, disclosure = apps.get_model("audit", "Event"), apps.get_model("audit", "Disclosure")
    subject_key = apps.get_model("audit", "SubjectKey")
    keys, after = {}, 0
    while rows := list(disclosure.objects.filter(pk__gt=after).order_by("pk")[:BATCH]):
        facts = dict(
            event.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "facts")
        )
        for row in rows:
            values = [
                Private(
                    field, base64.b64decode(salt), value, (whom_it_concerns(facts[row.pk], field),)
                )
                for field, (salt, value) in row.values.items()
                if row.pk in facts
            ]
            for subject in {subject for each in values for subject in each.subjects} - keys.keys():
                keys[subject], wrapped = new_wrapped_key(subject)
                subject_key.objects.create(subject=subject, wrapped=wrapped)
            row.sealed = seal(values, keys)
        disclosure.objects.bulk_update(rows, ["sealed"])
        after = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_evidence_packs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("subject", models.TextField(primary_key=True, serialize=False)),
                ("wrapped", models.BinaryField(null=True)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("destroyed_at__isnull", False), ("wrapped", None)),
                            models.Q(("destroyed_at", None), ("wrapped__isnull", False)),
                            _connector="OR",
                        ),
                        name="audit_a_key_is_there_or_destroyed",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="disclosure", name="sealed", field=models.JSONField(default=dict), preserve_default=False
        ),
        migrations.RunPython(seal_what_is_plain, migrations.RunPython.noop),
        migrations.RemoveField(model_name="disclosure", name="values"),
        migrations.RunSQL(
            (SQL / "privacy.sql").read_text(encoding="utf-8"),
            (SQL / "undo" / "privacy.sql").read_text(encoding="utf-8"),
        ),
    ]
