"""`balance`: what the caller's wallet holds."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.http import HttpResponse

from billing.models import Account
from orders.api.admitting import Caller
from orders.api.answers import reply
from orders.api.asking import Ask


def balance(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """Five decimals, as money is booked; below zero where the customer uses credit. One query."""
    del ask, now
    found = Account.objects.filter(owner=caller.user).values_list("balance", flat=True).first() or Decimal(0)
    return reply({"balance": f"{found:.5f}", "currency": settings.PANEL_CURRENCY})
