"""Sending: the one call of `add`, with no transaction open, written down immediately before its first byte."""

import time
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.models.functions import Now

from catalog.upstream import DOUBTFUL_WORDS, AddOutcome, Client
from orders.claiming import Claim
from orders.faultpoints import reach
from orders.models import Attempt, AttemptState

STALL = 1.0  # seconds between writing down and sending: a process that slept longer must not wake up and send
# A suspended machine's monotonic clock stands still; the boot clock, where there is one, does not.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Withheld:
    """We did not send, for a reason of our own: the provider is not to blame."""

    detail: str


class _Stop(Exception):
    """Raised between the open connection and the first byte."""


def send(*, claim: Claim, client: Client) -> AddOutcome | Withheld:
    """Forward the claimed order once. Nothing is sent unless the attempt could be marked as sent first.

    Raises RuntimeError inside a transaction: no lock is ever held across the network.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a provider is never called inside a transaction")
    try:
        return client.add(
            claim.fields,
            before_send=lambda: _mark_sent(claim),
            idempotency_key=claim.idempotency_key,
            doubtful_words=(*DOUBTFUL_WORDS, *claim.doubtful_words),
            is_429_unclear=claim.is_429_unclear,
        )
    except _Stop as stop:
        return Withheld(str(stop))


def _mark_sent(claim: Claim) -> None:
    """Commit `prepared → sent` (RP2), or raise: then no byte has left and none will."""
    reach("before_rp2")
    started = time.clock_gettime(_CLOCK)
    try:
        is_ours = Attempt.objects.filter(
            pk=claim.attempt_id, state=AttemptState.PREPARED, owner=claim.owner, lease_until__gt=Now()
        ).update(state=AttemptState.SENT, sent_at=Now())
    except DatabaseError as error:
        raise _Stop(f"the database did not take down that it is sent ({type(error).__name__})") from None
    if not is_ours:
        raise _Stop("the lease was over before the connection was up")
    reach("after_rp2")
    if time.clock_gettime(_CLOCK) - started >= STALL:
        raise _Stop("the worker stood still between writing down and sending")
