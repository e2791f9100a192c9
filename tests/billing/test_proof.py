"""The ledger's own audit names each thing that does not add up."""

import pytest

from billing.models import Account, Transfer
from billing.proof import check_ledger
from billing.proof_of_changes import Moved, check_moved
from tests.factories import make_order, make_user
from tests.row_damage import damage

pytestmark = pytest.mark.django_db


def test_changed_balance_is_found() -> None:
    wallet = Account.objects.get(owner=make_user(balance="10"))
    damage("UPDATE billing_account SET balance = 11 WHERE id = %s", wallet.pk)

    name = f"wallet {wallet.pk} of user {wallet.owner_id}"
    assert check_ledger() == [
        f"{name}: its balance is 11.00000, its transfers make 10.00000",
        f"{name}: its balance is 11.00000, its last transfer left 10.00000",
        "all wallets hold 11.00000, the accounts of the house -10.00000: together 1.00000, not 0",
    ]


def test_changed_amount_is_found() -> None:
    wallet = Account.objects.get(owner=make_user(balance="10"))
    transfer = wallet.movements.get()
    damage("UPDATE billing_transfer SET amount = 9 WHERE id = %s", transfer.pk)

    assert (
        f"transfer {transfer.pk} ({transfer.reference}): it left 10.00000 in wallet {wallet.pk},"
        " but 0 and 9.00000 make 9.00000"
    ) in check_ledger()


def test_missing_transfer_is_found() -> None:
    order = make_order()
    wallet = Account.objects.get(owner=order.user)
    damage("DELETE FROM billing_transfer WHERE wallet_id = %s AND wallet_seq = 1", wallet.pk)

    assert (
        f"wallet {wallet.pk} of user {wallet.owner_id}:"
        " it moved 2 times, its transfers are 1, numbered 2 to 2" in check_ledger()
    )


def test_balance_below_the_credit_limit_is_found() -> None:
    order = make_order()
    wallet = Account.objects.get(owner=order.user)
    damage("ALTER TABLE billing_account DROP CONSTRAINT wallet_within_credit_limit")
    damage("UPDATE billing_account SET balance = -1 WHERE id = %s", wallet.pk)

    assert (
        f"wallet {wallet.pk} of user {wallet.owner_id}:"
        " -1.00000 is below its credit limit of 0.00000" in check_ledger()
    )


def test_guard_that_sleeps_is_found() -> None:
    damage("ALTER TABLE billing_transfer DISABLE TRIGGER transfer_append_only")

    assert check_ledger() == [
        "the trigger transfer_append_only on billing_transfer is missing or disabled"
    ]


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        ("subject_id = subject_id + 1", "order {other}"),
        ("subject_kind = '', subject_id = NULL", " "),
        ("reference = 'lost'", "order {order}"),
    ],
)
def test_reference_that_does_not_name_its_subject_is_found(damaged: str, told: str) -> None:
    order = make_order()
    damage("ALTER TABLE billing_transfer DROP CONSTRAINT transfer_reference_names_subject")
    damage(f"UPDATE billing_transfer SET {damaged} WHERE kind = 'charge'")  # noqa: S608
    transfer = Transfer.objects.get(kind="charge")
    subject = told.format(order=order.pk, other=order.pk + 1)
    found = (
        f"transfer {transfer.pk} ({transfer.reference}):"
        f" its reference does not say that it is about {subject}"
    )

    assert check_ledger() == [found]
    assert check_moved(Moved(transfers=[transfer.pk], wallets=[])) == [found]
