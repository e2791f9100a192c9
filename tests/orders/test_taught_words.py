"""A status word that the admin explains, from the provider's first "Abgebrochen" to the refund."""

import pytest
from django.utils import timezone

from accounts.models import Role
from catalog.models import StatusSubject
from catalog.status_words import explain, unknown_statuses
from orders.aftercare.refill_status import poll_refills
from orders.aftercare.requests import request_refill
from orders.aftercare.send_requests import send_due
from orders.models import Refill, RequestState, ReviewKind, Status
from tests.connected_provider import connect, mirror_service, run_order
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.orders.attempts import make_lane
from tests.orders.tracking.sweeps import refunds, sweep

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_explained_word_ends_the_order_by_the_usual_rules(double: ProviderDouble) -> None:
    service = mirror_service(double, connect(double))
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Abgebrochen", remains=1000, charge="0")
    sweep(times=2)
    unknown = [(one.subject, one.word) for one in unknown_statuses()]
    reviews = list(order.reviews.open().values_list("kind", flat=True))

    explain(
        provider=service.provider,
        subject=StatusSubject.ORDER,
        word="abgebrochen",
        status="canceled",
        actor=make_user(role=Role.ADMIN),
        now=NOW,
    )
    sweep()
    order.refresh_from_db()
    seen_once = order.status
    sweep()

    order.refresh_from_db()
    assert (unknown, reviews) == ([("order", "Abgebrochen")], [ReviewKind.UNKNOWN_STATUS])
    assert (seen_once, order.status) == (Status.RUNNING, Status.CANCELED)
    assert refunds(order) == [order.charge]
    assert not order.reviews.open().exists()


def test_an_explained_word_ends_the_refill(double: ProviderDouble) -> None:
    service = make_lane(double)
    service.is_refill, service.refill_mode = True, "automatic"
    service.save()
    double.patch_service(int(service.upstream_id), refill=True)
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Completed", remains=0)
    order.status, order.ended_at = Status.COMPLETED, timezone.now()
    order.save()
    order.watch.delete()
    refill = request_refill(order=order, actor=order.user, now=timezone.now())
    send_due()
    refill.refresh_from_db()
    double.set_refill(refill.upstream_id, "2")

    poll_again()
    unknown = [(one.subject, one.word) for one in unknown_statuses()]
    explain(
        provider=refill.provider,
        subject=StatusSubject.REFILL,
        word="2",
        status="completed",
        actor=make_user(role=Role.ADMIN),
        now=NOW,
    )
    poll_again()

    refill.refresh_from_db()
    assert unknown == [("refill", "2")]
    assert refill.state == RequestState.COMPLETED
    assert not order.reviews.open().exists()


def poll_again() -> None:
    Refill.objects.update(due_at=timezone.now())
    poll_refills()
