"""Refills under way: what customers and staff learn of them, and whose clock counts."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Service
from catalog.upstream import Exchange, Reason, Rejected
from lib.clock import database_now
from orders.aftercare.refill_status import poll_refills
from orders.aftercare.requests import request_refill
from orders.aftercare.send_requests import claim_batch, record_outcome, send_due
from orders.models import Refill, RequestState, Review, Status
from tests.connected_provider import run_order
from tests.double.handle import ProviderDouble
from tests.orders.attempts import make_lane

PROVIDER_TIMEOUT = 1  # seconds

pytestmark = pytest.mark.django_db(transaction=True)


def refilled_service(double: ProviderDouble) -> Service:
    """A service, of a provider of its own, whose refills are sent without staff."""
    service = make_lane(double)
    service.is_refill, service.refill_mode = True, "automatic"
    service.save()
    double.patch_service(int(service.upstream_id), refill=True)
    return service


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return refilled_service(double)


def refill_of(service: Service, double: ProviderDouble) -> Refill:
    """A refill that is due to be sent, of an order that the provider has completed."""
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Completed", remains=0)
    order.status, order.ended_at = Status.COMPLETED, timezone.now()
    order.save()
    order.watch.delete()
    return request_refill(order=order, actor=order.user, now=timezone.now())


def test_pitfall_20_a_refill_with_a_word_that_nobody_knows_is_seen_once_and_followed_on(
    double: ProviderDouble, service: Service
) -> None:
    refill = refill_of(service, double)
    send_due()
    refill.refresh_from_db()
    told = []

    for word in ("Zargled", "Zargled", "In progress"):
        double.set_refill(refill.upstream_id, word)
        Refill.objects.update(due_at=timezone.now())
        poll_refills()
        told.append(
            [
                (review.closed_at is None, "'Zargled'" in review.text)
                for review in Review.objects.all()
            ]
        )

    refill.refresh_from_db()
    assert told == [[(True, True)], [(True, True)], [(False, True)]]
    assert (refill.state, refill.upstream_status, refill.reason) == (
        RequestState.RUNNING,
        "In progress",
        "",
    )


def test_customers_do_not_learn_from_a_refusal_who_the_provider_is(
    double: ProviderDouble, service: Service
) -> None:
    refill, owner = refill_of(service, double), uuid4()
    claimed = claim_batch(kind=Refill, provider=service.provider, owner=owner, now=database_now())

    record_outcome(
        requests=claimed,
        owner=owner,
        outcome=Rejected(
            "Ask support@bigprovider.com",
            Reason.CUSTOMER,
            Exchange(body="Ask support@bigprovider.com"),
        ),
        now=database_now(),
    )

    refill.refresh_from_db()
    assert (refill.state, refill.reason) == (RequestState.REJECTED, "Rejected by the provider")
    assert "bigprovider" in refill.reply


def test_silent_provider_keeps_no_other_waiting_and_its_refill_goes_on_later(
    double: ProviderDouble, service: Service, settings: Settings
) -> None:
    settings.PROVIDER_TIMEOUT = PROVIDER_TIMEOUT
    silent, other = refill_of(service, double), refill_of(refilled_service(double), double)
    send_due()
    for refill in (silent, other):
        refill.refresh_from_db()
        double.set_refill(refill.upstream_id, "Completed")
    double.fault("refill_status", "hang", where={"refill": silent.upstream_id})

    note = poll_refills()
    while_silent = dict(Refill.objects.values_list("pk", "state"))
    double.clear_faults()
    Refill.objects.update(due_at=timezone.now())
    poll_refills()

    silent.refresh_from_db()
    assert note == "1 ended, 1 unanswered"
    assert while_silent == {silent.pk: RequestState.RUNNING, other.pk: RequestState.COMPLETED}
    assert (silent.state, silent.errors) == (RequestState.COMPLETED, 0)


def test_fault_33_worker_whose_clock_is_wrong_ends_no_lease(
    double: ProviderDouble, service: Service
) -> None:
    refill = refill_of(service, double)
    claim_batch(kind=Refill, provider=service.provider, owner=uuid4(), now=database_now())

    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        send_due()

    refill.refresh_from_db()
    assert refill.state == RequestState.SENDING
