"""Makes rows for tests. Plain keyword-only functions: a test names only what it is about."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Role, User
from billing import ledger
from billing.models import Transfer
from billing.reference import order_charge
from catalog.models import Category, Provider, Service
from catalog.prices.arithmetic import charge_for, cost_for
from orders.models import ENDED, Order, Status, Watch

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"

_numbers = itertools.count(1)


def make_user(
    *,
    email: str | None = None,
    role: Role = Role.CUSTOMER,
    password: str = PASSWORD,
    balance: Decimal | str = "0",
) -> User:
    """A user who can log in, with `balance` in the wallet."""
    user = User.objects.create_user(
        email=email or f"user{next(_numbers)}@example.com", password=password, role=role
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if Decimal(balance):
        fund(user=user, amount=balance)
    return user


def signed_in(user: User) -> Client:
    """A browser, without a script, in which `user` is logged in."""
    client = Client()
    client.force_login(user)
    return client


def fund(*, user: User, amount: Decimal | str, now: datetime = NOW) -> Transfer:
    """Top up a wallet."""
    transfer = ledger.top_up(
        customer=user, amount=Decimal(amount), gateway="test", payment_id=str(uuid4()), now=now
    )
    assert transfer is not None
    return transfer


def make_provider(
    *, name: str | None = None, url: str = "http://127.0.0.1:9/api/v2", currency: str = "USD"
) -> Provider:
    """A provider that nobody answers for: port 9 is closed."""
    return Provider.objects.create(
        name=name or f"Provider {next(_numbers)}",
        url=url,
        sealed_key="not sealed",
        currency=currency,
    )


def make_category(*, name: str | None = None) -> Category:
    """A category."""
    return Category.objects.create(upstream_name=name or f"Category {next(_numbers)}")


def make_service(
    *,
    provider: Provider | None = None,
    category: Category | None = None,
    name: str = "Followers",
    type: str = "Default",  # noqa: A002  # the protocol's word
    cost: Decimal | str = "0.90",
    price: Decimal | str = "1.20",
    min_quantity: int = 10,
    max_quantity: int = 10_000,
    is_refill: bool = False,
    is_cancel: bool = False,
    is_dripfeed: bool = False,
    free_per_day: int | None = None,
) -> Service:
    """A service on sale; its rate is its cost, as with a provider in the panel's currency."""
    return Service.objects.create(
        provider=provider or make_provider(),
        category=category or make_category(),
        upstream_id=str(next(_numbers)),
        upstream_name=name,
        type=type,
        rate=Decimal(cost),
        cost=Decimal(cost),
        price=Decimal(price),
        min_quantity=min_quantity,
        max_quantity=max_quantity,
        is_refill=is_refill,
        is_cancel=is_cancel,
        is_dripfeed=is_dripfeed,
        free_per_day=free_per_day,
    )


def make_order(
    *,
    user: User | None = None,
    service: Service | None = None,
    quantity: int = 1000,
    link: str = "https://example.com/page",
    status: Status = Status.WAITING,
    upstream_id: str | None = None,
    now: datetime = NOW,
) -> Order:
    """A paid order per 1000 in a state that owes nothing back, watched where it runs.

    The customer is funded for it.
    """
    service = service or make_service()
    charge = charge_for(price=service.price, billed_quantity=quantity, is_per_order=False)
    user = user or make_user(balance=charge)
    if status in {Status.RUNNING, Status.COMPLETED}:
        upstream_id = upstream_id or str(next(_numbers))
    order = Order.objects.create(
        user=user,
        service=service,
        provider=service.provider,
        service_name=service.name,
        link=link,
        quantity=quantity,
        billed_quantity=quantity,
        rate=service.rate,
        cost=cost_for(cost=service.cost, billed_quantity=quantity, is_per_order=False),
        price=service.price,
        charge=charge,
        status=status,
        upstream_id=upstream_id,
        submit_at=now if status == Status.WAITING else None,
        created_at=now,
        running_at=now if upstream_id else None,
        ended_at=now if status in ENDED else None,
    )
    if charge:
        ledger.charge(customer=user, amount=charge, reference=order_charge(order.pk), now=now)
    if status == Status.RUNNING:
        Watch.objects.create(order=order, provider=order.provider, due_at=now)
    return order
