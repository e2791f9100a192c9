"""Ask providers for their balance, without any customer's order, and release what it settles."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from catalog.models import Provider
from catalog.upstream import Client, ErrorReply
from lib.clock import database_now
from orders.forwarding.circuit_breaker import lift_pause, note_resume
from orders.forwarding.record_outcome import back_off
from orders.forwarding.rejection_checks import blame_account, settle_new_messages
from orders.jobs.lanes import ask_providers, note_of
from orders.lifecycle.costs import upstream_cost
from orders.models import EventKind, HoldReason, Order

log = logging.getLogger(__name__)

MAX_THREADS = 8  # providers asked at one time
# a healthy provider is asked this often, for the figures that staff see
BALANCE_EVERY = timedelta(minutes=10)
MAX_RELEASED = 500  # orders of one provider in one run
# what a balance that answers can settle, and how the timeline says so
SETTLED: Final = {
    HoldReason.PROVIDER_FUNDS: "our balance at the provider covers it again",
    HoldReason.PROVIDER_KEY: "the provider accepts our key again",
}


def check_providers() -> str:
    """Read the balances that matter now, lift automatic pauses, release orders; a note for staff.

    A pause that a person set stays. A provider that does not answer stays paused.
    """
    tally = ask_providers(_check, _to_ask(), threads=MAX_THREADS, name="check")
    return note_of(tally, nothing="nothing to ask")


def _to_ask() -> list[Provider]:
    now = database_now()
    held = Order.objects.held(*SETTLED, HoldReason.NEW_MESSAGE).filter(provider=OuterRef("pk"))
    is_old = Q(balance_checked_at=None) | Q(balance_checked_at__lt=now - BALANCE_EVERY)
    is_wanted = (
        Q(paused_at__isnull=False, is_pause_automatic=True)
        | Exists(held)
        | Q(is_old, paused_at=None)
    )
    return list(Provider.objects.filter(is_wanted).order_by("pk"))


def _check(provider: Provider, client: Client) -> Counter[str]:
    try:
        balance = client.balance().amount
    except ErrorReply as error:
        blame_account(provider=provider, error=error, now=timezone.now())
        raise
    if provider.other_currency:  # noted just now, or waits for the admin: the amount says nothing
        return Counter({"in another currency": 1})
    now = timezone.now()
    tally = release(provider=provider, balance=balance, now=now)
    return tally + settle_new_messages(provider=provider, client=client, balance=balance, now=now)


def release(*, provider: Provider, balance: Decimal, now: datetime) -> Counter[str]:
    """Store a balance (provider's currency) that answered, and let go on what it settles.

    Held for our key: the key works, so all go on. Held for funds: oldest first, as far as the
    balance reaches. An automatic pause is lifted unless the balance covers no order that waits.
    Where they went on before and none was accepted, one goes first, after a rest that grows; a
    balance that has risen ends the rest.
    """
    is_richer = provider.balance is not None and balance > provider.balance
    Provider.objects.filter(pk=provider.pk).update(balance=balance, balance_checked_at=now)
    tally = Counter({"asked": 1})
    if provider.resume_at and now < provider.resume_at and not is_richer:
        return tally
    most = 1 if provider.resumes_in_row and not is_richer else MAX_RELEASED
    is_short = False
    left = balance
    held = Order.objects.held(*SETTLED).filter(provider=provider).select_related("service")
    for order in held.order_by("pk")[:MAX_RELEASED]:
        is_for_funds = order.hold_reason == HoldReason.PROVIDER_FUNDS
        cost = upstream_cost(order) if is_for_funds else Decimal(0)
        if cost > left or (cost and left <= 0):
            is_short = True
        elif tally["released"] < most and _release(order.pk, now):
            left -= cost
            tally["released"] += 1
    if tally["released"]:
        note_resume(provider=provider, now=now)
    if not (is_short and not tally["released"] and not _covers_a_waiting_one(provider, balance)):
        tally["resumed"] += lift_pause(provider_id=provider.pk)
    return +tally


@transaction.atomic
def _release(order_id: int, now: datetime) -> bool:
    order = Order.objects.held(*SETTLED).locked().filter(pk=order_id).first()
    if order is None:
        return False  # staff or the customer were first
    text = f"Released: {SETTLED[HoldReason(order.hold_reason)]}"
    tries = order.attempts.refused().count()
    order.wait(until=now if tries <= 1 else now + back_off(failures=tries))
    order.record(kind=EventKind.RELEASED, text=text, now=now, is_internal=True)
    return True


def _covers_a_waiting_one(provider: Provider, balance: Decimal) -> bool:
    waiting = Order.objects.waiting().filter(provider=provider).select_related("service")
    first = waiting.longest_due_first()[:MAX_RELEASED]
    return any(upstream_cost(order) <= balance for order in first)
