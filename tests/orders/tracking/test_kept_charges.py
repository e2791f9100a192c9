"""What a provider keeps of an order that it ended: refunds, holds for staff, and losses shown."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Role, User
from catalog.models import Provider, Service
from orders.models import Order, ProviderAccount, Review, ReviewKind, Status
from orders.tracking.settle_reviews import close_review, end_order
from tests.connected_provider import run_order
from tests.double.handle import ProviderDouble
from tests.factories import make_user
from tests.orders.tracking.sweeps import refunds, sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


def tell(double: ProviderDouble, order: Order, **shown: str) -> None:
    """Let the provider report this of the order, whatever it is."""
    double.set_order(order.upstream_id or "", shown=shown)


def cost(order: Order, *, units: int = 1000) -> str:
    """What so many units of it cost at the provider."""
    return f"{order.rate * units / 1000:.5f}"


def kinds(order: Order) -> list[str]:
    return [review.kind for review in order.reviews.open()]


@pytest.mark.parametrize("word", ["Canceled", "Partial", "Completed"])
def test_what_remains_is_refunded_where_the_charge_is_that_of_the_rest(
    double: ProviderDouble, service: Service, word: str
) -> None:
    order = run_order(service)
    tell(double, order, status=word, remains="250", charge=cost(order, units=750))

    sweep(times=2)

    order.refresh_from_db()
    owed = (order.charge / 4).quantize(Decimal("0.00001"), rounding="ROUND_FLOOR")
    assert (order.status, order.remains, refunds(order)) == (Status.PARTIAL, 250, [owed])
    assert kinds(order) == []


@pytest.mark.parametrize("remains", ["1000", "250", "0"])
def test_contradiction_waits_for_staff_until_the_provider_gives_the_charge_back(
    double: ProviderDouble, service: Service, remains: str
) -> None:
    order = run_order(service)
    tell(double, order, status="Canceled", remains=remains, charge=cost(order))

    sweep(times=3)
    held, raised = Order.objects.get(pk=order.pk), kinds(order)
    tell(double, order, status="Canceled", remains=remains, charge="0")
    sweep(times=2)

    order.refresh_from_db()
    assert (held.status, held.refunded, raised) == (
        Status.RUNNING,
        Decimal(0),
        [ReviewKind.KEPT_CHARGE],
    )
    assert (order.status, refunds(order)) == (Status.CANCELED, [order.charge])
    [review] = Review.objects.filter(order=order)
    assert (review.closed_at is None, review.closed_by) == (False, None)


def decide(order: Order, staff: User, status: Status, undelivered: int | None = None) -> None:
    end_order(
        order=order,
        status=status,
        undelivered=undelivered,
        actor=staff,
        reason="Their page says so.",
        now=timezone.now(),
    )


@pytest.mark.parametrize(
    ("decisions", "status"),
    [
        pytest.param([Status.CANCELED] * 3, Status.CANCELED, id="three-alike"),
        pytest.param([Status.CANCELED] * 2, Status.RUNNING, id="two-are-too-few"),
        pytest.param(
            [Status.COMPLETED, Status.CANCELED, Status.CANCELED, Status.CANCELED],
            Status.RUNNING,
            id="one-was-kept-after-all",
        ),
    ],
)
def test_three_decisions_of_staff_teach_that_a_whole_charge_says_nothing(
    double: ProviderDouble, service: Service, staff: User, decisions: list[Status], status: Status
) -> None:
    for decision in decisions:
        order = run_order(service)
        tell(double, order, status="Canceled", remains="1000", charge=cost(order))
        sweep()
        decide(order, staff, decision)
    order = run_order(service)
    tell(double, order, status="Canceled", remains="1000", charge=cost(order))

    sweep(times=2)

    order.refresh_from_db()
    assert order.status == status


def test_self_test_that_found_charges_unchanged_by_refunds_lets_what_remains_decide(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    ProviderAccount.objects.create(provider=provider, charge_is_net=False)
    order = run_order(service)
    tell(double, order, status="Partial", remains="250", charge=cost(order))

    sweep(times=2)

    order.refresh_from_db()
    assert (order.status, order.remains, kinds(order)) == (Status.PARTIAL, 250, [])


def test_charge_above_the_expected_is_shown_once_with_the_loss_in_numbers(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    Service.objects.filter(pk=service.pk).update(rate=1, cost=1, price="1.2")
    service.refresh_from_db()
    order = run_order(service)
    tell(double, order, status="In progress", remains="500", charge="1.50")

    sweep(times=2)
    [review] = order.reviews.open()
    close_review(review=review, actor=staff, reason="Claimed back.", now=timezone.now())
    tell(double, order, status="Completed", remains="0", charge="1.60")
    sweep(times=2)

    order.refresh_from_db()
    assert (order.status, order.reviews.count()) == (Status.COMPLETED, 1)
    assert review.kind == ReviewKind.LOSS
    assert review.text == (
        "The provider charges 1.50 (USD) where 1.00 was expected: 0.50 more. "
        "The customer pays 1.20 USD, it costs 1.50 USD: a loss of 0.30 USD."
    )


@pytest.mark.parametrize(
    ("charge", "currency", "text"),
    [
        pytest.param("100.00", "EUR", "", id="as-expected"),
        pytest.param("100.01", "EUR", "", id="rounded-up"),
        pytest.param("110", "eur", "it costs 1.10 USD.", id="above"),
        pytest.param("130", "", "it costs 1.30 USD: a loss of 0.10 USD.", id="above-ours"),
        pytest.param("8000", "INR", "", id="told-in-another-currency"),
    ],
)
def test_charges_are_compared_in_the_providers_currency(
    double: ProviderDouble,
    provider: Provider,
    service: Service,
    charge: str,
    currency: str,
    text: str,
) -> None:
    Provider.objects.filter(pk=provider.pk).update(currency="EUR")
    Service.objects.filter(pk=service.pk).update(rate=100, cost=1, price="1.2")
    service.refresh_from_db()
    order = run_order(service)
    Order.objects.filter(pk=order.pk).update(cost=1)
    tell(double, order, status="Completed", remains="0", charge=charge, currency=currency)

    sweep(times=2)

    order.refresh_from_db()
    texts = [review.text for review in order.reviews.all()]
    assert order.status == Status.COMPLETED
    assert [each.partition("pays 1.20 USD, ")[2] for each in texts] == ([text] if text else [])


def test_loss_that_staff_accepted_by_sending_the_order_is_not_shown_again(
    double: ProviderDouble, service: Service
) -> None:
    Service.objects.filter(pk=service.pk).update(rate=1, cost=1, price="1.2")
    service.refresh_from_db()
    order = run_order(service)
    Service.objects.filter(pk=service.pk).update(rate=2, cost=2)
    Order.objects.filter(pk=order.pk).update(cost=2)  # as resending it at a loss does
    order.attempts.create(
        provider=service.provider,
        state="accepted",
        cost=2,
        prepared_at=timezone.now(),
        lease_until=timezone.now(),
        owner=uuid4(),
        upstream_id=order.upstream_id or "",
    )
    tell(double, order, status="Completed", remains="0", charge="2.00")

    sweep()

    order.refresh_from_db()
    assert (order.status, order.reviews.count()) == (Status.COMPLETED, 0)
