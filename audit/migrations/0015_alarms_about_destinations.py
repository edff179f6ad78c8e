from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0014_entries_that_are_refused")]

    operations = [
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
                    ("stream", "Not sent to a destination"),
                ],
                max_length=20,
            ),
        ),
    ]
