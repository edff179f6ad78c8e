"""What is signed of an access review holds commitments to the notes; those of signed ones stay as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("releases", "0005_stuck_requests_of_a_person")]

    operations = [
        migrations.AddField(
            model_name="accessdecision",
            name="note_salt",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddField(
            model_name="accessdecision",
            name="note_commitment",
            field=models.CharField(blank=True, max_length=43),
        ),
    ]
