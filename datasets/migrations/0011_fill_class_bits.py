from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    Box, Image, LabelClass = (apps.get_model("datasets", name) for name in ("Box", "Image", "LabelClass"))
    for pk in LabelClass.objects.values_list("pk", flat=True):
        images = Image.objects.filter(pk__in=Box.objects.filter(label_class=pk).order_by().values("image"))
        # As in datasets/traits.py on the day of this migration.
        images.update(box_traits=F("box_traits").bitor(1 << 16 + pk % 47))


class Migration(migrations.Migration):

    dependencies = [("datasets", "0010_class_bits")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
