"""An index for the first page: what became stuck of one's own requests, however many there are."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_erased_accounts"),
        ("releases", "0004_access_reviews"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="changerequest",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        ["failed", "errored", "rejected", "expired", "aborted_by_freeze", "blocked"],
                    )
                ),
                fields=["requested_by", "-number"],
                name="stuck_requests_of_a_person",
            ),
        ),
    ]
