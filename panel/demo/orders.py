"""Placing and forwarding the demo's orders of one provider, until they reach the wanted state."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Final

from django.utils import timezone

from accounts.models import User
from catalog.models import Provider, Service
from orders.forwarding.sweep import submit_due
from orders.models import Order, OrderQuerySet, Status
from orders.placing.place_order import place_order
from panel.demo.order_fields import affordable, values_for
from panel.demo.provider_control import Steering
from panel.demo.providers import Double

log = logging.getLogger(__name__)

MAX_WAIT: Final = 60.0  # seconds for one step; it takes about two


class Counter:
    """Places the orders of the demo's customers at one provider."""

    def __init__(self, *, double: Double, buyers: Sequence[User]) -> None:
        self.steering = Steering(double.control_url)
        self.provider = Provider.objects.get(name=double.name)
        self._buyers = cycle(buyers)
        self._shelves: dict[tuple[tuple[str, object], ...], Iterator[Service]] = {}

    def service(self, **wanted: object) -> Service:
        """The next service on sale that matches."""
        shelf = tuple(sorted(wanted.items()))
        if shelf not in self._shelves:
            services = (
                Service.objects.on_sale()
                .filter(provider=self.provider, **wanted)
                .select_related("category")
            )
            self._shelves[shelf] = affordable(services)
        return next(self._shelves[shelf])

    def place(self, count: int, **wanted: object) -> list[Order]:
        """Order each of `count` matching services."""
        return [self.place_one(self.service(**wanted)) for _ in range(count)]

    def place_one(self, service: Service, **values: str) -> Order:
        """Order this service, with these values instead of made-up ones."""
        return place_order(
            customer=next(self._buyers),
            service=service,
            values=values_for(service) | values,
            now=timezone.now(),
        )


def forward(orders: Sequence[Order]) -> None:
    """Send all of them."""
    reach(
        lambda: (
            not standing(orders).filter(status__in=[Status.WAITING, Status.SUBMITTING]).exists()
        ),
        meanwhile=submit_due,
    )
    for order in orders:
        order.refresh_from_db()


def standing(orders: Sequence[Order]) -> OrderQuerySet:
    """These orders, fresh from the database."""
    return Order.objects.filter(pk__in=[order.pk for order in orders])


def reach(condition: Callable[[], bool], *, meanwhile: Callable[[], object]) -> None:
    """Do the workers' work until `condition` holds; after `MAX_WAIT`, continue without it."""
    deadline = time.monotonic() + MAX_WAIT
    while not condition():
        if time.monotonic() > deadline:
            log.warning("the demo continues without one of its states")
            return
        meanwhile()
        time.sleep(0.1)
