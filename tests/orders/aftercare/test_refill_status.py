"""Refills under way: what customers and staff learn of them, and whose clock counts."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from catalog.models import Service
from catalog.upstream import Exchange, Reason, Rejected
from lib.clock import database_now
from orders.aftercare.refill_status import poll_refills
from orders.aftercare.requests import request_refill
from orders.aftercare.send_requests import claim_batch, record_outcome, send_due
from orders.models import Refill, RequestState, Review, ReviewKind, Status
from orders.models.refills import MAX_ERRORS
from tests.connected_provider import run_order
from tests.double.handle import ProviderDouble
from tests.factories import make_user, signed_in
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


def poll_later(refill: Refill, *, days: float = 0) -> list[str]:
    """Ask about the refill as if so much time had gone by; the open reviews of its order."""
    ago = timedelta(days=days)
    Refill.objects.filter(pk=refill.pk).update(
        due_at=timezone.now(),
        heard_at=F("heard_at") - ago,
        requested_at=F("requested_at") - ago,
    )
    Review.objects.update(raised_at=F("raised_at") - ago)
    poll_refills()
    refill.refresh_from_db()
    return [review.kind for review in Review.objects.open().order_by("pk")]


def note_for_customer(refill: Refill) -> str:
    page = signed_in(refill.order.user).get(f"/orders/{refill.order_id}").content.decode()
    return "checking" if "We are checking this" in page else "dark" if "told us" in page else ""


@pytest.mark.parametrize("mode", ["http500", "html200"])
def test_refill_of_which_nothing_is_heard_is_shown_to_staff_until_it_is_heard_of(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    refill = refill_of(service, double)
    send_due()
    double.fault("refill_status", mode)

    early = poll_later(refill, days=0.9), note_for_customer(refill)
    late = poll_later(refill, days=0.2), note_for_customer(refill)
    again = poll_later(refill)
    double.clear_faults()
    double.set_refill(refill.upstream_id, "In progress")
    heard = poll_later(refill), note_for_customer(refill)

    assert (early, late) == (([], ""), ([ReviewKind.REFILL_SILENT], "dark"))
    assert (again, heard) == ([ReviewKind.REFILL_SILENT], ([], ""))
    assert Review.objects.count() == 1
    assert refill.state == RequestState.RUNNING


def test_refill_whose_word_nobody_knows_is_shown_again_after_a_bound(
    double: ProviderDouble, service: Service
) -> None:
    refill = refill_of(service, double)
    send_due()
    refill.refresh_from_db()
    double.set_refill(refill.upstream_id, "Zargled")

    first = poll_later(refill)
    Review.objects.open().close(decision="Wait", now=timezone.now())
    closed = poll_later(refill), note_for_customer(refill)
    later = poll_later(refill, days=2)

    assert (first, closed) == ([ReviewKind.UNKNOWN_STATUS], ([], "dark"))
    assert later == [ReviewKind.REFILL_SILENT]


def test_refill_that_runs_for_a_month_is_shown_to_staff_again_and_again(
    double: ProviderDouble, service: Service
) -> None:
    refill = refill_of(service, double)
    send_due()
    refill.refresh_from_db()
    double.set_refill(refill.upstream_id, "In progress")
    told = [poll_later(refill, days=days) for days in (29, 2)]
    Review.objects.open().close(decision="They are slow", now=timezone.now())
    told += [poll_later(refill, days=days) for days in (6, 2)]

    assert told == [[], [ReviewKind.REFILL_SILENT], [], [ReviewKind.REFILL_SILENT]]
    assert refill.reason == ""


def test_refill_that_the_provider_does_not_know_asks_staff_and_tells_the_customer(
    double: ProviderDouble, service: Service
) -> None:
    refill = refill_of(service, double)
    send_due()
    Refill.objects.update(upstream_id="999999")

    told = [poll_later(refill) for _ in range(MAX_ERRORS)]

    assert told == [[]] * (MAX_ERRORS - 1) + [[ReviewKind.REFILL_SILENT]]
    assert (refill.state, note_for_customer(refill)) == (RequestState.UNCLEAR, "checking")


@pytest.mark.parametrize(
    ("decision", "state", "reason"),
    [
        ("complete", RequestState.COMPLETED, ""),
        ("fail", RequestState.REJECTED, "Their panel says so"),
    ],
)
def test_staff_end_a_refill_whatever_the_provider_says(
    double: ProviderDouble, service: Service, decision: str, state: RequestState, reason: str
) -> None:
    refill = refill_of(service, double)
    send_due()
    double.fault("refill_status", "http500")
    poll_later(refill, days=2)
    desk = signed_in(make_user(role=Role.STAFF))
    address = f"/staff/refills/{refill.pk}/{decision}"

    codes = [
        signed_in(refill.order.user).post(address, {"reason": "mine"}).status_code,
        desk.post(address, {}).status_code,
        desk.post(address, {"reason": "Their panel says so"}).status_code,
        desk.post(address, {"reason": "twice"}).status_code,
    ]
    double.clear_faults()
    open_reviews = poll_later(refill)

    assert codes == [403, 422, 302, 422]
    assert (refill.state, refill.reason, open_reviews) == (state, reason, [])
    page = signed_in(refill.order.user).get(f"/orders/{refill.order_id}").content.decode()
    assert ("Their panel says so" in page) is bool(reason)


def test_staff_page_offers_to_end_a_refill_under_way(
    double: ProviderDouble, service: Service
) -> None:
    refill = refill_of(service, double)
    send_due()

    page = signed_in(make_user(role=Role.STAFF)).get("/staff/refills?tab=under-way")

    for decision in ("complete", "fail"):
        assert f"/staff/refills/{refill.pk}/{decision}?tab=under-way" in page.content.decode()


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
