from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def close_others(apps, schema_editor):
    """Of several open batches of a person on a dataset, only the one with the most files stays open."""
    UploadBatch = apps.get_model("datasets", "UploadBatch")
    seen = set()
    batches = UploadBatch.objects.filter(closed_at=None).annotate(files=models.Count("uploads"))
    for batch in batches.order_by("-files", "created_at"):
        key = (batch.dataset_id, batch.user_id)
        if key in seen:
            UploadBatch.objects.filter(pk=batch.pk).update(closed_at=timezone.now())
        seen.add(key)


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0012_change_merged"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(close_others, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="uploadbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)), fields=("dataset", "user"), name="one_open_batch_each"
            ),
        ),
    ]
