"""Faults 31 and 32: a payment is reported many times, or the panel dies while it books one.

There is no gateway yet, so what a gateway's callback will call is shown here: the act that books a
payment under (gateway, payment id). Signatures and currencies are the callback's own business and
come with it.
"""

import signal
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from billing import ledger
from billing.models import Transfer
from tests.faults.shop import Shop

pytestmark = pytest.mark.stack

REPLAYS, AT_ONCE = 100, 10
DIES_BEFORE_THE_COMMIT = """
import os, signal
from decimal import Decimal
from django.db import transaction
from django.utils import timezone
from accounts.models import User
from billing import ledger
with transaction.atomic():
    booked = ledger.top_up(customer=User.objects.get(pk=%d), amount=Decimal(7), gateway="cards",
                           payment_id="32", now=timezone.now())
    assert booked is not None
    os.kill(os.getpid(), signal.SIGKILL)
"""


def report(shop: Shop, *, payment_id: str, amount: str) -> Transfer | None:
    """What a callback does; one that names another amount than was booked is refused, and
    credits nothing.
    """
    now = timezone.now()
    try:
        return ledger.top_up(
            customer=shop.customer,
            amount=Decimal(amount),
            gateway="cards",
            payment_id=payment_id,
            now=now,
        )
    except ledger.ReferenceReused:
        return None
    finally:
        connection.close()


def test_fault_31_payment_that_is_reported_a_hundred_times_is_credited_once(shop: Shop) -> None:
    before = shop.balance()
    amounts = ["7" if number % 2 else "70" for number in range(REPLAYS)]  # some of them lie

    with ThreadPoolExecutor(AT_ONCE) as threads:
        booked = list(
            threads.map(lambda amount: report(shop, payment_id="31", amount=amount), amounts)
        )

    credited = [transfer.amount for transfer in booked if transfer is not None]
    assert len(credited) == 1
    assert shop.balance() == before + credited[0]


def test_fault_32_payment_whose_booking_was_cut_off_is_credited_once_by_the_next_report(
    shop: Shop,
) -> None:
    before = shop.balance()

    code, _ = shop.stand.stack.start_beside(DIES_BEFORE_THE_COMMIT % shop.customer.pk).end()
    after_the_kill = shop.balance()
    reports = [report(shop, payment_id="32", amount="7") for _ in range(2)]

    assert code == -signal.SIGKILL
    assert after_the_kill == before
    assert [transfer is not None for transfer in reports] == [True, False]
    assert shop.balance() == before + 7
