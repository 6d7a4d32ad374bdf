from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0003_more_export_formats")]

    operations = [
        migrations.RenameField("trainedmodel", "onnx_sha256", "detector_sha256"),
        migrations.AlterField(
            "trainedmodel", "size_bytes", models.PositiveBigIntegerField(help_text="Of the exported graph.")
        ),
    ]
