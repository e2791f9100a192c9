"""Work that is overdue while its job runs is shown to staff."""

from datetime import datetime, timedelta

import pytest

from orders.aftercare.requests import approve, request_refill
from orders.audit.overdue import overdue_work
from orders.models import Order, Status, Sweep, Watch
from tests.factories import NOW, make_order, make_service

pytestmark = pytest.mark.django_db

HOURS = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _jobs_that_run() -> None:
    since = NOW - 100 * HOURS
    names = ("submit_due", "track_due", "submit_aftercare")
    Sweep.objects.bulk_create(Sweep(name=name, ran_at=NOW, since=since) for name in names)


def since(moment: datetime) -> str:
    return f"since {moment:%Y-%m-%d %H:%M} UTC"


def test_pitfall_21_orders_that_are_not_sent_are_seen() -> None:
    made = NOW - 3 * HOURS
    service = make_service()
    make_order(service=service, now=made)
    make_order(service=service, now=made + HOURS)
    make_order(service=service, now=NOW)

    [(key, text)] = overdue_work(now=NOW)

    assert key == f"unsent:{service.provider_id}"
    assert text == f"{service.provider}: orders waiting to be sent: 2, the oldest {since(made)}"


def test_pitfall_21_order_that_fails_again_and_again_is_seen() -> None:
    Order.objects.filter(pk=make_order(now=NOW).pk).update(submit_failures=12)

    assert [text.split(": ", 1)[1] for _, text in overdue_work(now=NOW)] == [
        f"orders waiting to be sent: 1, the oldest {since(NOW)}"
    ]


def test_pitfall_21_running_orders_of_which_nothing_is_told_are_seen() -> None:
    silent = make_order(status=Status.RUNNING, now=NOW - 100 * HOURS)
    told = make_order(status=Status.RUNNING, now=NOW - 100 * HOURS)
    Watch.objects.filter(order=silent).update(observed_at=NOW - 7 * HOURS)
    Watch.objects.filter(order=told).update(observed_at=NOW - 5 * HOURS)

    assert overdue_work(now=NOW) == [
        (
            f"unanswered:{silent.provider_id}",
            (
                f"{silent.provider}: running orders without a status report: 1, "
                f"{since(NOW - 7 * HOURS)}"
            ),
        )
    ]


def test_pitfall_20_refills_that_never_reach_the_provider_are_seen() -> None:
    order = make_order(service=make_service(is_refill=True), status=Status.COMPLETED)
    refill = request_refill(order=order, actor=order.user, now=NOW - 9 * HOURS)
    approve(request=refill, actor=order.user, now=NOW - 2 * HOURS)

    assert overdue_work(now=NOW) == [
        (
            f"unasked:{order.provider_id}",
            (
                f"{order.provider}: refills and cancellations waiting to be sent: 1, the oldest "
                f"{since(NOW - 2 * HOURS)}"
            ),
        )
    ]


def test_panel_that_has_just_begun_again_catches_up_first() -> None:
    make_order(now=NOW - 3 * HOURS)
    make_order(status=Status.RUNNING, now=NOW - 100 * HOURS)
    Sweep.objects.update(since=NOW - HOURS / 2)

    assert overdue_work(now=NOW) == []
