"""Connects rows to the provider double: a provider at its address, its services, orders really
placed there.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from catalog.models import Contact, Provider, Service
from catalog.provider_client import open_client
from catalog.upstream import Accepted
from lib.encryption import seal
from orders.models import Order, Status, Watch
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_service


def connect(double: ProviderDouble, *, name: str | None = None) -> Provider:
    """A provider row that points at the double, with its key sealed."""
    provider = make_provider(name=name, url=double.url)
    provider.sealed_key = seal(double.key)
    provider.contact = Contact.ANSWERED
    provider.save()
    return provider


def mirror_service(double: ProviderDouble, provider: Provider, **wanted: Any) -> Service:
    """One service of the double's catalog (`wanted`: refill=True …), mirrored with a third on
    top.
    """
    row = double.service_of(wanted.pop("type", "Default"), **wanted)
    rate = Decimal(str(row["rate"]))
    service = make_service(
        provider=provider,
        name=str(row["name"]),
        type=str(row["type"]),
        cost=rate,
        price=rate * Decimal("1.5"),
        min_quantity=int(row["min"]),
        max_quantity=int(row["max"]),
        is_refill=bool(row["refill"]),
        is_cancel=bool(row["cancel"]),
    )
    service.upstream_id = str(row["service"])
    service.save()
    return service


def run_order(
    service: Service,
    *,
    quantity: int = 1000,
    link: str = "https://example.com/page",
    user: User | None = None,
    now: datetime = NOW,
) -> Order:
    """An order that runs at the double: really placed there, paid here, watched and due."""
    with open_client(service.provider) as client:
        outcome = client.add(
            {"service": service.upstream_id, "link": link, "quantity": str(quantity)}
        )
    assert isinstance(outcome, Accepted), outcome
    return make_order(
        user=user,
        service=service,
        quantity=quantity,
        link=link,
        status=Status.RUNNING,
        upstream_id=outcome.order_id,
        now=now,
    )


def make_due(*orders: Order) -> None:
    """Let the watches of these orders (none named: of all) be due."""
    watches = Watch.objects.filter(order__in=orders) if orders else Watch.objects.all()
    watches.update(due_at=NOW)
