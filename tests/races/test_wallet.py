"""Many sessions on one wallet at once: it is spent to the last cent and no further, and a payment
counts once.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import connection, transaction

from billing import ledger
from billing.models import Account, Transfer
from billing.proof import check_ledger
from billing.reference import order_charge
from tests.factories import NOW, make_user
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


@pytest.fixture
def bare_wallet() -> Iterator[None]:
    """A wallet as panels usually keep it: one number, without lock, trigger or constraint.

    It holds 20.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_wallet (balance numeric(20,5) NOT NULL)")
        cursor.execute("INSERT INTO bare_wallet VALUES (20)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bare_wallet")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lock", "is_exact"), [("", False), ("FOR NO KEY UPDATE", True)])
def test_the_row_lock_is_what_keeps_the_money(bare_wallet: None, lock: str, is_exact: bool) -> None:
    """The control: the same race on a bare row loses money without the lock, and none with
    nothing but the lock.
    """
    del bare_wallet

    def spend(_: int) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT balance FROM bare_wallet {lock}")  # noqa: S608  # one of two words above
            balance = cursor.fetchone()[0]
            if balance < 1:
                return False
            cursor.execute("SELECT pg_sleep(0.002)")  # the work between reading and writing
            cursor.execute("UPDATE bare_wallet SET balance = %s", [balance - 1])
        return True

    sold = at_once(spend, times=THREADS).count(True)

    with connection.cursor() as cursor:
        cursor.execute("SELECT balance FROM bare_wallet")
        left = cursor.fetchone()[0]
    assert (sold + left == 20) is is_exact
    assert (sold == 20) is is_exact
