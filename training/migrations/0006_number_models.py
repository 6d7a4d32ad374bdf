"""Models made before they had numbers get them in the order in which they were made, dataset by dataset."""

from collections import Counter

from django.db import migrations


def number_models(apps, schema_editor):
    given = Counter()
    models = apps.get_model("training", "TrainedModel").objects
    for pk, dataset in models.order_by("pk").values_list("pk", "run__version__dataset"):
        given[dataset] += 1
        models.filter(pk=pk).update(number=given[dataset])


class Migration(migrations.Migration):
    dependencies = [("training", "0005_run_history_and_registry")]
    operations = [migrations.RunPython(number_models, migrations.RunPython.noop)]
