from django.db import migrations

#: As in datasets/traits.py on the day of this migration.
SOURCES = {"person": 64, "import": 128, "model": 256}


def size_bit(box):
    area = (box["x2"] - box["x1"]) * (box["y2"] - box["y1"])
    return 1 if area < 32**2 else 2 if area < 96**2 else 4


def fill(apps, schema_editor):
    Box, Image = apps.get_model("datasets", "Box"), apps.get_model("datasets", "Image")
    rows = {}
    boxes = Box.objects.order_by("image_id").values(
        "image_id", "x1", "y1", "x2", "y2", "difficult", "truncated", "occluded", "source"
    )
    for box in boxes.iterator(5000):
        image = rows.setdefault(box["image_id"], Image(pk=box["image_id"], box_count=0, box_traits=0))
        image.box_count += 1
        image.box_traits |= size_bit(box) | SOURCES[box["source"]]
        image.box_traits |= 8 * box["difficult"] | 16 * box["truncated"] | 32 * box["occluded"]
    Image.objects.bulk_update(rows.values(), ["box_count", "box_traits"], batch_size=200)


class Migration(migrations.Migration):

    dependencies = [("datasets", "0005_curation")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
