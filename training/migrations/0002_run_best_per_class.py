"""Per-class figures of a run's best evaluation, for the run's and the model's page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="best_per_class",
            field=models.JSONField(default=dict, help_text='At the best step: {name: {"ap", "ap50"}}.'),
        ),
    ]
