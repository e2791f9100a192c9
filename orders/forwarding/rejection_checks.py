"""Find out what a provider's new rejection message means, before any money moves on it.

Our account there is to blame where the balance is refused or does not cover the order. The order is
to blame where the balance covers it, a known order's status is answered, and the provider has
accepted another order since. All else waits for staff, who say it once for each message.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from django.db import transaction

from accounts.models import User
from catalog.models import Provider
from catalog.upstream import Client, ErrorReply, OrderStatus, Reason
from catalog.upstream.error_texts import fold_text
from orders.forwarding.circuit_breaker import pause
from orders.forwarding.record_outcome import OURS, back_off, rejection_text
from orders.forwarding.refusal_texts import REASONS
from orders.lifecycle.costs import upstream_cost
from orders.lifecycle.end import cancel_in_full
from orders.models import Attempt, EventKind, HoldReason, Meaning, Order, RejectionText

log = logging.getLogger(__name__)

MAX_CHECKED: Final = 200  # orders of one provider in one run
UNQUOTED: Final = "the supplier rejected the order"

Act = Callable[[Order, datetime], None]


def settle_new_messages(
    *, provider: Provider, client: Client, balance: Decimal, now: datetime
) -> Counter[str]:
    """Settle what the evidence settles; the balance (provider's currency) was just read.

    Asks for the status of one known order, where an order waits for it.
    """
    held = Order.objects.held(HoldReason.NEW_MESSAGE).filter(provider=provider)
    orders = list(held.select_related("service").order_by("pk")[:MAX_CHECKED])
    tally: Counter[str] = Counter()
    if not orders:
        return tally
    answers = _knows_an_order(provider, client)
    for order in orders:
        if upstream_cost(order) > balance:
            tally["short of funds"] += _act(order, _hold_for_funds, now)
        elif answers and _accepted_since(order):
            tally["rejected"] += _act(order, _refund, now)
    if tally["short of funds"]:
        reason = f"{HoldReason.PROVIDER_FUNDS.label}: it does not cover the orders it rejects"
        pause(provider_id=provider.pk, reason=reason, now=now)
    return +tally


def blame_account(*, provider: Provider, error: ErrorReply, now: datetime) -> None:
    """The provider refuses even our balance: no order is to blame for what it said to them."""
    held = Order.objects.held(HoldReason.NEW_MESSAGE).filter(provider=provider)
    orders = list(held.order_by("pk")[:MAX_CHECKED])
    reason = OURS.get(error.reason, HoldReason.PROVIDER_KEY)

    def hold(order: Order, now: datetime) -> None:
        order.hold(reason=reason, text=f"It answers our balance with: {error.text}", now=now)

    for order in orders:
        _act(order, hold, now)
    if orders:
        pause(provider_id=provider.pk, reason=f"{reason.label}: {error.text}", now=now)


def settle_decided(
    *, rejection: RejectionText, meaning: Meaning, actor: User, now: datetime
) -> int:
    """Carry out what staff decided on the orders that this message holds; returns how many."""
    held = Order.objects.held(HoldReason.NEW_MESSAGE).filter(provider=rejection.provider)
    count = 0
    for order in held.order_by("pk"):  # all of them: nothing comes back to those left over
        attempt = order.attempts.refused().order_by("pk").last()
        if attempt and fold_text(attempt.problem) == rejection.text:
            count += _act(order, partial(_carry_out, meaning=meaning, actor=actor), now)
    if count and (reason := OURS.get(REASONS.get(meaning, Reason.CUSTOMER))):
        why = f"{reason.label}: {rejection.example}"
        pause(provider_id=rejection.provider_id, reason=why, now=now)
    return count


@transaction.atomic
def _act(order: Order, act: Act, now: datetime) -> bool:
    """Act on the order under its lock; False where staff or the customer were first."""
    held = Order.objects.held(HoldReason.NEW_MESSAGE).locked().select_related("user", "service")
    locked = held.filter(pk=order.pk).first()
    if locked is None:
        return False
    act(locked, now)
    return True


def _carry_out(order: Order, now: datetime, *, meaning: Meaning, actor: User) -> None:
    attempt = order.attempts.refused().order_by("pk").last()
    said = attempt.problem if attempt else ""
    text = f"Its rejection message was decided: {meaning.label}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
    match meaning:
        case Meaning.CUSTOMER:
            cancel_in_full(order=order, text=rejection_text(said), now=now)
        case Meaning.LATER:
            order.wait(until=now + back_off(failures=order.attempts.refused().count()))
        case Meaning.AMBIGUOUS:
            warning = "It may have been placed. Check before it is sent again."
            order.hold(reason=HoldReason.STAFF, text=warning, now=now)
        case Meaning.FUNDS | Meaning.KEY:
            order.hold(reason=OURS[REASONS[meaning]], text=f"The provider said: {said}", now=now)


def _hold_for_funds(order: Order, now: datetime) -> None:
    text = "The balance there does not cover the order."
    order.hold(reason=HoldReason.PROVIDER_FUNDS, text=text, now=now)


def _refund(order: Order, now: datetime) -> None:
    text = (
        "The provider's balance covers the order, it answers for our orders and has accepted "
        "another one since: this order is to blame."
    )
    order.record(kind=EventKind.REFUSED, text=text, now=now, is_internal=True)
    cancel_in_full(order=order, text=UNQUOTED, now=now)


def _knows_an_order(provider: Provider, client: Client) -> bool:
    """Whether the provider answers for the order of ours that it accepted last."""
    accepted = Attempt.objects.accepted().filter(provider=provider).order_by("-pk")
    upstream_id = accepted.values_list("upstream_id", flat=True).first()
    if upstream_id is None:
        return False
    return isinstance(client.status([upstream_id]).orders.get(upstream_id), OrderStatus)


def _accepted_since(order: Order) -> bool:
    """Whether the provider accepted another order that was claimed after this one's rejection."""
    rejected = order.attempts.refused().order_by("pk").last()
    if rejected is None or rejected.finished_at is None:
        return False
    later = Attempt.objects.accepted().filter(provider=order.provider_id, pk__gt=rejected.pk)
    return later.filter(prepared_at__gt=rejected.finished_at).exists()
