from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_profile_of_a_provider"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="is_429_unclear",
            field=models.BooleanField(default=False),
        ),
    ]
