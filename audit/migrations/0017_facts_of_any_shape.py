"""The facts of an event are read whatever somebody recorded past the portal; the column stays as it is."""

from django.db import migrations, models

from audit.parts import FactsDecoder


class Migration(migrations.Migration):
    dependencies = [("audit", "0016_what_is_taken_away_says_so")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="facts",
            field=models.JSONField(decoder=FactsDecoder, editable=False),
        )
    ]
