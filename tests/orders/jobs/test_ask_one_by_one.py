"""A provider that answers a question about many ids with one error is asked about each."""

import math
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Provider, Service
from catalog.provider_client import open_client
from catalog.upstream import ErrorReply, Exchange, Reason
from orders.aftercare.refill_status import poll_refills
from orders.aftercare.send_requests import send_batch, send_due
from orders.jobs.ask_one_by_one import GIVE_UP, may_know_single_form
from orders.models import Cancellation, Order, ProviderAccount, Refill, RequestState, Status, Watch
from orders.tracking.sweep import track_batch
from tests.connected_provider import connect, make_due, mirror_service, run_order
from tests.double.handle import ProviderDouble
from tests.orders.aftercare.test_send_requests import ask_cancel, ask_refill, delivered, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(double: ProviderDouble, settings: Settings) -> Provider:
    settings.TRACK_MIN_INTERVAL = 60
    return connect(double)


@pytest.fixture
def service(double: ProviderDouble, provider: Provider) -> Service:
    service = mirror_service(double, provider)
    service.is_refill = service.is_cancel = True
    service.refill_mode = service.cancel_mode = "automatic"
    service.save()
    double.patch_service(int(service.upstream_id), refill=True, cancel=True)
    return service


def running(service: Service, *, count: int) -> list[Order]:
    return [run_order(service, quantity=service.min_quantity) for _ in range(count)]


def calls_of(double: ProviderDouble, action: str) -> list[int]:
    """How many ids each call of an action named."""
    asked = [row.parameters for row in double.journal().requests if row.action == action]
    names = ("order", "orders", "refill", "refills")
    return [
        len(next(fields[name] for name in names if name in fields).split(",")) for fields in asked
    ]


def upstream_words() -> Counter[str]:
    return Counter(Order.objects.values_list("upstream_status", flat=True))


def track() -> Counter[str]:
    """One lane's one batch."""
    provider = Provider.objects.get()
    make_due()
    with open_client(provider) as client:
        return track_batch(provider=provider, client=client)


def test_provider_that_knows_only_the_single_form_is_asked_order_by_order(
    double: ProviderDouble, service: Service
) -> None:
    orders = running(service, count=3)
    for order in orders:
        double.set_order(order.upstream_id or "", status="In progress", remains=7)
    double.dialect(multi_unknown=True)

    tally = track()

    assert tally == {"looked at": 3}
    assert calls_of(double, "status") == [3, 1, 1, 1]
    assert upstream_words() == {"In progress": 3}
    assert not Watch.objects.exclude(errors=0).exists()


@pytest.mark.parametrize("text", ["Incorrect order ID", "Nope"])
def test_one_bad_id_does_not_spoil_the_others(
    double: ProviderDouble, service: Service, text: str
) -> None:
    bad, *good = running(service, count=3)
    for order in good:
        double.set_order(order.upstream_id or "", status="In progress", remains=7)
    for field in ("order", "orders"):
        double.fault("status", "refuse", text=text, where={field: bad.upstream_id})

    tally = track()

    assert tally == {"looked at": 3}
    assert {order.pk: order.watch.errors for order in Order.objects.select_related("watch")} == {
        bad.pk: 1,
        good[0].pk: 0,
        good[1].pk: 0,
    }
    assert upstream_words() == {"In progress": 2, bad.upstream_status: 1}


@pytest.mark.parametrize(
    "text",
    [
        "Internal error",
        "Invalid API key",
        "Too many requests",
        "The service is temporarily unavailable",
    ],
)
def test_provider_in_trouble_is_not_asked_order_by_order(
    double: ProviderDouble, service: Service, text: str
) -> None:
    running(service, count=3)
    double.fault("status", "refuse", text=text)

    tally = track()

    assert tally == {"unanswered": 3}
    assert calls_of(double, "status") == [3]
    assert not Watch.objects.exclude(errors=0).exists()


def test_provider_that_refuses_every_question_knows_no_order_less_for_it(
    double: ProviderDouble, service: Service
) -> None:
    running(service, count=GIVE_UP + 2)
    double.fault("status", "refuse", text="Incorrect request")

    tally = track()

    assert tally == {"unanswered": GIVE_UP + 2}
    assert calls_of(double, "status") == [GIVE_UP + 2, *[1] * GIVE_UP]
    assert not Watch.objects.exclude(errors=0).exists()


def test_provider_that_falls_silent_half_way_keeps_what_it_has_told(
    double: ProviderDouble, service: Service
) -> None:
    first, second, third = running(service, count=3)
    for order in (first, second, third):
        double.set_order(order.upstream_id or "", status="In progress", remains=7)
    double.dialect(multi_unknown=True)
    double.fault("status", "http500", where={"order": second.upstream_id})
    Watch.objects.filter(order=first).update(due_at=timezone.now() - timedelta(hours=2))
    Watch.objects.filter(order=second).update(due_at=timezone.now() - timedelta(hours=1))

    with open_client(service.provider) as client:
        tally = track_batch(provider=service.provider, client=client)

    first.refresh_from_db()
    assert tally["unanswered"] > 0
    assert first.upstream_status == "In progress"
    assert not Watch.objects.exclude(errors=0).exists()


def test_asking_singly_ends_in_time_and_asks_about_one_at_least(
    double: ProviderDouble, service: Service
) -> None:
    running(service, count=3)
    double.dialect(multi_unknown=True)
    make_due()

    with open_client(service.provider) as client:
        tally = track_batch(provider=service.provider, client=client, stop_at=-math.inf)

    assert tally == {"looked at": 1}
    assert calls_of(double, "status") == [3, 1]


def test_end_seen_in_single_answers_is_confirmed_by_their_own_moments(
    double: ProviderDouble, service: Service, settings: Settings
) -> None:
    settings.REFUND_CONFIRM = 60
    [order, other] = running(service, count=2)
    double.set_order(order.upstream_id or "", status="Canceled", remains=0)
    double.dialect(multi_unknown=True)

    track()
    track()

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))
    assert Watch.objects.get(order=order).ending == "canceled"
    assert Watch.objects.get(order=other).ending == ""


def test_refills_and_their_states_go_one_by_one_where_the_provider_knows_no_other_way(
    double: ProviderDouble, service: Service
) -> None:
    for order in [delivered(double, service) for _ in range(3)]:
        ask_refill(order)
    double.dialect(multi_unknown=True)

    send_due()
    poll_refills()

    assert calls_of(double, "refill") == [3, 1, 1, 1]
    assert calls_of(double, "refill_status") == [3, 1, 1, 1]
    assert len(double.journal().refills) == 3
    assert states(Refill) == {RequestState.RUNNING: 3}
    assert set(Refill.objects.values_list("errors", "upstream_status")) <= {
        (0, "Pending"),
        (0, "In progress"),
    }


def test_cancels_go_one_by_one_where_the_provider_knows_no_other_way(
    double: ProviderDouble, service: Service
) -> None:
    for order in running(service, count=3):
        ask_cancel(order)
    double.dialect(multi_unknown=True)

    send_due()

    assert calls_of(double, "cancel") == [3, 1, 1, 1]
    assert states(Cancellation) == {RequestState.RUNNING: 3}


def test_one_refused_order_does_not_spoil_the_refills_of_the_others(
    double: ProviderDouble, service: Service
) -> None:
    bad, *_ = refills = [ask_refill(delivered(double, service)) for _ in range(3)]
    for field in ("order", "orders"):
        double.fault(
            "refill", "refuse", text="Refill is over", where={field: bad.order.upstream_id}
        )

    send_due()

    found = {refill.pk: Refill.objects.get(pk=refill.pk) for refill in refills}
    assert found[bad.pk].state == RequestState.REJECTED
    assert found[bad.pk].reason == "Rejected by the provider: Refill is over"
    assert states(Refill) == {RequestState.REJECTED: 1, RequestState.RUNNING: 2}
    assert len(double.journal().refills) == 2


def test_single_refill_that_was_perhaps_taken_is_never_sent_again(
    double: ProviderDouble, service: Service
) -> None:
    for order in [delivered(double, service) for _ in range(3)]:
        ask_refill(order)
    double.dialect(multi_unknown=True)
    for order in Order.objects.all():
        double.fault("refill", "commit_reset", times=1, where={"order": order.upstream_id})

    for _ in range(5):
        send_due()

    assert states(Refill) == {RequestState.UNCLEAR: 3}
    assert len(double.journal().refills) == 3
    singles = [
        row.parameters["order"] for row in double.journal().requests if "order" in row.parameters
    ]
    assert len(singles) == len(set(singles)) == 3


def test_rest_of_a_refused_batch_stays_due_when_time_is_up(
    double: ProviderDouble, service: Service, provider: Provider
) -> None:
    for order in [delivered(double, service) for _ in range(3)]:
        ask_refill(order)
    double.dialect(multi_unknown=True)

    with open_client(provider) as client:
        send_batch(kind=Refill, provider=provider, client=client, stop_at=-math.inf)

    assert states(Refill) == {RequestState.RUNNING: 1, RequestState.APPROVED: 2}
    rest = Refill.objects.filter(state=RequestState.APPROVED)
    assert set(rest.values_list("sent_at", "lease_until")) == {(None, None)}
    assert rest.filter(send_at__lte=timezone.now()).count() == 2


def test_providers_own_words_of_doubt_hold_for_refills_and_cancels(
    double: ProviderDouble, service: Service, provider: Provider
) -> None:
    ProviderAccount.objects.create(provider=provider, ambiguous_phrases=["schläft"])
    refill = ask_refill(delivered(double, service))
    [order] = running(service, count=1)
    cancellation = ask_cancel(order)
    for action in ("refill", "cancel"):
        double.fault(action, "refuse", text="Der Server schläft")

    send_due()

    refill.refresh_from_db()
    cancellation.refresh_from_db()
    assert refill.state == RequestState.UNCLEAR
    assert (cancellation.state, cancellation.sent_at) == (RequestState.APPROVED, None)


@pytest.mark.parametrize(
    ("text", "status", "is_worth_it"),
    [
        ("Incorrect order ID", 200, True),
        ("Unknown order", 200, True),
        ("Incorrect request", 200, True),
        ("Incorrect request", 422, True),
        ("Incorrect order ID", 503, False),
        ("Something went wrong", 200, False),
    ],
)
def test_only_a_plain_no_is_asked_about_again(text: str, status: int, is_worth_it: bool) -> None:
    error = ErrorReply(text, exchange=Exchange(http_status=status))

    assert may_know_single_form(error) is is_worth_it
    assert may_know_single_form(ErrorReply(text, reason=Reason.BAD_KEY)) is False
