"""The halt: what does not add up stops orders and top-ups until a person has looked."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from billing import halt as billing_halt
from billing import ledger
from billing.models import Account, Halt
from billing.reference import order_refund
from orders.audit.prove_all import keep_proof
from orders.forwarding.claim import claim
from orders.models import Order, Status
from tests.factories import NOW, make_order, make_user

pytestmark = pytest.mark.django_db


def halted() -> Halt:
    billing_halt.halt(reason="wallet 1 does not add up", now=NOW)
    return Halt.objects.get(is_standing=True)


def log_in(client: Client, role: Role) -> None:
    client.force_login(make_user(role=role))


def test_a_sound_proof_halts_nothing() -> None:
    make_order()

    keep_proof(now=NOW)

    assert billing_halt.standing_halt() is None


def test_an_unsound_proof_halts_with_what_it_found() -> None:
    order = make_order(status=Status.RUNNING)
    Order.objects.filter(pk=order.pk).update(charge=order.charge + 1)

    keep_proof(now=NOW)
    keep_proof(now=NOW)

    halt = Halt.objects.get()
    assert f"order {order.pk}" in halt.reason


def test_no_order_is_claimed_while_halted_and_the_next_is_once_cleared() -> None:
    order = make_order()
    halted()

    while_halted = claim(provider_id=order.provider_id, owner=uuid4())
    billing_halt.clear_halt(actor=make_user(role=Role.ADMIN), reason="A test row.", now=NOW)
    afterwards = claim(provider_id=order.provider_id, owner=uuid4())

    assert while_halted is None
    assert afterwards is not None
    assert afterwards.order_id == order.pk


def test_no_top_up_is_booked_while_halted() -> None:
    customer = make_user()
    halted()

    with pytest.raises(ledger.Halted):
        ledger.top_up(customer=customer, amount=Decimal(5), gateway="test", payment_id="1", now=NOW)

    assert not Account.objects.filter(owner=customer, balance__gt=0).exists()


def test_refunds_go_on_while_halted() -> None:
    order = make_order()
    halted()

    transfer = ledger.refund(
        customer=order.user,
        amount=order.charge,
        reference=order_refund(order.pk, up_to=order.charge),
        now=NOW,
    )
    assert transfer is not None
    assert Account.objects.get(owner=order.user).balance == order.charge


def test_every_staff_page_says_that_money_is_halted_and_no_customers_page_does(
    client: Client,
) -> None:
    halted()

    log_in(client, Role.STAFF)
    staff_page = client.get(reverse("staff_orders")).content.decode()
    log_in(client, Role.CUSTOMER)
    customer_page = client.get(reverse("orders")).content.decode()

    assert "Sending and top-ups are paused" in staff_page
    assert "Sending and top-ups are paused" not in customer_page


def test_an_admin_clears_the_halt_with_a_reason(client: Client) -> None:
    halted()
    log_in(client, Role.ADMIN)

    client.post(reverse("staff_halt_clear"), {"reason": "A row restored by hand."})

    assert billing_halt.standing_halt() is None
    assert Halt.objects.get().clear_reason == "A row restored by hand."


def test_without_a_reason_the_halt_stands(client: Client) -> None:
    halted()
    log_in(client, Role.ADMIN)

    page = client.post(reverse("staff_halt_clear"), {"reason": "  "}, follow=True).content.decode()

    assert billing_halt.standing_halt() is not None
    assert "Enter a reason." in page


def test_clearing_twice_says_that_nothing_is_halted(client: Client) -> None:
    log_in(client, Role.ADMIN)

    page = client.post(
        reverse("staff_halt_clear"), {"reason": "Again."}, follow=True
    ).content.decode()

    assert "The halt has already been cleared." in page


def test_clearing_is_posted(client: Client) -> None:
    log_in(client, Role.ADMIN)

    assert client.get(reverse("staff_halt_clear")).status_code == 405
