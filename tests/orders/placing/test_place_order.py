"""Placing an order: everything or nothing, at the price agreed, once per key."""

from decimal import Decimal

import pytest

from accounts.models import User
from billing.ledger import MAX_VALUE, InsufficientFunds
from billing.models import Account, Transfer, TransferKind
from catalog.models import Service
from orders.models import Event, EventKind, Order, Status
from orders.placing.check_fields import FieldErrors
from orders.placing.place_order import KeyReused, NotOnSale, PriceChanged, place_order
from tests.factories import NOW, make_service, make_user

pytestmark = pytest.mark.django_db

ASKED = {"link": "https://example.com/page", "quantity": "1500"}


def assert_nothing_remains(user: User, *, balance: str) -> None:
    assert not Order.objects.exists()
    assert not Event.objects.exists()
    assert not Transfer.objects.filter(kind=TransferKind.CHARGE).exists()
    assert Account.objects.get(owner=user).balance == Decimal(balance)


def test_order_is_taken_charged_and_due_at_once() -> None:
    user, service = make_user(balance="10"), make_service(cost="0.81", price="0.90")

    order = place_order(customer=user, service=service, values=ASKED, now=NOW)

    order.refresh_from_db()
    assert (order.user, order.service, order.provider) == (user, service, service.provider)
    assert (order.link, order.quantity, order.billed_quantity, order.fields) == (
        ASKED["link"],
        1500,
        1500,
        {},
    )
    assert (order.rate, order.cost, order.price) == (
        Decimal("0.81"),
        Decimal("1.215"),
        Decimal("0.90"),
    )
    assert (order.charge, order.refunded) == (Decimal("1.35"), Decimal(0))
    assert (order.status, order.submit_at, order.created_at) == (Status.WAITING, NOW, NOW)
    assert (order.service_name, order.client_key, order.upstream_id) == ("Followers", None, None)
    transfer = Transfer.objects.get(kind=TransferKind.CHARGE)
    assert (transfer.reference, transfer.amount) == (f"order:{order.pk}:charge", Decimal("1.35"))
    assert transfer.balance_after == Decimal("8.65")
    event = order.events.get()
    assert (event.kind, event.text, event.at) == (
        EventKind.PLACED,
        "Charged 0.90 × 1,500 / 1,000 = 1.35",
        NOW,
    )


def test_charge_rounds_up_to_five_decimals() -> None:
    user, service = (
        make_user(balance="1"),
        make_service(cost="0", price="0.00100001", min_quantity=1),
    )

    order = place_order(customer=user, service=service, values=ASKED | {"quantity": "1"}, now=NOW)

    assert order.charge == Decimal("0.00001")


def test_package_is_charged_per_order() -> None:
    user, service = make_user(balance="10"), make_service(type="Package", cost="2", price="2.50")

    order = place_order(customer=user, service=service, values={"link": "@someone"}, now=NOW)

    assert (order.charge, order.cost, order.quantity, order.billed_quantity) == (
        Decimal("2.5"),
        Decimal(2),
        None,
        1,
    )
    assert order.events.get().text == "Charged 2.50 per order"


def test_dripfeed_is_charged_for_every_run() -> None:
    user, service = make_user(balance="10"), make_service(price="1.20", is_dripfeed=True)

    order = place_order(
        customer=user,
        service=service,
        values=ASKED | {"quantity": "100", "runs": "5", "interval": "60"},
        now=NOW,
    )

    assert (order.quantity, order.billed_quantity, order.charge) == (100, 500, Decimal("0.6"))
    assert order.fields == {"runs": "5", "interval": "60"}


def test_the_whole_balance_can_be_spent() -> None:
    user, service = make_user(balance="1.80"), make_service(price="1.20")

    place_order(customer=user, service=service, values=ASKED, now=NOW)

    assert Account.objects.get(owner=user).balance == 0


def test_without_enough_money_nothing_remains() -> None:
    user, service = make_user(balance="1.79999"), make_service(price="1.20")

    with pytest.raises(InsufficientFunds) as caught:
        place_order(customer=user, service=service, values=ASKED, now=NOW)

    assert (caught.value.available, caught.value.amount) == (Decimal("1.79999"), Decimal("1.8"))
    assert_nothing_remains(user, balance="1.79999")


def test_bad_fields_charge_nothing() -> None:
    user, service = make_user(balance="10"), make_service()

    with pytest.raises(FieldErrors) as caught:
        place_order(customer=user, service=service, values={"quantity": "9"}, now=NOW)

    assert caught.value.problems.keys() == {"link"}
    assert_nothing_remains(user, balance="10")


def test_free_service_is_ordered_without_a_transfer() -> None:
    user, service = make_user(), make_service(cost="0", price="0", free_per_day=1)

    order = place_order(customer=user, service=service, values=ASKED, now=NOW)

    assert order.charge == 0
    assert order.status == Status.WAITING
    assert not Transfer.objects.filter(kind=TransferKind.CHARGE).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawn_at": NOW},
        {"is_hidden": True},
        {"review_reason": "price ×4"},
        {"is_sellable": False},
        {"type": "Telepathy"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_service_that_left_the_sale_after_it_was_shown_is_not_sold(
    change: dict[str, object],
) -> None:
    user, service = make_user(balance="10"), make_service()
    Service.objects.filter(pk=service.pk).update(**change)

    with pytest.raises(NotOnSale, match="This service is no longer on sale"):
        place_order(customer=user, service=service, values=ASKED, now=NOW)

    assert_nothing_remains(user, balance="10")


def test_service_below_cost_is_not_sold() -> None:
    user, service = make_user(balance="10"), make_service(cost="1.20000001", price="1.20")

    with pytest.raises(NotOnSale, match="being repriced"):
        place_order(customer=user, service=service, values=ASKED, now=NOW)

    assert_nothing_remains(user, balance="10")


def test_paused_provider_still_takes_orders() -> None:
    user, service = make_user(balance="10"), make_service()
    service.provider.paused_at = NOW
    service.provider.save()

    assert (
        place_order(customer=user, service=service, values=ASKED, now=NOW).status == Status.WAITING
    )


def test_price_that_rose_after_it_was_quoted_is_not_charged() -> None:
    user, service = make_user(balance="10"), make_service(price="1.20")
    Service.objects.update(price=Decimal("1.20000001"))

    with pytest.raises(PriceChanged) as caught:
        place_order(
            customer=user, service=service, values=ASKED, now=NOW, quoted_price=Decimal("1.20")
        )

    assert (caught.value.old, caught.value.new) == (Decimal("1.20"), Decimal("1.20000001"))
    assert_nothing_remains(user, balance="10")


def test_price_that_fell_after_it_was_quoted_is_charged_as_it_is_now() -> None:
    user, service = make_user(balance="10"), make_service(price="1.00")

    order = place_order(
        customer=user, service=service, values=ASKED, now=NOW, quoted_price=Decimal("1.20")
    )

    assert (order.price, order.charge) == (Decimal("1.00"), Decimal("1.5"))


def test_price_comes_from_the_database_whatever_the_caller_holds() -> None:
    user, service = make_user(balance="10"), make_service(price="1.20")
    service.price = Decimal("0.00000001")

    order = place_order(customer=user, service=service, values=ASKED, now=NOW)

    assert order.charge == Decimal("1.8")


def test_order_dearer_than_any_wallet_is_refused_by_its_field() -> None:
    user = make_user(balance="10")
    service = make_service(price="999999999999", max_quantity=10**12)

    with pytest.raises(FieldErrors) as caught:
        place_order(
            customer=user, service=service, values=ASKED | {"quantity": str(10**12)}, now=NOW
        )

    assert caught.value.problems["quantity"].message == "One order cannot cost this much."
    assert Decimal(999999999999) * 10**9 > MAX_VALUE
    assert_nothing_remains(user, balance="10")


def test_same_key_and_values_give_the_same_order_charged_once() -> None:
    user, service = make_user(balance="10"), make_service(price="1.20")

    first = place_order(customer=user, service=service, values=ASKED, now=NOW, client_key="k1")
    again = place_order(
        customer=user, service=service, values=ASKED | {"runs": " "}, now=NOW, client_key="k1"
    )

    assert first == again
    assert Account.objects.get(owner=user).balance == Decimal("8.2")


def test_repeat_is_answered_although_price_sale_and_money_have_changed() -> None:
    user, service = make_user(balance="1.80"), make_service(price="1.20")
    first = place_order(
        customer=user,
        service=service,
        values=ASKED,
        now=NOW,
        client_key="k1",
        quoted_price=Decimal("1.20"),
    )
    Service.objects.update(price=Decimal(9), is_hidden=True)

    again = place_order(
        customer=user,
        service=service,
        values=ASKED,
        now=NOW,
        client_key="k1",
        quoted_price=Decimal("1.20"),
    )

    assert first == again


@pytest.mark.parametrize(
    "change", [{"quantity": "1501"}, {"link": "https://example.com/other"}, {"runs": "2"}]
)
def test_same_key_with_other_values_is_refused(change: dict[str, str]) -> None:
    user, service = make_user(balance="10"), make_service()
    place_order(customer=user, service=service, values=ASKED, now=NOW, client_key="k1")

    with pytest.raises(KeyReused):
        place_order(customer=user, service=service, values=ASKED | change, now=NOW, client_key="k1")

    assert Order.objects.count() == 1


def test_same_key_for_another_service_is_refused() -> None:
    user = make_user(balance="10")
    place_order(customer=user, service=make_service(), values=ASKED, now=NOW, client_key="k1")

    with pytest.raises(KeyReused):
        place_order(customer=user, service=make_service(), values=ASKED, now=NOW, client_key="k1")


def test_key_belongs_to_one_customer() -> None:
    service = make_service()

    first = place_order(
        customer=make_user(balance="10"), service=service, values=ASKED, now=NOW, client_key="k1"
    )
    second = place_order(
        customer=make_user(balance="10"), service=service, values=ASKED, now=NOW, client_key="k1"
    )

    assert first != second


def test_failed_order_leaves_its_key_free() -> None:
    user, service = make_user(), make_service(price="1.20")
    with pytest.raises(InsufficientFunds):
        place_order(customer=user, service=service, values=ASKED, now=NOW, client_key="k1")

    free = make_service(cost="0", price="0", free_per_day=1)
    order = place_order(customer=user, service=free, values=ASKED, now=NOW, client_key="k1")

    assert order.client_key == "k1"


@pytest.mark.parametrize("key", ["", "k" * 101, "k\x00", "k\n"])
def test_bad_key_is_named(key: str) -> None:
    user, service = make_user(balance="10"), make_service()

    with pytest.raises(FieldErrors) as caught:
        place_order(customer=user, service=service, values=ASKED, now=NOW, client_key=key)

    assert caught.value.problems.keys() == {"idempotency_key"}
    assert_nothing_remains(user, balance="10")
