"""The audit names, in a sentence, each thing that does not add up."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Role
from billing import ledger
from billing import proof as ledger_auditing
from billing.models import Account, Transfer
from billing.reference import Reference
from orders.audit.prove_all import keep_proof, prove
from orders.lifecycle.end import cancel_in_full, end_partially
from orders.lifecycle.refund import refund_up_to
from orders.models import Order, Proof, Status
from tests.factories import NOW, make_order, make_service, make_user
from tests.row_damage import damage

pytestmark = pytest.mark.django_db


def make_partial(*, remains: int = 250) -> Order:
    """An order of 1000 for 1.20 that ended with `remains` undelivered."""
    order = make_order(status=Status.RUNNING)
    end_partially(order=order, undelivered=remains, now=NOW)
    return order


def make_canceled() -> Order:
    """An order that was refunded in full."""
    order = make_order()
    cancel_in_full(order=order, text="The provider refused it", now=NOW)
    return order


def test_empty_panel_is_sound() -> None:
    audit = prove()

    assert audit.is_sound
    assert audit.findings == []
    assert audit.figures["orders"] == 0


def test_orders_in_every_state_are_sound() -> None:
    for status in (
        Status.WAITING,
        Status.SUBMITTING,
        Status.UNCLEAR,
        Status.HELD,
        Status.RUNNING,
        Status.COMPLETED,
    ):
        make_order(status=status)
    make_partial(remains=333)
    make_partial(remains=0)
    make_partial(remains=1000)
    make_canceled()

    audit = prove()

    assert audit.findings == []
    assert audit.figures["orders"] == 10
    assert audit.figures["charged"] == "12.00000"
    assert audit.figures["refunded"] == "2.79960"  # 0.39960 + 0 + 1.20 + 1.20


def test_figures_say_what_was_checked() -> None:
    make_user(balance="20")
    make_order()

    ledger_figures = prove().figures["ledger"]

    assert ledger_figures == {
        "wallets": 2,
        "wallets_total": "20.00000",
        "transfers": 3,
        "house": {"sales": "1.20000", "topups:test": "-21.20000"},
    }


def test_free_order_needs_no_transfer() -> None:
    order = make_order(service=make_service(price="0", cost="0"), user=make_user(balance="1"))

    assert order.charge == 0
    assert prove().findings == []


def test_partial_refund_is_compared_to_the_last_decimal_and_rounded_down() -> None:
    order = make_order(service=make_service(price="0.00100"), quantity=999, status=Status.RUNNING)
    end_partially(order=order, undelivered=334, now=NOW)

    assert order.refunded == Decimal("0.00033")  # 0.001 × 334 / 999 = 0.000334…
    assert prove().findings == []


def test_refund_that_staff_decided_is_sound_in_any_state() -> None:
    order = make_order(status=Status.COMPLETED)
    refund_up_to(
        order=order,
        owed=Decimal("0.50"),
        now=NOW,
        actor=make_user(role=Role.STAFF),
        reason="goodwill",
    )

    assert prove().findings == []


def test_refund_that_nobody_decided_is_found() -> None:
    order = make_order(status=Status.COMPLETED)
    refund_up_to(order=order, owed=Decimal("0.50"), now=NOW)

    assert prove().findings == [
        (
            f"order {order.pk}: completed, so 0 of 1.20000 is owed, but 0.50000 was refunded "
            "without a decision"
        )
    ]


def test_order_without_its_charge_is_found() -> None:
    order = make_order()
    damage("UPDATE orders_order SET charge = 5 WHERE id = %s", order.pk)

    assert prove().findings == [f"order {order.pk}: its charge is 5.00000, but 1.20000 was booked"]


def test_order_that_was_never_charged_is_found() -> None:
    order = make_order()
    make_order()
    damage(
        "UPDATE billing_transfer SET reference = %s, subject_id = %s"
        " WHERE wallet_id = %s AND kind = 'charge'",
        "order:999999999:charge",
        999999999,
        Account.objects.get(owner=order.user).pk,
    )

    assert prove().findings == [
        f"order {order.pk}: its charge is 1.20000, but 0 was booked",
        "order 999999999 does not exist, but money moved for it: charged 1.20000, refunded 0",
    ]


def test_charge_that_names_no_order_is_found() -> None:
    user = make_user(balance="1")
    ledger.charge(customer=user, amount=Decimal(1), reference=Reference("subscription:7"), now=NOW)

    assert prove().findings == [
        f"wallet of user {user.pk}: charges or refunds without an order, such as subscription:7"
    ]


def test_charge_to_somebody_elses_wallet_is_found() -> None:
    order = make_order()
    other = make_user()
    damage("UPDATE orders_order SET user_id = %s WHERE id = %s", other.pk, order.pk)

    assert prove().findings == [
        f"order {order.pk} of user {other.pk}: money moved on the wallet of user {order.user_id}"
    ]


def test_refund_that_the_order_does_not_know_is_found() -> None:
    order = make_partial()
    damage("UPDATE orders_order SET refunded = 0 WHERE id = %s", order.pk)

    assert prove().findings == [
        f"order {order.pk}: it shows 0.00000 refunded, but its refunds add up to 0.30000",
        f"order {order.pk}: partial, so 0.30000 of 1.20000 is owed, but 0.00000 was refunded",
    ]


def test_partial_order_that_was_refunded_too_little_is_found() -> None:
    order = make_partial(remains=250)
    damage("UPDATE orders_order SET remains = 251 WHERE id = %s", order.pk)

    assert prove().findings == [
        f"order {order.pk}: partial, so 0.30120 of 1.20000 is owed, but 0.30000 was refunded"
    ]


def test_partial_order_without_remains_is_found() -> None:
    order = make_partial()
    damage("UPDATE orders_order SET remains = NULL WHERE id = %s", order.pk)

    assert f"order {order.pk}: it ended partially without remains" in prove().findings


def test_canceled_order_that_keeps_money_is_found() -> None:
    order = make_partial()
    # the database refuses such a row; what the audit says of one that got in is asked with the
    # constraint away
    damage("ALTER TABLE orders_order DROP CONSTRAINT order_canceled_is_refunded")
    damage("UPDATE orders_order SET status = 'canceled' WHERE id = %s", order.pk)

    assert prove().findings == [
        f"order {order.pk}: canceled, so 1.20000 of 1.20000 is owed, but 0.30000 was refunded"
    ]


def test_many_findings_are_counted_not_listed() -> None:
    for _ in range(ledger_auditing.MAX_SHOWN + 3):
        ledger.charge(
            customer=make_user(balance="1"),
            amount=Decimal(1),
            reference=Reference(f"odd:{Transfer.objects.count()}"),
            now=NOW,
        )

    found = prove().findings

    assert len(found) == ledger_auditing.MAX_SHOWN + 1
    assert found[-1] == "… and 3 more of this kind"


def test_audit_is_kept_for_staff() -> None:
    make_order()

    note = keep_proof(now=NOW)

    proof = Proof.objects.get()
    assert note == "passed: 1 wallets, 2 transfers, 1 orders"
    assert (proof.made_at, proof.is_sound, proof.findings) == (NOW, True, [])
    assert proof.figures["orders"] == 1


def test_audit_that_fails_is_kept_and_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    order = make_order(status=Status.COMPLETED)
    refund_up_to(order=order, owed=Decimal("0.50"), now=NOW)

    note = keep_proof(now=NOW)

    assert note == "FAILED: 1 findings"
    assert Proof.objects.get().is_sound is False
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert f"order {order.pk}" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_audit_sees_one_moment_and_writes_nothing() -> None:
    make_order()

    with connection.execute_wrapper(_only_reads):
        assert prove().is_sound


def _only_reads(
    execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, Any]
) -> object:
    result = execute(sql, params, many, context)
    if sql.lstrip().startswith(("SELECT", "WITH")):
        with context["connection"].connection.cursor() as cursor:
            settings = ("transaction_isolation", "transaction_read_only")
            modes = [cursor.execute(f"SHOW {name}").fetchone()[0] for name in settings]
        assert modes == ["repeatable read", "on"]
    return result
