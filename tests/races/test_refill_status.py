"""Two pollers at one provider ask about a refill once; without the rows' lock both ask."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from lib.clock import database_now
from orders.aftercare.refill_status import claim_batch
from orders.models import Refill, RefillQuerySet, RequestState, Status
from tests.factories import make_order
from tests.orders.forwarding.test_sweep_crashes import wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60.0  # seconds


@pytest.fixture
def refill() -> Refill:
    """A refill whose status is due."""
    order = make_order(status=Status.COMPLETED, upstream_id="7")
    return Refill.objects.create(
        order=order,
        provider=order.provider,
        requested_by=order.user,
        requested_at=timezone.now(),
        state=RequestState.RUNNING,
        upstream_id="771",
        due_at=timezone.now(),
    )


def claim(refill: Refill) -> list[Refill]:
    return claim_batch(provider=refill.provider, now=database_now())


def claim_in_a_session(refill: Refill) -> list[Refill]:
    try:
        return claim(refill)
    finally:
        connection.close()


@contextmanager
def uncommitted_claim(refill: Refill) -> Iterator[Event]:
    """Another poller that has taken the refill and commits once the event is set."""
    is_claimed, may_commit = Event(), Event()

    def run() -> None:
        try:
            with transaction.atomic():
                assert claim(refill) == [refill]
                is_claimed.set()
                assert may_commit.wait(PATIENCE)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(run)
        try:
            assert is_claimed.wait(PATIENCE)
            yield may_commit
        finally:
            may_commit.set()
            other.result(PATIENCE)


def test_two_pollers_ask_about_a_refill_once(refill: Refill) -> None:
    with uncommitted_claim(refill):
        meanwhile = claim(refill)

    assert (meanwhile, claim(refill)) == ([], [])


def test_control_without_the_rows_lock_both_ask(
    refill: Refill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RefillQuerySet, "free", RefillQuerySet.all)

    with uncommitted_claim(refill) as may_commit, ThreadPoolExecutor(1) as threads:
        second = threads.submit(claim_in_a_session, refill)
        wait_until_blocked()
        may_commit.set()
        taken = second.result(PATIENCE)

    assert taken == [refill]
