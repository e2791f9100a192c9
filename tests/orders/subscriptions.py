"""Subscriptions on their way to the provider double: what their tests have in common."""

from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from billing.models import Account, Transfer
from catalog.models import Provider, Service
from orders.audit.prove_all import prove
from orders.forwarding.sweep import submit_due
from orders.models import Order, Review
from orders.placing.place_order import place_order
from orders.tracking.sweep import track_due
from tests.connected_provider import connect, make_due
from tests.double.handle import ProviderDouble
from tests.factories import make_service

RATE, PRICE = Decimal("0.50"), Decimal("0.80")
ASKED = {"username": "@someone", "min": "10", "max": "20", "delay": "0"}


def sell_posts(double: ProviderDouble, *, provider: Provider | None = None) -> Service:
    """A subscription service of the double, mirrored; a post costs 0.50 and sells for 0.80."""
    double.set_services(
        [{"service": 5, "type": "Subscriptions", "rate": str(RATE), "min": 2, "max": 1000}]
    )
    service = make_service(
        provider=provider or connect(double),
        type="Subscriptions",
        cost=RATE,
        price=PRICE,
        min_quantity=2,
        max_quantity=1000,
        is_cancel=True,
    )
    service.upstream_id, service.cancel_mode = "5", "automatic"
    service.save()
    return service


def subscribe(service: Service, *, user: User, **values: str) -> Order:
    """A subscription that runs at the double: placed and forwarded by the real acts."""
    order = place_order(
        customer=user, service=service, values={**ASKED, **values}, now=timezone.now()
    )
    submit_due()
    order.refresh_from_db()
    return order


def look(*orders: Order) -> str:
    """Ask the provider about everything, and charge what was served."""
    make_due()
    note = track_due()
    for order in orders:
        order.refresh_from_db()
    return note


def posts_of(order: Order) -> list[tuple[str, Decimal]]:
    """What was booked for its posts: reference and amount."""
    booked = Transfer.objects.filter(reference__startswith=f"order:{order.pk}:").order_by(
        "wallet_seq"
    )
    return [(transfer.reference.partition(":")[2], transfer.amount) for transfer in booked]


def findings() -> list[str]:
    """What the audit says; empty where all money adds up."""
    return prove().findings


def balance_of(user: User) -> Decimal:
    """What is in the wallet."""
    return Account.objects.get(owner=user).balance


def open_reviews(order: Order) -> list[str]:
    """What staff must look at, in the order in which it came up."""
    return list(
        Review.objects.filter(order=order, closed_at=None)
        .order_by("pk")
        .values_list("kind", flat=True)
    )
