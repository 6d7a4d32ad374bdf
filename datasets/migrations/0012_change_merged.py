from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("datasets", "0011_fill_class_bits")]

    operations = [
        migrations.AddField(
            "bulkchange",
            "merged",
            models.JSONField(
                blank=True,
                null=True,
                help_text='Of a merge of classes: {"source", "target": ids, "names": those that moved}.',
            ),
        ),
    ]
