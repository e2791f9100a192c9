"""Two admins answer one proposal at the same moment: one wins, the other learns of it."""

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.models import Role, User
from billing import adjustments
from billing.models import Account, Adjustment, AdjustmentKind
from billing.proof import check_ledger
from tests.factories import NOW, make_user
from tests.guards_off import at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3
AMOUNT = Decimal(500)
Answer = Callable[..., object]


def answered_at_once(
    customer: User, *answers: Answer, is_locked: bool = True
) -> tuple[Adjustment, list[bool]]:
    """A proposal that so many admins answer at once, and whose answer counted."""
    proposer, *admins = [make_user(role=Role.ADMIN) for _ in (None, *answers)]
    adjustment, _ = adjustments.propose(
        kind=AdjustmentKind.TOP_UP,
        customer=customer,
        amount=AMOUNT,
        act_id=uuid4(),
        actor=proposer,
        reason="invoice 7",
        now=NOW,
    )

    def answer(number: int) -> bool:
        try:
            answers[number](adjustment=adjustment, actor=admins[number], now=NOW)
        except adjustments.AlreadyClosed:
            return False
        return True

    counted = (at_once if is_locked else at_once_without)(answer, times=len(answers))
    adjustment.refresh_from_db()
    return adjustment, counted


def test_of_those_who_agree_at_once_one_books() -> None:
    customer = make_user()

    adjustment, counted = answered_at_once(customer, *[adjustments.agree] * 4)

    assert counted.count(True) == 1
    assert adjustment.outcome == "agreed"
    assert Account.objects.get(owner=customer).balance == AMOUNT
    assert check_ledger() == []


def test_of_agreeing_and_withdrawing_at_once_one_counts() -> None:
    for _ in range(ROUNDS):
        customer = make_user()

        adjustment, (is_agreed, is_withdrawn) = answered_at_once(
            customer, adjustments.agree, adjustments.withdraw
        )

        assert is_agreed is not is_withdrawn
        assert adjustment.outcome == ("agreed" if is_agreed else "withdrawn")
        assert Account.objects.filter(owner=customer, balance=AMOUNT).exists() is is_agreed


def test_control_without_the_rows_lock_both_count() -> None:
    """What was withdrawn is booked, or what was booked is told as withdrawn."""
    customer = make_user()

    _, counted = answered_at_once(
        customer, adjustments.agree, adjustments.withdraw, is_locked=False
    )

    assert counted == [True, True]
    assert Account.objects.get(owner=customer).balance == AMOUNT
