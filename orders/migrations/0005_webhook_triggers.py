"""Triggers that write webhook events where the change itself is written, by whatever path."""

from django.db import migrations

from lib.triggers import create_all, drop_all
from orders.triggers import (
    CANCELLATION_TELLS_ITS_REJECTION,
    CANCELLATION_TELLS_ITS_REQUEST,
    ORDER_TELLS_ITS_PROGRESS,
    ORDER_TELLS_ITS_STATUS,
    REFILL_TELLS_ITS_END,
    REFILL_TELLS_ITS_REQUEST,
)

TRIGGERS = [
    ORDER_TELLS_ITS_STATUS,
    ORDER_TELLS_ITS_PROGRESS,
    REFILL_TELLS_ITS_REQUEST,
    REFILL_TELLS_ITS_END,
    CANCELLATION_TELLS_ITS_REQUEST,
    CANCELLATION_TELLS_ITS_REJECTION,
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_webhooks")]

    operations = [migrations.RunSQL(create_all(TRIGGERS), drop_all(TRIGGERS))]
