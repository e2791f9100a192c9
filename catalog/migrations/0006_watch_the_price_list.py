"""Triggers that give the price list a new version with every statement that may change it."""

from django.db import migrations

from catalog.triggers import CATEGORY_RENEWS_PRICE_LIST, SERVICE_RENEWS_PRICE_LIST
from lib.triggers import create_all, drop_all

TRIGGERS = [SERVICE_RENEWS_PRICE_LIST, CATEGORY_RENEWS_PRICE_LIST]


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_version_of_the_price_list")]

    operations = [
        migrations.RunSQL(create_all(TRIGGERS), drop_all(TRIGGERS)),
        migrations.RunSQL(
            "INSERT INTO catalog_pricelistversion (token) VALUES (gen_random_uuid())",
            migrations.RunSQL.noop,
        ),
    ]
