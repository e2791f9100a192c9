"""Reclaiming: one worker takes one order that was perhaps placed, to send it again under the key
that it went with.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from lib.clock import database_now
from lib.decimals import five_decimals
from orders.forwarding.claim import Claim, open_lane
from orders.forwarding.record_outcome import PROBLEM_LENGTH
from orders.lifecycle.costs import present_cost, worth
from orders.models import Attempt, AttemptState, EventKind, Order, ProviderAccount, Status
from orders.models.attempts import quiet

log = logging.getLogger(__name__)

RESEND_FOR = timedelta(
    hours=24
)  # after which staff look: a provider that is silent for so long is no matter of retries


@dataclass(frozen=True, slots=True)
class ResendClaim:
    """One order that this worker, and nobody else, may send again now, exactly as it was sent
    before.
    """

    claim: Claim
    # whether no earlier call can still place it: then a "no" to this one speaks for all
    is_last_word: bool


def due_resends(*, now: datetime) -> QuerySet[Attempt]:
    """The attempts that were perhaps placed and may be sent again now; of providers that honour
    their keys alone.
    """
    return Attempt.objects.filter(
        state=AttemptState.UNKNOWN, resend_at__lte=now, provider__is_idempotent=True
    )


@transaction.atomic
def claim_resend(*, attempt: Attempt, account: str, owner: UUID) -> ResendClaim | None:
    """Take the attempt to send it again; None where it is not due, settled, taken, or its lane is
    closed.

    `account` is the client's fingerprint. The caller holds the attempt's pulse, so that no earlier
    sender of it lives. The attempt gets a lease by the database's clock and stays UNKNOWN: whoever
    dies here leaves nothing behind. It is left to staff instead where it was asked for a day, where
    its key may not be known under our present account, and where placing it now would be a loss.
    """
    now = database_now()
    provider = open_lane(provider_id=attempt.provider_id, now=now)
    orders = Order.objects.select_for_update(
        skip_locked=True, of=("self",), no_key=True
    ).select_related("service")
    order = orders.filter(attempts=attempt.pk, status=Status.UNCLEAR).first()
    due = due_resends(now=now).select_for_update(skip_locked=True, of=("self",), no_key=True)
    fresh = due.filter(pk=attempt.pk).first()
    if provider is None or order is None or fresh is None or fresh.last_sent_at is None:
        return None
    if problem := _problem(order, fresh, account, now):
        leave_to_staff(order=order, attempt=fresh, problem=problem, now=now)
        return None
    fresh.owner, fresh.lease_until = owner, now + timedelta(seconds=settings.CLAIM_LEASE)
    fresh.save(update_fields=["owner", "lease_until"])
    claim = Claim(
        attempt_id=fresh.pk,
        order_id=order.pk,
        provider_id=provider.pk,
        owner=owner,
        fields={str(name): str(text) for name, text in fresh.asked.items()},
        idempotency_key=fresh.idempotency_key,
        doubtful_words=ProviderAccount.objects.of(provider).phrases,
        # whatever a call with this key has placed, the next one answers with it
        is_429_unclear=False,
    )
    return ResendClaim(claim=claim, is_last_word=fresh.last_sent_at + quiet() < now)


def leave_to_staff(*, order: Order, attempt: Attempt, problem: str, now: datetime) -> None:
    """Send it no more: staff decide, or the resolver by a proof. The caller holds both row locks."""
    attempt.resend_at = None
    attempt.problem = problem[:PROBLEM_LENGTH]
    attempt.evidence = replace(attempt.evidence, next_step=problem)
    attempt.save(update_fields=["resend_at", "problem", "evidence"])
    text = f"Not asked again: {problem}"
    order.record(
        kind=EventKind.UNCLEAR,
        text=text,
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk},
    )
    log.error(
        "order %s is unclear and not asked again: attempt %s: %s", order.pk, attempt.pk, problem
    )


def _problem(order: Order, attempt: Attempt, account: str, now: datetime) -> str:
    """Why it must not be sent again; empty where it may be."""
    if attempt.sent_at is None or attempt.sent_at + RESEND_FOR < now:
        return "It was asked for a day without an answer that could be believed. Ask the provider about its key."
    if attempt.account != account:
        return "Our address or API key there has changed since: its key may not be known, and place it once more."
    cost = present_cost(order)
    if cost > max(worth(order), order.cost):
        return (
            f"Were it placed only now, it would cost {five_decimals(cost)},"
            f" but the charge is {five_decimals(worth(order))}."
        )
    return ""
