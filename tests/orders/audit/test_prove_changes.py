"""Every few minutes what changed since the last passed audit is checked; nothing slips by."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from billing import ledger
from billing.models import Account, Halt, Transfer
from billing.proof_of_changes import is_usable
from billing.reference import Reference, order_charge
from orders.audit.prove_all import keep_proof
from orders.audit.prove_changes import find_change, prove_changes, reconcile
from orders.lifecycle.end import cancel_in_full, end_partially
from orders.models import Order, Proof, Status
from tests.factories import NOW, fund, make_order, make_user
from tests.row_damage import damage
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

REFUND_NOT_KNOWN = """
INSERT INTO billing_transfer
    (debit_id, credit_id, amount, kind, reference, subject_kind, subject_id, gateway,
     wallet_id, wallet_seq, balance_after, reason, created_at)
SELECT credit_id, debit_id, 1, 'refund', 'order:{order}:refund_to:1.00000', 'order', {order}, '',
     wallet_id, 3, 1, '', now()
FROM billing_transfer WHERE kind = 'charge'
"""
LATER = NOW + timedelta(minutes=10)


def harm(statement: str, *values: Any) -> None:
    """Damage rows behind the guards, in a transaction of its own."""
    with transaction.atomic():
        damage(statement, *values)


def newest() -> Proof:
    return Proof.objects.latest("pk")


@contextmanager
def other_session() -> Iterator[Any]:
    """A transaction of somebody else, under way; committed at the end."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            yield cursor
        other.commit()
    finally:
        other.close()


def let_earlier_ones_end(cursor: Any | None = None) -> None:
    """Wait for whoever began before now, or before the cursor's transaction: an audit begins again
    where they began.

    That is PostgreSQL's own housekeeping, which may come at any moment.
    """
    give_up_at = time.monotonic() + 60
    with connection.cursor() as own:
        mine = cursor or own
        mine.execute("SELECT pg_current_xact_id()::text::bigint")
        newest_id = mine.fetchone()[0]
        while True:
            own.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if own.fetchone()[0] >= newest_id:
                return
            assert time.monotonic() < give_up_at
            time.sleep(0.02)


def test_first_audit_is_of_all_money_and_the_next_of_what_changed() -> None:
    make_order()
    let_earlier_ones_end()
    first = reconcile(now=NOW)
    quiet = reconcile(now=LATER)
    make_order()

    note = reconcile(now=LATER)

    assert first == "passed: 1 wallets, 2 transfers, 1 orders"
    assert quiet == "passed: 0 wallets, 0 transfers, 0 orders changed"
    assert note == "passed: 1 wallets, 2 transfers, 1 orders changed"
    assert list(Proof.objects.order_by("pk").values_list("is_full", "is_sound")) == [
        (True, True),
        (False, True),
        (False, True),
    ]


def test_all_money_is_checked_again_after_a_day(settings: Settings) -> None:
    reconcile(now=NOW)
    reconcile(now=NOW + timedelta(seconds=settings.AUDIT_EVERY - settings.RECONCILE_EVERY))
    reconcile(now=NOW + timedelta(seconds=settings.AUDIT_EVERY))

    assert list(Proof.objects.order_by("pk").values_list("is_full", flat=True)) == [
        True,
        False,
        True,
    ]


def test_every_way_of_an_order_is_sound_step_by_step() -> None:
    order = make_order(user=make_user(balance="10"), status=Status.RUNNING)
    reconcile(now=NOW)
    for step in (
        lambda: end_partially(order=order, undelivered=333, now=NOW),
        lambda: fund(user=order.user, amount="3"),
        lambda: make_order(user=order.user),
        lambda: cancel_in_full(order=Order.objects.latest("pk"), text="refused", now=NOW),
    ):
        with transaction.atomic():
            step()
        assert reconcile(now=LATER).startswith("passed")
        assert newest().is_full is False
    assert Halt.objects.count() == 0


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "UPDATE orders_order SET charge = 5",
            "order {order}: its charge is 5.00000, but 1.20000 was booked",
        ),
        (
            "UPDATE orders_order SET status = 'partial', remains = 500, ended_at = now()",
            "order {order}: partial, so 0.60000 of 1.20000 is owed, but 0.00000 was refunded",
        ),
        (
            "UPDATE billing_account SET balance = 7 WHERE kind = 'wallet'",
            "wallet {wallet} of user {user}: its balance is 7.00000, its transfers make 0.00000",
        ),
        (
            "UPDATE billing_account SET seq = 1 WHERE kind = 'wallet'",
            (
                "wallet {wallet} of user {user}: it moved 1 times, "
                "its 1 new transfers are numbered 2 to 2"
            ),
        ),
        (
            "UPDATE billing_transfer SET balance_after = 1 WHERE kind = 'charge'",
            (
                "transfer {charge} (order:{order}:charge): it left 1.00000 in wallet {wallet}, "
                "but 1.20000 and -1.20000"
            ),
        ),
        (
            REFUND_NOT_KNOWN,
            "order {order}: it shows 0.00000 refunded, but its refunds add up to 1.00000",
        ),
        (
            "ALTER TABLE billing_transfer DISABLE TRIGGER transfer_append_only",
            "the trigger transfer_append_only on",
        ),
    ],
)
def test_what_is_damaged_after_a_passed_audit_is_found_and_halts(
    statement: str, finding: str
) -> None:
    order = make_order()
    names = {
        "order": order.pk,
        "user": order.user_id,
        "wallet": Account.objects.get(owner=order.user).pk,
        "charge": Transfer.objects.get(kind="charge").pk,
    }
    reconcile(now=NOW)
    try:
        harm(statement.format(**names))

        notes = [reconcile(now=LATER), reconcile(now=LATER)]

        assert all(note.startswith("FAILED") for note in notes)
        assert newest().is_full is False
        assert any(each.startswith(finding.format(**names)) for each in newest().findings)
        assert Halt.objects.get().is_standing
    finally:
        harm("ALTER TABLE billing_transfer ENABLE TRIGGER transfer_append_only")


def test_what_was_sound_before_is_not_looked_at_again() -> None:
    customer = make_user(balance="10")
    for _ in range(3):
        make_order(user=customer)
    let_earlier_ones_end()
    reconcile(now=NOW)
    new = make_order(user=customer)
    horizon = newest().horizon
    assert horizon is not None

    change = find_change(horizon=horizon)

    assert list(change.orders) == [new.pk]
    assert list(change.moved.wallets) == [Account.objects.get(owner=customer).pk]
    assert [Transfer.objects.get(pk=pk).reference for pk in change.moved.transfers] == [
        f"order:{new.pk}:charge"
    ]


def test_what_began_before_an_audit_and_is_committed_after_it_is_looked_at() -> None:
    late = make_user(balance="2")
    with other_session() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_account SET balance = 99 WHERE owner_id = %s", [late.pk])
        make_order()  # by a later transaction, and seen by the audit
        sound = reconcile(now=NOW)

    note = reconcile(now=LATER)

    assert sound.startswith("passed")
    assert note == "FAILED: 1 findings"
    assert newest().is_full is False
    assert "its balance is 99.00000" in newest().findings[0]


def test_transfers_in_another_order_than_their_transactions_make_no_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # which have ids of their own
    monkeypatch.setattr(connection.features, "uses_savepoints", False)
    user = make_user(balance="1")
    with ExitStack() as stack:
        with transaction.atomic():
            make_user()  # gives this transaction the lowest id …
            oldest = stack.enter_context(other_session())
            oldest.execute(
                "INSERT INTO orders_sweep (name, ran_at, seconds, note) VALUES ('x', now(), 0, '')"
            )
            at_once(lambda _: fund(user=user, amount="1"), times=1)
            fund(user=user, amount="1")  # … and a later transfer than that of a higher one
        let_earlier_ones_end(oldest)
        reconcile(now=NOW)
        fund(user=user, amount="1")

        note = reconcile(now=LATER)

    # one of them known already, one between them not new
    assert note.startswith("passed: 1 wallets, 2 transfers")
    assert newest().is_full is False


def test_charge_that_names_no_order_is_found_among_what_changed() -> None:
    reconcile(now=NOW)
    user = make_user(balance="1")
    ledger.charge(customer=user, amount=Decimal(1), reference=Reference("subscription:7"), now=NOW)

    reconcile(now=LATER)

    assert newest().findings == [
        f"wallet of user {user.pk}: charges or refunds without an order, such as subscription:7"
    ]


def test_charge_for_an_order_that_does_not_exist_is_found_among_what_changed() -> None:
    reconcile(now=NOW)
    ledger.charge(
        customer=make_user(balance="1"), amount=Decimal(1), reference=order_charge(999999), now=NOW
    )

    reconcile(now=LATER)

    assert newest().findings == [
        "order 999999 does not exist, but money moved for it: charged 1.00000, refunded 0"
    ]


def test_failed_audit_is_not_gone_on_from() -> None:
    order = make_order()
    keep_proof(now=NOW)
    harm("UPDATE orders_order SET charge = 5 WHERE id = %s", order.pk)
    first = reconcile(now=LATER)

    again = reconcile(now=LATER)
    harm("UPDATE orders_order SET charge = 1.2 WHERE id = %s", order.pk)

    assert first == again == "FAILED: 1 findings"
    assert reconcile(now=LATER).startswith("passed")


@pytest.mark.parametrize("horizon", [2**40, None])
def test_horizon_of_another_server_leads_to_a_full_audit(horizon: int | None) -> None:
    reconcile(now=NOW)
    Proof.objects.update(horizon=horizon)

    assert horizon is None or not is_usable(horizon)
    assert prove_changes() is None
    reconcile(now=LATER)
    assert newest().is_full


def test_passed_audits_of_what_changed_are_kept_for_a_week(settings: Settings) -> None:
    settings.AUDIT_EVERY = 10**9
    for days in (0, 1, 2, 9):
        reconcile(now=NOW + timedelta(days=days))

    assert [proof.made_at for proof in Proof.objects.order_by("pk")] == [
        NOW,
        NOW + timedelta(days=2),
        NOW + timedelta(days=9),
    ]
