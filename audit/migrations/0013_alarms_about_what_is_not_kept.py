from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0012_log_destinations")]

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
                    ("silence", "Silence"),
                    ("clock", "The clock is off"),
                    ("unverified", "Not verified"),
                    ("unkept", "Not kept elsewhere"),
                ],
                max_length=20,
            ),
        ),
    ]
