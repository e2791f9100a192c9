"""Releasing: asking paused providers for their balance, never with a customer's order, and letting
orders go on.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from catalog.models import Provider
from catalog.upstream import Client
from lib.clock import database_now
from orders.jobs.lanes import ask_providers, note_of
from orders.lifecycle.costs import upstream_cost
from orders.models import EventKind, HoldReason, Order, Status

log = logging.getLogger(__name__)

MAX_THREADS = 8  # providers asked at one time
# a provider in good health is asked so often, for the staff's figures
BALANCE_EVERY = timedelta(minutes=10)
MAX_RELEASED = 500  # orders of one provider in one run
# what a balance that answers can settle
BY_ITSELF = [HoldReason.PROVIDER_FUNDS, HoldReason.PROVIDER_KEY]


def check_providers() -> str:
    """Read the balances that matter now, lift automatic pauses and release held orders; returns a
    note for staff.

    A pause that a person set stays. A provider that does not answer stays paused.
    """
    tally = ask_providers(_check, _to_ask(), threads=MAX_THREADS, name="check")
    return note_of(tally, nothing="nothing to ask")


def _to_ask() -> list[Provider]:
    now = database_now()
    held = Order.objects.filter(
        provider=OuterRef("pk"), status=Status.HELD, hold_reason__in=BY_ITSELF
    )
    is_old = Q(balance_checked_at=None) | Q(balance_checked_at__lt=now - BALANCE_EVERY)
    is_wanted = (
        Q(paused_at__isnull=False, is_pause_automatic=True)
        | Exists(held)
        | Q(is_old, paused_at=None)
    )
    return list(Provider.objects.filter(is_wanted).order_by("pk"))


def _check(provider: Provider, client: Client) -> Counter[str]:
    return release(provider=provider, balance=client.balance().amount, now=timezone.now())


def release(*, provider: Provider, balance: Decimal, now: datetime) -> Counter[str]:
    """Take in a balance (provider's currency) that answered: it is stored, and what it settles goes
    on.

    Held for our key: the key works, so all go on. Held for funds: oldest first, as far as the
    balance reaches. An automatic pause is lifted unless the balance does not cover a single order
    that waits for it.
    """
    Provider.objects.filter(pk=provider.pk).update(balance=balance, balance_checked_at=now)
    tally = Counter({"asked": 1})
    held = Order.objects.filter(provider=provider, status=Status.HELD, hold_reason__in=BY_ITSELF)
    left = balance
    is_short = False
    for order in held.select_related("service").order_by("pk")[:MAX_RELEASED]:
        cost = (
            upstream_cost(order) if order.hold_reason == HoldReason.PROVIDER_FUNDS else Decimal(0)
        )
        if cost > left or (cost and left <= 0):
            is_short = True
        elif _release(order.pk, now):
            left -= cost
            tally["released"] += 1
    if not (is_short and not tally["released"] and not _covers_a_waiting_one(provider, balance)):
        tally["resumed"] += _lift(provider)
    return +tally


@transaction.atomic
def _release(order_id: int, now: datetime) -> bool:
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_id)
    if order.status != Status.HELD or order.hold_reason not in BY_ITSELF:
        return False  # staff or the customer were first
    text = f"Released: {HoldReason(order.hold_reason).label.lower()} no longer"
    order.wait(until=now)
    order.record(kind=EventKind.RELEASED, text=text, now=now, is_internal=True)
    return True


def _covers_a_waiting_one(provider: Provider, balance: Decimal) -> bool:
    waiting = Order.objects.filter(provider=provider, status=Status.WAITING).select_related(
        "service"
    )
    return any(
        upstream_cost(order) <= balance
        for order in waiting.order_by("submit_at", "pk")[:MAX_RELEASED]
    )


def _lift(provider: Provider) -> int:
    """End an automatic pause; what a person paused stays paused."""
    lifted = Provider.objects.filter(
        pk=provider.pk, paused_at__isnull=False, is_pause_automatic=True
    ).update(paused_at=None, pause_reason="", is_pause_automatic=False, failures_in_row=0)
    if lifted:
        log.info("provider %s answers again: its pause is lifted", provider.pk)
    return lifted
