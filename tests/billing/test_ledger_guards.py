"""The database refuses every statement that would bend the ledger, whoever sends it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing import ledger
from billing.models import Account
from tests.factories import make_user

pytestmark = pytest.mark.django_db

COLUMNS = """
(debit_id, credit_id, amount, kind, reference, subject_kind, subject_id, gateway, wallet_id,
 wallet_seq, balance_after, reason, created_at)
"""


@pytest.fixture
def wallet() -> Account:
    """A wallet with 10 in it, moved once."""
    return Account.objects.get(owner=make_user(balance="10"))


@pytest.fixture
def house(wallet: Account) -> Account:
    """The account on the other side of the wallet's one movement."""
    return wallet.movements.get().debit


@pytest.fixture(autouse=True)
def guards_are_on(wallet: Account) -> Iterator[None]:
    """Settle what the arrangement left for the commit, so that a refusal is the test's own."""
    del wallet
    settle()
    yield
    settle()


def settle() -> None:
    """Do what COMMIT does first: check what was deferred."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def assert_refused(*statements: str, because: str) -> None:
    """The statements, committed together, are refused with these words."""
    with pytest.raises(IntegrityError, match=because):
        commit(*statements)


@transaction.atomic
def commit(*statements: str) -> None:
    """Run the statements and settle what they deferred."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    settle()


def transfer(
    *,
    debit: int,
    credit: int,
    wallet: int,
    seq: int,
    amount: str,
    after: str,
    kind: str = "top_up",
    subject: str = "'forged', '', NULL",
    gateway: str | None = None,
) -> str:
    """An INSERT of one transfer; `subject` is its reference, and of what kind and number it is."""
    if gateway is None:
        gateway = "forged" if kind == "top_up" else ""
    called = f"{subject}, '{gateway}'"
    return (
        f"INSERT INTO billing_transfer {COLUMNS} VALUES "  # noqa: S608  # a test's own numbers
        f"({debit}, {credit}, {amount}, '{kind}', {called}, {wallet}, {seq}, {after}, '', now())"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_transfer SET amount = 1",
        "UPDATE billing_transfer SET reason = 'forged'",
        "UPDATE billing_transfer SET amount = 1 WHERE false",
        "DELETE FROM billing_transfer",
        "TRUNCATE billing_transfer",
        "TRUNCATE billing_account CASCADE",
    ],
)
def test_transfers_are_append_only(statement: str) -> None:
    assert_refused(statement, because="append-only")


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("balance = 11", "seq goes from 1 to 2, not 1"),
        ("seq = 2", "no transfer 2 leaves the balance 10"),
        ("balance = 11, seq = 2", "no transfer 2 leaves the balance 11"),
        ("balance = 11, seq = 3", "seq goes from 1 to 2, not 3"),
        ("balance = 0, seq = 0", "seq goes from 1 to 2, not 0"),
        ("balance = -1, seq = 2", "wallet_within_credit_limit"),
        ("credit_limit = -1", "credit_limit_not_negative"),
        ("owner_id = NULL, code = 'mine', kind = 'house'", "stays what and whose it is"),
    ],
)
def test_wallet_does_not_change_without_its_transfer(
    wallet: Account, change: str, because: str
) -> None:
    assert_refused(
        f"UPDATE billing_account SET {change} WHERE id = {wallet.pk}",  # noqa: S608  # a test's own text
        because=because,
    )


def test_wallet_does_not_change_hands(wallet: Account) -> None:
    other = make_user()

    assert_refused(
        f"UPDATE billing_account SET owner_id = {other.pk} WHERE id = {wallet.pk}",  # noqa: S608
        because="stays what and whose it is",
    )


def test_wallet_does_not_begin_with_money() -> None:
    other = make_user()

    assert_refused(
        "INSERT INTO billing_account (kind, owner_id, balance, seq, credit_limit, created_at) "  # noqa: S608
        f"VALUES ('wallet', {other.pk}, 5, 0, 0, now())",
        because="a new account is empty",
    )


def test_wallet_with_movements_is_not_deleted(wallet: Account) -> None:
    assert_refused(f"DELETE FROM billing_account WHERE id = {wallet.pk}", because="foreign key")  # noqa: S608


def test_house_account_holds_no_balance(house: Account) -> None:
    assert_refused(
        f"UPDATE billing_account SET balance = 5, seq = 1 WHERE id = {house.pk}",  # noqa: S608
        because="account_is_wallet_or_house",
    )


def test_transfer_needs_its_wallet_to_move(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=2, amount="5", after="15"
    )

    assert_refused(forged, because="did not move with it")


def test_transfer_and_wallet_agree_on_the_balance(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=2, amount="5", after="15"
    )
    moved = f"UPDATE billing_account SET balance = 16, seq = 2 WHERE id = {wallet.pk}"  # noqa: S608

    assert_refused(forged, moved, because="no transfer 2 leaves the balance 16")


def test_transfer_changes_the_balance_by_its_amount(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=2, amount="5", after="16"
    )
    moved = f"UPDATE billing_account SET balance = 16, seq = 2 WHERE id = {wallet.pk}"  # noqa: S608

    assert_refused(forged, moved, because="make not 16")


def test_correction_out_of_a_wallet_lowers_it(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=wallet.pk,
        credit=house.pk,
        wallet=wallet.pk,
        seq=2,
        amount="5",
        after="15",
        kind="correction",
    )
    moved = f"UPDATE billing_account SET balance = 15, seq = 2 WHERE id = {wallet.pk}"  # noqa: S608

    assert_refused(forged, moved, because="make not 15")


def test_step_between_two_transfers_is_not_left_out(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=3, amount="5", after="15"
    )
    moved = f"UPDATE billing_account SET balance = 15, seq = seq + 1 WHERE id = {wallet.pk}"  # noqa: S608
    again = f"UPDATE billing_account SET seq = seq + 1 WHERE id = {wallet.pk}"  # noqa: S608

    assert_refused(forged, moved, again, because=r"no transfer 2 leaves|has no transfer 2")


def test_step_is_not_taken_twice(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=1, amount="10", after="10"
    )

    assert_refused(forged, because="transfer_wallet_seq")


@pytest.mark.parametrize("amount", ["0", "-5"])
def test_transfer_moves_more_than_nothing(wallet: Account, house: Account, amount: str) -> None:
    forged = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=2, amount=amount, after="10"
    )

    assert_refused(forged, because="transfer_amount_positive")


@pytest.mark.parametrize("kind", ["top_up", "refund"])
def test_money_that_comes_in_is_not_booked_out(wallet: Account, house: Account, kind: str) -> None:
    forged = transfer(
        debit=wallet.pk, credit=house.pk, wallet=wallet.pk, seq=2, amount="5", after="5", kind=kind
    )

    assert_refused(forged, because="transfer_direction_fits_kind")


def test_charge_is_not_booked_in(wallet: Account, house: Account) -> None:
    forged = transfer(
        debit=house.pk,
        credit=wallet.pk,
        wallet=wallet.pk,
        seq=2,
        amount="5",
        after="15",
        kind="charge",
    )

    assert_refused(forged, because="transfer_direction_fits_kind")


def test_wallet_pays_the_house_never_another_wallet(wallet: Account) -> None:
    other = ledger.open_wallet(owner=make_user())
    forged = transfer(
        debit=wallet.pk,
        credit=other.pk,
        wallet=wallet.pk,
        seq=2,
        amount="5",
        after="5",
        kind="correction",
    )
    moved = f"UPDATE billing_account SET balance = 5, seq = 2 WHERE id = {wallet.pk}"  # noqa: S608

    assert_refused(forged, moved, because="not the house")


def test_account_of_the_house_is_no_wallet(house: Account) -> None:
    other = ledger.open_wallet(owner=make_user())
    forged = transfer(
        debit=other.pk,
        credit=house.pk,
        wallet=house.pk,
        seq=1,
        amount="5",
        after="5",
        kind="correction",
    )

    assert_refused(forged, because="is no wallet")


def test_what_the_ledger_writes_can_be_written_by_hand(wallet: Account, house: Account) -> None:
    honest = transfer(
        debit=house.pk, credit=wallet.pk, wallet=wallet.pk, seq=2, amount="5", after="15"
    )
    moved = f"UPDATE billing_account SET balance = 15, seq = 2 WHERE id = {wallet.pk}"  # noqa: S608

    commit(honest, moved)

    wallet.refresh_from_db()
    assert (wallet.balance, wallet.seq) == (Decimal(15), 2)


@pytest.mark.parametrize(
    "subject",
    [
        "'order:7:charge', '', NULL",
        "'order:7:charge', 'order', 8",
        "'order:7:charge', 'order', NULL",
        "'order:71:charge', 'order', 7",
        "'forged', 'order', 7",
        "'forged', '', 7",
        "'order:7:charge', 'invoice', 7",
    ],
)
def test_reference_of_an_order_names_the_order(
    wallet: Account, house: Account, subject: str
) -> None:
    forged = transfer(
        debit=wallet.pk,
        credit=house.pk,
        wallet=wallet.pk,
        seq=2,
        amount="5",
        after="5",
        kind="charge",
        subject=subject,
    )

    assert_refused(forged, because="transfer_reference_names_subject")


@pytest.mark.parametrize(("kind", "gateway"), [("top_up", ""), ("correction", "cards")])
def test_top_up_alone_has_a_gateway(
    wallet: Account, house: Account, kind: str, gateway: str
) -> None:
    forged = transfer(
        debit=house.pk,
        credit=wallet.pk,
        wallet=wallet.pk,
        seq=2,
        amount="5",
        after="15",
        kind=kind,
        gateway=gateway,
    )

    assert_refused(forged, because="transfer_gateway_of_top_up")
