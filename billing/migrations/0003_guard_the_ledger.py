"""Triggers that make the ledger's rules the database's own, whoever writes and by whatever path."""

from django.db import migrations

from billing.triggers import (
    ACCOUNT_MOVES_BY_STEPS,
    TRANSFER_APPEND_ONLY,
    TRANSFER_MOVES_ITS_WALLET,
    WALLET_MOVES_WITH_ITS_TRANSFER,
)
from lib.triggers import create_all, drop_all

TRIGGERS = [
    TRANSFER_APPEND_ONLY,
    ACCOUNT_MOVES_BY_STEPS,
    WALLET_MOVES_WITH_ITS_TRANSFER,
    TRANSFER_MOVES_ITS_WALLET,
]


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_transfer_direction_fits_kind")]

    operations = [migrations.RunSQL(create_all(TRIGGERS), drop_all(TRIGGERS))]
