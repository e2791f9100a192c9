"""Refunds that come too early: while the order is being sent, or for trouble that is ours."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from orders.aftercare.requests import NotOffered, request_cancel
from orders.forwarding.recovery import check_providers
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, Order
from tests.mutants.ground import Ground
from tests.orders.unclear.lost_orders import Lane
from tests.waiting import wait_for

ROUNDS = 3
IN_ANY_LANGUAGE = ("Hesabınız askıya alındı", "Tài khoản của bạn đã hết hạn", "Acesso suspenso")


def canceled_while_it_is_sent(ground: Ground) -> list[str]:
    """A customer cancels while the provider places the order and takes its time to answer."""
    order = Lane(ground.double).order()
    ground.double.fault("add", "held", times=1)
    with ThreadPoolExecutor(1) as threads:
        sweep = threads.submit(_sweep)
        wait_for(Attempt.objects.filter(state=AttemptState.SENT).exists)
        with suppress(NotOffered):
            request_cancel(order=order, actor=order.user, now=timezone.now())
        ground.double.clear_faults()
        sweep.result()
    return ground.wrongs()


def rejected_for_our_account(ground: Ground) -> list[str]:
    """The provider rejects whatever we order, in words that we have never met: our account there
    is to blame.
    """
    lane = Lane(ground.double)
    for text in IN_ANY_LANGUAGE[:ROUNDS]:
        ground.double.fault("add", "refuse", text=text, times=1)
        lane.order()
        submit_due()
        check_providers()
    return [
        f"{order} was refunded for trouble that is ours"
        for order in Order.objects.exclude(refunded=Decimal(0))
    ]


def _sweep() -> None:
    try:
        submit_due()
    finally:
        connection.close()
