from django.db import migrations
from django.db.models import F


def submit_what_waits(apps, schema_editor):
    """Until now every waiting job was known to the workers."""
    apps.get_model("jobs", "Job").objects.filter(state="queued").update(submitted_at=F("created_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0003_work_in_turns'),
    ]

    operations = [migrations.RunPython(submit_what_waits, migrations.RunPython.noop)]
