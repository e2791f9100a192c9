"""Many sessions on one wallet at once: it is spent to the last cent and no further, and a payment
counts once.
"""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import DatabaseError

from billing import ledger
from billing.models import Account, Transfer
from billing.proof import check_ledger
from billing.reference import order_charge
from tests.factories import NOW, make_user
from tests.guards_off import at_once_without
from tests.threads import at_once

THREADS = 50


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_spend_exactly_what_is_there() -> None:
    customer = make_user(balance="20")

    def spend(number: int) -> bool:
        try:
            ledger.charge(
                customer=customer, amount=Decimal(1), reference=order_charge(number), now=NOW
            )
        except ledger.InsufficientFunds:
            return False
        return True

    results = at_once(spend, times=THREADS)

    assert results.count(True) == 20
    wallet = Account.objects.get(owner=customer)
    assert (wallet.balance, wallet.seq) == (Decimal(0), 21)
    assert Transfer.objects.filter(kind="charge").count() == 20
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_first_use_of_wallet_and_house_account_is_made_once() -> None:
    customer = make_user()

    at_once(
        lambda number: ledger.top_up(
            customer=customer, amount=Decimal(1), gateway="race", payment_id=str(number), now=NOW
        ),
        times=THREADS,
    )

    assert Account.objects.get(owner=customer).balance == THREADS
    assert Account.objects.filter(code="topups:race").count() == 1
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_payment_reported_a_hundred_times_is_booked_once() -> None:
    customer = make_user()

    def report(_: int) -> bool:
        transfers = [
            ledger.top_up(
                customer=customer, amount=Decimal(7), gateway="race", payment_id="one", now=NOW
            )
            for _ in range(2)
        ]
        return any(transfers)

    results = at_once(report, times=THREADS)

    assert results.count(True) == 1
    assert Transfer.objects.count() == 1
    assert Account.objects.get(owner=customer).balance == 7


@pytest.mark.django_db(transaction=True)
def test_control_without_the_wallets_lock_money_that_is_there_cannot_be_spent() -> None:
    """All write the same next step, and the database takes one of them."""
    customer = make_user(balance="21")
    # also the account of sales is there by now: whoever makes it keeps all others waiting
    ledger.charge(customer=customer, amount=Decimal(1), reference=order_charge(1000), now=NOW)

    def spend(number: int) -> str:
        try:
            ledger.charge(
                customer=customer, amount=Decimal(1), reference=order_charge(number), now=NOW
            )
        except DatabaseError:
            return "broken off"
        return "spent"

    results = at_once_without(spend, times=5)

    assert Counter(results) == {"spent": 1, "broken off": 4}
    assert Account.objects.get(owner=customer).balance == 19
