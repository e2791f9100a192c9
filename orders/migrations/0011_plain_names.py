"""Plain names for two models; their tables keep the names they have."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_ended_orders_by_provider")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterModelTable(name="doubt", table="orders_doubt"),
                migrations.RenameModel("Doubt", "Review"),
                migrations.AlterField(
                    model_name="review",
                    name="order",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="orders.order",
                    ),
                ),
                migrations.AlterModelTable(name="refusaltext", table="orders_refusaltext"),
                migrations.RenameModel("RefusalText", "RejectionText"),
            ]
        )
    ]
