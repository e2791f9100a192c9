"""A claim and a drain of the same lane at once: one sees the other; without the account's row lock
the resolver reads while an order is on its way.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Provider, Service
from orders.forwarding import claim as forwarding_claim
from orders.forwarding import open_providers
from orders.forwarding.claim import claim
from orders.forwarding.drain import drained_lane
from orders.forwarding.open_providers import open_for_orders
from orders.models import Attempt, Order, ProviderAccount, Status
from tests.double.handle import ProviderDouble
from tests.orders.attempts import drain, make_due, make_lane

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60.0  # seconds
# sessions of this database that wait for a lock; pg_stat_activity stands still in a transaction
WAITING = """
SELECT count(*) FROM pg_locks waiting WHERE NOT granted AND EXISTS (
    SELECT 1 FROM pg_locks held JOIN pg_database d ON d.oid = held.database
    WHERE held.pid = waiting.pid AND d.datname = current_database())
"""


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    service = make_lane(double, is_probe_allowed=True)
    make_due(service)
    return service


def lock_without_the_account(*, provider_id: int, now: datetime) -> Provider | None:
    return open_for_orders(now=now).filter(pk=provider_id).locked().first()


@contextmanager
def uncommitted_claim(service: Service) -> Iterator[Event]:
    """Another session that has claimed an order and commits once the event is set."""
    is_claimed, may_commit = Event(), Event()

    def run() -> None:
        try:
            with transaction.atomic():
                assert claim(provider_id=service.provider_id, owner=uuid4())
                is_claimed.set()
                assert may_commit.wait(PATIENCE)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(run)
        try:
            assert is_claimed.wait(PATIENCE)
            yield may_commit
        finally:
            may_commit.set()
            ended.result()


def is_found_empty(service: Service) -> bool:
    try:
        with drained_lane(provider_id=service.provider_id, patience=0) as is_empty:
            return is_empty
    finally:
        connection.close()


def wait_for_a_lock_or(ended: Future[bool]) -> None:
    """Until a session waits for a row, or has ended instead."""
    give_up_at = time.monotonic() + PATIENCE
    while not ended.done():
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def drain_beside_a_claim(service: Service) -> bool:
    """Whether the lane was found empty while a claim was not committed."""
    with uncommitted_claim(service) as may_commit, ThreadPoolExecutor(1) as pool:
        drained = pool.submit(is_found_empty, service)
        wait_for_a_lock_or(drained)
        may_commit.set()
        return drained.result(PATIENCE)


@pytest.mark.parametrize("has_account", [True, False])
def test_drain_waits_for_a_claim_and_sees_it(service: Service, has_account: bool) -> None:
    if has_account:
        ProviderAccount.objects.of(service.provider)

    assert drain_beside_a_claim(service) is False


def test_without_the_accounts_lock_the_drain_overlooks_a_claim(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProviderAccount.objects.of(service.provider)  # else its insertion is what the drain waits for
    monkeypatch.setattr(forwarding_claim, "lock_if_open", lock_without_the_account)

    assert drain_beside_a_claim(service) is True  # though an order is about to be sent


def test_claim_that_waited_for_a_drain_takes_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_providers, "LOCK_PATIENCE", PATIENCE * 1000)
    ProviderAccount.objects.of(service.provider)

    def is_claimed() -> bool:
        try:
            return claim(provider_id=service.provider_id, owner=uuid4()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            drain(service.provider, until=timezone.now() + timedelta(minutes=1))
            claimed = pool.submit(is_claimed)
            wait_for_a_lock_or(claimed)
        assert claimed.result(PATIENCE) is False

    assert (Order.objects.get().status, Attempt.objects.count()) == (Status.WAITING, 0)
