from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("models_registry", "0007_gitlab_pipelines_by_inputs")]

    operations = [
        migrations.AlterField(
            model_name="aliasorder",
            name="state",
            field=models.CharField(
                choices=[
                    ("wanted", "To be set"),
                    ("setting", "Being set"),
                    ("set", "Set"),
                    ("refused", "MLflow refused"),
                    ("overtaken", "Overtaken by a later deployment, or by another alias"),
                ],
                default="wanted",
                max_length=10,
            ),
        )
    ]
