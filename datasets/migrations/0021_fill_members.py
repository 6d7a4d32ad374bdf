"""Sites from before roles go on as they were: everybody works everywhere, whoever made a dataset manages it.

Where there are hidden checks, which only staff and whoever made the dataset saw, everybody becomes reviewer.
"""

from django.db import migrations

REVIEWER, MANAGER = 30, 40


def fill(apps, schema_editor):
    Dataset, CheckSet = apps.get_model("datasets", "Dataset"), apps.get_model("datasets", "CheckSet")
    checked = CheckSet.objects.values("dataset")
    Dataset.objects.filter(pk__in=checked).update(team_role=REVIEWER)
    Dataset.objects.exclude(pk__in=checked).update(team_role=MANAGER)
    apps.get_model("datasets", "Membership").objects.bulk_create(
        apps.get_model("datasets", "Membership")(dataset_id=pk, user_id=user, role=MANAGER)
        for pk, user in Dataset.objects.exclude(created_by=None).values_list("pk", "created_by")
    )


class Migration(migrations.Migration):
    dependencies = [("datasets", "0020_members")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
