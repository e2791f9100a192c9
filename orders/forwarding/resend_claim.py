"""Claim one perhaps placed order for one worker, to send it again under its idempotency key."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from catalog.models import Provider
from lib.clock import database_now
from orders.forwarding.claim import Claim
from orders.forwarding.open_providers import lock_if_open
from orders.lifecycle.costs import present_cost, worth
from orders.models import Attempt, EventKind, Order, ProviderAccount
from orders.models.attempts import quiet

log = logging.getLogger(__name__)

# after which staff decide: retries do not help with a provider that is silent for this long
RESEND_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ResendClaim:
    """One order that this worker, and nobody else, may send again now, unchanged."""

    claim: Claim
    # whether no earlier call can still place it: then a "no" to this one speaks for all
    is_last_word: bool


@transaction.atomic
def claim_resend(*, attempt: Attempt, account: str, owner: UUID) -> ResendClaim | None:
    """Take the attempt to send it again; None where it is not due, settled, taken, or may not go.

    `account` is the client's fingerprint. The caller holds the attempt's sender lock, so no earlier
    sender of it lives. The attempt is leased by the database's clock and stays UNKNOWN, so a worker
    that dies here changes nothing. It is left to staff after a day of asking, where the provider
    may not know the key under our present account, and where placing it now would be a loss.
    """
    now = database_now()
    provider = lock_if_open(provider_id=attempt.provider_id, now=now)
    orders = Order.objects.unclear().filter(attempts=attempt.pk).select_related("service")
    order = orders.free().first()
    fresh = Attempt.objects.due_for_resend(now=now).filter(pk=attempt.pk).free().first()
    if provider is None or order is None or fresh is None or fresh.last_sent_at is None:
        return None
    if problem := _problem(order, fresh, account, now):
        leave_to_staff(order=order, attempt=fresh, problem=problem, now=now)
        return None
    fresh.lease(owner=owner, until=now + timedelta(seconds=settings.CLAIM_LEASE))
    return ResendClaim(
        claim=_claim(order, fresh, provider), is_last_word=fresh.last_sent_at + quiet() < now
    )


def leave_to_staff(*, order: Order, attempt: Attempt, problem: str, now: datetime) -> None:
    """Send it no more: staff decide, or evidence does. The caller holds both row locks."""
    attempt.stop_resending(problem=problem)
    order.record(
        kind=EventKind.UNCLEAR,
        text=f"Not sent again: {problem}",
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk},
    )
    log.error("order %s stays unclear: attempt %s: %s", order.pk, attempt.pk, problem)


def _claim(order: Order, attempt: Attempt, provider: Provider) -> Claim:
    return Claim(
        attempt_id=attempt.pk,
        order_id=order.pk,
        provider_id=provider.pk,
        owner=attempt.owner,
        fields={str(name): str(text) for name, text in attempt.asked.items()},
        idempotency_key=attempt.idempotency_key,
        ambiguous_phrases=ProviderAccount.objects.of(provider).phrases,
        # whatever a call with this key has placed is the answer to the next one
        is_429_unclear=False,
    )


def _problem(order: Order, attempt: Attempt, account: str, now: datetime) -> str:
    """Why it must not be sent again; empty where it may."""
    if attempt.sent_at is None or attempt.sent_at + RESEND_FOR < now:
        return "No reliable answer within 24 hours. Ask the provider about the idempotency key."
    if attempt.account != account:
        return (
            "The provider's address or our API key changed since: it may not know the "
            "idempotency key and place the order twice."
        )
    cost = present_cost(order)
    if cost > max(worth(order), order.cost):
        return f"Placed now, it would cost {cost:.5f}; the charge is {worth(order):.5f}."
    return ""
