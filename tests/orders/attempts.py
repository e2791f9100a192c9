"""Orders on their way to the provider double: what the tests of forwarding have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from catalog.models import Provider, Service
from lib.encryption import seal
from orders.jobs.sender_locks import ATTEMPTS
from orders.models import Attempt, AttemptState, Event, Order, ProviderAccount, Status
from tests.double.handle import ProviderDouble
from tests.factories import make_order, make_service
from tests.warm_process import Fork, warm_process


def make_lane(double: ProviderDouble, **fields: object) -> Service:
    """A service of the double, mirrored under a provider that is the double."""
    row = double.service_of("Default")
    number = Provider.objects.count() + 1
    provider = Provider.objects.create(
        name=f"Double {number}",
        url=double.url,
        sealed_key=seal(double.key),
        currency="USD",
        **fields,
    )
    service = make_service(
        provider=provider, cost=row["rate"], price="1000", max_quantity=row["max"]
    )
    service.upstream_id = str(row["service"])
    service.save(update_fields=["upstream_id"])
    return service


def drain(provider: Provider, *, until: datetime) -> None:
    """Close the provider's lane, as the resolver does while it reads."""
    ProviderAccount.objects.update_or_create(provider=provider, defaults={"draining_until": until})


def make_due(
    service: Service, *, count: int = 1, quantity: int = 1000, link: str = "https://example.com/p"
) -> list[Order]:
    """Paid orders that are due now, each with a link of its own."""
    return [
        make_order(service=service, quantity=quantity, link=f"{link}?n={number}")
        for number in range(count)
    ]


def only_attempt(order: Order) -> Attempt:
    """The one attempt of an order; fails where there are more or none."""
    return Attempt.objects.get(order=order)


def make_unclear(service: Service) -> Order:
    """An order that was perhaps placed, its sender long dead."""
    order = make_order(service=service, status=Status.UNCLEAR)
    leave_attempt(order, AttemptState.UNKNOWN)
    return order


def leave_attempt(order: Order, state: AttemptState) -> Attempt:
    """An attempt as a dead worker leaves it: its lease is over."""
    return Attempt.objects.create(
        order=order,
        provider=order.provider,
        state=state,
        cost=order.cost,
        owner="00000000-0000-4000-8000-000000000000",
        lease_until=order.created_at,
        prepared_at=order.created_at,
        sent_at=None if state == AttemptState.PREPARED else order.created_at,
    )


def let_leases_end() -> None:
    """Do as if every lease had been taken an hour earlier."""
    Attempt.objects.update(lease_until=F("lease_until") - timedelta(hours=1))


def kinds_of(order: Order) -> list[str]:
    """The order's timeline in a word per line, oldest first."""
    return list(Event.objects.filter(order=order).order_by("pk").values_list("kind", flat=True))


def start_sweep(
    *, act: str = "forwarding.sweep.submit_due", fault_point: str = "", **env: str
) -> Fork:
    """A sweep in a process of its own on the test's database; it prints its note, or dies at
    the fault point.
    """
    database = str(connection.settings_dict["NAME"])
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database}"
    module, _, name = act.rpartition(".")
    process = warm_process(DATABASE_URL=url, LOG_LEVEL="CRITICAL", **env)
    program = f"from orders.{module} import {name}; print({name}())"
    return process.start(program, env={"FAULT_POINT": fault_point})


def end_of(sweep: Fork) -> tuple[int, str]:
    """How a sweep in its own process ended: exit code (negative: the signal) and note."""
    return sweep.end()


@contextmanager
def living_sender(attempt_id: int) -> Iterator[None]:
    """Another session that holds the attempt's pulse, as its sender does while it waits for an
    answer.
    """
    rival = connection.copy()
    try:
        with rival.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ATTEMPTS + attempt_id])
            yield
            # closing alone takes a moment
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ATTEMPTS + attempt_id])
    finally:
        rival.close()
