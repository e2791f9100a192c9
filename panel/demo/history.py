"""The demo's orders, refills and cancellations in every state, created by the real functions.

The workers run at the same time; claims and locks prevent anything from being done twice.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from django.utils import timezone

from accounts.models import User
from catalog.sync.sync import Overtaken, sync_provider
from orders.aftercare.refill_status import poll_refills
from orders.aftercare.requests import approve, reject, request_cancel, request_refill
from orders.aftercare.send_requests import send_due
from orders.audit.prove_all import keep_proof
from orders.forwarding.sweep import submit_due
from orders.models import ENDED, Cancellation, Order, Refill, RequestState, Review, Status
from orders.tracking.sweep import track_due
from panel.demo.orders import Counter, forward, reach, standing
from panel.demo.users import People

WORDS: Final = {"Pending", "Processing", "In progress"}
LONG: Final = 1800.0  # seconds; keeps orders running while people look


def make_history(*, people: People, main: Counter, euro: Counter, paused: Counter) -> None:
    """Place, forward, track, refund, refill and cancel about fifty orders, in about ten seconds."""
    held = _lose_on(euro)
    ended = _deliver(main) + _deliver_partly(main)
    running = _run(main)
    rejected = _reject(main)
    under_review = _put_under_review(main)
    _leave_unclear(euro)
    _wait(paused)
    cancels = _cancel(running, people.staff, main)
    begun = _begin(main)
    reach(lambda: standing(ended).exclude(status__in=ENDED).count() == 0, meanwhile=track_due)
    _refill(ended, people.staff, main)
    reach(lambda: not _is_open(cancels[0]), meanwhile=track_due)
    reach(
        lambda: Review.objects.filter(order__in=under_review).count() == len(under_review),
        meanwhile=track_due,
    )
    reach(
        lambda: standing([*rejected, held]).exclude(status__in=[*ENDED, Status.HELD]).count() == 0,
        meanwhile=submit_due,
    )
    euro.steering.clear_faults()
    reach(lambda: _words([*running, *begun]) >= WORDS, meanwhile=track_due)
    main.steering.pace()
    keep_proof(now=timezone.now())


def _lose_on(counter: Counter) -> Order:
    """An order held as a loss: the provider is busy when it comes, and raises its rate.

    The provider keeps rejecting until its faults are cleared, so that the order is not sent before
    the sync.
    """
    service = counter.service(type="Default")
    counter.steering.fault("add", "nocommit_http429", where={"link": "/launch/"})
    order = counter.place_one(service, link="https://example.com/launch/3391")
    reach(lambda: standing([order]).filter(submit_failures__gt=0).exists(), meanwhile=submit_due)
    counter.steering.set_service(service.upstream_id, rate=f"{service.rate * 17 / 10:.4f}")
    with suppress(Overtaken):  # by a scheduled sync, which is as good
        sync_provider(provider_id=counter.provider.pk, now=timezone.now())
    return order


def _deliver(counter: Counter) -> list[Order]:
    """Completed orders, most of them with a refill on offer."""
    counter.steering.pace(
        pending=1, processing=1, delivering=LONG, refill_delay=2, refilling=LONG, jitter=0
    )
    orders = (
        counter.place(7, is_refill=True)
        + counter.place(5)
        + counter.place(1, type="Custom Comments")
    )
    forward(orders)
    for order in orders:
        counter.steering.set_order(
            order.upstream_id, status="Completed", start_count=_start_count(order)
        )
    return orders


def _deliver_partly(counter: Counter) -> list[Order]:
    """Orders with a partial or full refund."""
    partial, canceled = counter.place(4, type="Default"), counter.place(2)
    forward([*partial, *canceled])
    for share, order in zip((2, 3, 5, 8), partial, strict=True):
        remains = order.billed_quantity // share
        counter.steering.set_order(
            order.upstream_id, status="Partial", remains=remains, start_count=_start_count(order)
        )
    for order in canceled:
        counter.steering.set_order(order.upstream_id, status="Canceled")
    return partial + canceled


def _run(counter: Counter) -> list[Order]:
    """Orders that run for half an hour, the first of them to be canceled."""
    orders = counter.place(5, is_cancel=True, type="Default") + counter.place(3, type="Default")
    forward(orders)
    counter.steering.advance(LONG / 4)
    return orders


def _reject(counter: Counter) -> list[Order]:
    """An order that the provider rejects, with a reason for the customer."""
    service = counter.service(type="Default")
    counter.steering.fault(
        "add", "refuse", where={"link": "/private/"}, text="Incorrect link: the account is private"
    )
    return [counter.place_one(service, link="https://example.com/private/lumen")]


def _put_under_review(counter: Counter) -> list[Order]:
    """Orders with contradicting reports, which staff must decide."""
    orders = counter.place(2, type="Default") + counter.place(1, type="Package")
    forward(orders)
    reports = (
        {"status": "Partial", "remains": ""},
        {"status": "On review"},
        {"status": "Partial", "remains": "1"},
    )
    for report, order in zip(reports, orders, strict=True):
        counter.steering.set_order(order.upstream_id, shown=report)
    return orders


def _leave_unclear(counter: Counter) -> None:
    """Two unclear orders: one was placed, one was not."""
    counter.steering.fault("add", "commit_reset", where={"link": "/reel/"}, times=1)
    counter.steering.fault("add", "nocommit_http502", where={"link": "/story/"}, times=1)
    links = ("https://example.com/reel/48211", "https://example.com/story/7190")
    forward([counter.place_one(counter.service(type="Default"), link=link) for link in links])
    forward(counter.place(2, type="Default"))


def _wait(counter: Counter) -> None:
    """Orders for a paused provider: two wait, one is canceled."""
    *_, given_up = counter.place(3)
    request_cancel(order=given_up, actor=given_up.user, now=timezone.now())


def _begin(counter: Counter) -> list[Order]:
    """Orders that the provider has just started, or not yet."""
    counter.steering.pace(pending=1, processing=LONG, jitter=0)
    processing = counter.place(3, type="Default")
    forward(processing)
    counter.steering.pace(pending=LONG, jitter=0)
    pending = counter.place(3)
    forward(pending)
    return processing + pending


def _words(orders: Sequence[Order]) -> set[str]:
    """The statuses that customers see of running orders."""
    return {order.customer_status for order in standing(orders).filter(status=Status.RUNNING)}


def _cancel(running: Sequence[Order], staff: User, counter: Counter) -> list[Cancellation]:
    """Cancellations in every state but unclear; the first completes with its order."""
    counter.steering.pace(cancel_delay=LONG, jitter=0)
    asked = [_ask_to_cancel(order) for order in running[:5]]
    done, under_way, rejected, *_ = asked
    for request in (done, under_way):
        approve(request=request, actor=staff, now=timezone.now())
    reject(request=rejected, actor=staff, reason="Almost delivered", now=timezone.now())
    reach(lambda: _is_sent(done) and _is_sent(under_way), meanwhile=send_due)
    order = done.order
    counter.steering.set_order(
        order.upstream_id, status="Partial", remains=order.billed_quantity * 3 // 4
    )
    return asked


def _ask_to_cancel(order: Order) -> Cancellation:
    request = request_cancel(order=order, actor=order.user, now=timezone.now())
    if request is None:
        raise LookupError(f"{order} had not been sent and was canceled at once")
    return request


def _refill(ended: Sequence[Order], staff: User, counter: Counter) -> None:
    """Refills in every state but unclear."""
    counter.steering.pace(refill_delay=1, refilling=LONG)
    asked = [
        request_refill(order=order, actor=order.user, now=timezone.now()) for order in ended[:6]
    ]
    done, rejected_there, under_way, rejected, *_ = asked
    for request in (done, rejected_there, under_way):
        approve(request=request, actor=staff, now=timezone.now())
    reject(
        request=rejected,
        actor=staff,
        reason="The count has not dropped since completion",
        now=timezone.now(),
    )
    reach(
        lambda: all(_is_sent(request) for request in (done, rejected_there, under_way)),
        meanwhile=send_due,
    )
    counter.steering.set_refill(done.upstream_id, "Completed")
    counter.steering.set_refill(rejected_there.upstream_id, "Rejected")
    reach(lambda: not _is_open(done) and not _is_open(rejected_there), meanwhile=poll_refills)


def _start_count(order: Order) -> int:
    """Any number."""
    return order.pk * 7919 % 48_000


def _is_sent(request: Refill | Cancellation) -> bool:
    request.refresh_from_db()
    return request.state not in {
        RequestState.REQUESTED,
        RequestState.APPROVED,
        RequestState.SENDING,
    }


def _is_open(request: Refill | Cancellation) -> bool:
    request.refresh_from_db()
    return request.state not in {RequestState.COMPLETED, RequestState.REJECTED}
