from django.db import migrations, models

BROWSED = ["state", "verified", "negative", "split", "defect", "box_traits", "created_by", "assignee", "box_count"]


class Migration(migrations.Migration):

    dependencies = [("datasets", "0009_image_origin")]

    operations = [
        migrations.RemoveIndex("image", "image_by_id"),
        migrations.AlterField(
            "image",
            "box_traits",
            models.BigIntegerField(default=0, help_text="Sorts of boxes on it; see datasets/traits.py."),
        ),
        migrations.AddIndex(
            "image", models.Index(fields=["dataset", "id", *BROWSED, "file_name", "folder"], name="image_by_id")
        ),
    ]
