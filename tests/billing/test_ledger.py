"""The ledger's acts: what each books, what a repeat does, what is refused."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.models import Role
from billing import ledger
from billing.models import Account, Transfer, TransferKind
from billing.reference import order_charge, order_refund
from tests.factories import NOW, fund, make_user

pytestmark = pytest.mark.django_db


def test_opening_a_wallet_twice_gives_the_same_wallet() -> None:
    user = make_user()

    first = ledger.open_wallet(owner=user)
    second = ledger.open_wallet(owner=user)

    assert first == second
    assert (first.balance, first.seq) == (Decimal(0), 0)


def test_top_up_adds_to_the_wallet_and_says_what_it_left() -> None:
    user = make_user()

    transfer = ledger.top_up(
        customer=user,
        amount=Decimal("12.34567"),
        gateway="stripe",
        payment_id="pi_1",
        now=NOW,
        reason="thanks",
    )

    assert transfer is not None
    stored = Transfer.objects.select_related("debit", "credit").get()
    assert stored == transfer
    assert (stored.debit.code, stored.credit.owner) == ("topups:stripe", user)
    assert (stored.amount, stored.balance_after, stored.wallet_seq) == (
        Decimal("12.34567"),
        Decimal("12.34567"),
        1,
    )
    assert (stored.kind, stored.reference, stored.reason) == (
        TransferKind.TOP_UP,
        "pay:stripe:pi_1",
        "thanks",
    )
    assert stored.created_at == NOW
    assert Account.objects.get(owner=user).balance == Decimal("12.34567")


def test_charge_takes_from_the_wallet_into_sales() -> None:
    user = make_user(balance="10")

    transfer = ledger.charge(customer=user, amount=Decimal(10), reference=order_charge(1), now=NOW)

    assert transfer is not None
    assert (transfer.debit.owner, transfer.credit.code) == (user, "sales")
    assert (transfer.signed_amount, transfer.balance_after, transfer.wallet_seq) == (
        Decimal(-10),
        Decimal(0),
        2,
    )
    assert Account.objects.get(owner=user).balance == 0


def test_charge_below_the_credit_limit_is_refused_and_leaves_nothing() -> None:
    user = make_user(balance="10")

    with pytest.raises(ledger.InsufficientFunds) as caught:
        ledger.charge(customer=user, amount=Decimal("10.00001"), reference=order_charge(1), now=NOW)

    assert (caught.value.available, caught.value.amount) == (Decimal(10), Decimal("10.00001"))
    assert not Transfer.objects.filter(reference="order:1:charge").exists()
    assert Account.objects.get(owner=user).balance == 10


def test_caller_goes_on_in_its_transaction_after_a_refusal() -> None:
    user = make_user(balance="1")

    with transaction.atomic():
        with pytest.raises(ledger.InsufficientFunds):
            ledger.charge(customer=user, amount=Decimal(2), reference=order_charge(1), now=NOW)
        ledger.charge(customer=user, amount=Decimal(1), reference=order_charge(2), now=NOW)

    assert Account.objects.get(owner=user).balance == 0


def test_credit_limit_can_be_spent_to_the_last_step() -> None:
    user = make_user()
    ledger.open_wallet(owner=user)
    Account.objects.filter(owner=user).update(credit_limit=Decimal(5))

    ledger.charge(customer=user, amount=Decimal(5), reference=order_charge(1), now=NOW)

    assert Account.objects.get(owner=user).balance == -5
    with pytest.raises(ledger.InsufficientFunds):
        ledger.charge(customer=user, amount=Decimal("0.00001"), reference=order_charge(2), now=NOW)


def test_funds_that_are_looked_up_count_the_credit_and_are_not_reserved() -> None:
    user = make_user(balance="10")
    Account.objects.filter(owner=user).update(credit_limit=Decimal(5))

    ledger.check_funds(customer=user, amount=Decimal(15))
    with pytest.raises(ledger.InsufficientFunds) as caught:
        ledger.check_funds(customer=user, amount=Decimal("15.00001"))

    assert (caught.value.available, caught.value.amount) == (Decimal(15), Decimal("15.00001"))
    assert Account.objects.get(owner=user).balance == 10


def test_repeated_charge_moves_nothing_even_when_the_money_is_gone() -> None:
    user = make_user(balance="10")
    ledger.charge(customer=user, amount=Decimal(10), reference=order_charge(1), now=NOW)

    again = ledger.charge(customer=user, amount=Decimal(10), reference=order_charge(1), now=NOW)

    assert again is None
    assert Transfer.objects.filter(reference="order:1:charge").count() == 1
    assert Account.objects.get(owner=user).balance == 0


def test_refund_returns_from_sales_once() -> None:
    user = make_user(balance="10")
    ledger.charge(customer=user, amount=Decimal(10), reference=order_charge(1), now=NOW)

    first = ledger.refund(
        customer=user,
        amount=Decimal(4),
        reference=order_refund(1, up_to=Decimal("4.00000")),
        now=NOW,
    )
    second = ledger.refund(
        customer=user,
        amount=Decimal(4),
        reference=order_refund(1, up_to=Decimal("4.00000")),
        now=NOW,
    )

    assert first is not None
    assert (first.debit.code, first.signed_amount) == ("sales", Decimal(4))
    assert second is None
    assert Account.objects.get(owner=user).balance == 4


@pytest.mark.parametrize(("amount", "left"), [("3.5", "13.5"), ("-3.5", "6.5")])
def test_correction_moves_either_way_with_actor_and_reason(amount: str, left: str) -> None:
    user = make_user(balance="10")
    admin = make_user(role=Role.ADMIN)
    correction_id = uuid4()

    transfer = ledger.correct(
        customer=user,
        amount=Decimal(amount),
        correction_id=correction_id,
        actor=admin,
        reason="goodwill",
        now=NOW,
    )

    assert transfer is not None
    assert (transfer.reference, transfer.actor, transfer.reason) == (
        f"adj:{correction_id}",
        admin,
        "goodwill",
    )
    assert transfer.signed_amount == Decimal(amount)
    assert Account.objects.get(owner=user).balance == Decimal(left)


def test_correction_does_not_take_more_than_there_is() -> None:
    user = make_user(balance="1")

    with pytest.raises(ledger.InsufficientFunds):
        ledger.correct(
            customer=user,
            amount=Decimal("-1.5"),
            correction_id=uuid4(),
            actor=user,
            reason="mistake",
            now=NOW,
        )

    assert Account.objects.get(owner=user).balance == 1


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.000001", "1.000001", "NaN", "Infinity", "sNaN", "1e15", "1e999999"]
)
def test_amount_that_cannot_be_booked_is_refused(amount: str) -> None:
    user = make_user(balance="10")

    with pytest.raises(ledger.BadAmount):
        ledger.charge(customer=user, amount=Decimal(amount), reference=order_charge(1), now=NOW)
    with pytest.raises(ledger.BadAmount):
        ledger.top_up(customer=user, amount=Decimal(amount), gateway="x", payment_id="1", now=NOW)

    assert Transfer.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "NaN", "-sNaN", "-Infinity", "-0.000001"])
def test_correction_that_cannot_be_booked_is_refused(amount: str) -> None:
    user = make_user(balance="10")

    with pytest.raises(ledger.BadAmount):
        ledger.correct(
            customer=user,
            amount=Decimal(amount),
            correction_id=uuid4(),
            actor=user,
            reason="mistake",
            now=NOW,
        )

    assert Transfer.objects.count() == 1


def test_balance_that_cannot_be_held_is_refused() -> None:
    user = make_user()
    fund(user=user, amount=ledger.MAX_VALUE)

    with pytest.raises(ledger.BadAmount):
        fund(user=user, amount="0.00001")

    assert Account.objects.get(owner=user).balance == ledger.MAX_VALUE


def test_reference_is_refused_for_another_amount() -> None:
    user = make_user()
    ledger.top_up(customer=user, amount=Decimal(5), gateway="stripe", payment_id="pi_1", now=NOW)

    with pytest.raises(ledger.ReferenceReused):
        ledger.top_up(
            customer=user, amount=Decimal(50), gateway="stripe", payment_id="pi_1", now=NOW
        )

    assert Account.objects.get(owner=user).balance == 5


def test_reference_is_refused_for_another_wallet() -> None:
    owner, other = make_user(), make_user()
    ledger.top_up(customer=owner, amount=Decimal(5), gateway="stripe", payment_id="pi_1", now=NOW)

    with pytest.raises(ledger.ReferenceReused):
        ledger.top_up(
            customer=other, amount=Decimal(5), gateway="stripe", payment_id="pi_1", now=NOW
        )

    assert not Transfer.objects.filter(wallet__owner=other).exists()


def test_same_amount_written_otherwise_is_the_same_movement() -> None:
    user = make_user()
    ledger.top_up(customer=user, amount=Decimal(5), gateway="stripe", payment_id="pi_1", now=NOW)

    again = ledger.top_up(
        customer=user, amount=Decimal("5.00"), gateway="stripe", payment_id="pi_1", now=NOW
    )

    assert again is None
