"""Sending: the one call of `add`, with no transaction open, written down immediately before its
first byte.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from catalog.upstream import AMBIGUOUS_PHRASES, AddOutcome, Client
from orders.forwarding.claim import Claim
from orders.jobs.crash_points import reach
from orders.models import Attempt, AttemptState, EventKind, Order

# seconds between writing down and sending: a process that slept longer must not wake up and send
STALL = 1.0
# A suspended machine's monotonic clock stands still; the boot clock, where there is one, does not.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Withheld:
    """We did not send, for a reason of our own: the provider is not to blame."""

    detail: str


class _Stop(Exception):
    """Raised between the open connection and the first byte."""


def send(*, claim: Claim, client: Client) -> AddOutcome | Withheld:
    """Forward the claimed order once. Nothing is sent unless the attempt could be marked as sent
    first.

    Raises RuntimeError inside a transaction: no lock is ever held across the network.
    """
    account = client.fingerprint(pepper=settings.SECRET_KEY)
    return _call(claim, client, mark=lambda: _mark_sent(claim, account=account))


def send_again(*, claim: Claim, client: Client) -> AddOutcome | Withheld:
    """Forward an order that was perhaps placed once more, as it was and with its key; written down
    first, as in send.

    For a claim of reclaiming.reclaim alone. Raises RuntimeError inside a transaction.
    """
    return _call(claim, client, mark=lambda: _mark_sent_again(claim))


def _call(claim: Claim, client: Client, *, mark: Callable[[], None]) -> AddOutcome | Withheld:
    if connection.in_atomic_block:
        raise RuntimeError("a provider is never called inside a transaction")
    try:
        return client.add(
            claim.fields,
            before_send=mark,
            idempotency_key=claim.idempotency_key,
            doubtful_words=(*AMBIGUOUS_PHRASES, *claim.doubtful_words),
            is_429_unclear=claim.is_429_unclear,
        )
    except _Stop as stop:
        return Withheld(str(stop))


def _mark_sent(claim: Claim, *, account: str = "") -> None:
    """Commit `prepared → sent` (RP2), or raise: then no byte has left and none will."""
    mine = Attempt.objects.filter(
        pk=claim.attempt_id, state=AttemptState.PREPARED, owner=claim.owner, lease_until__gt=Now()
    )
    _write_down(lambda: mine.update(state=AttemptState.SENT, sent_at=Now(), account=account))


def _mark_sent_again(claim: Claim) -> None:
    """Commit that the attempt is sent once more, with a line on the order's timeline, or raise
    as _mark_sent does.
    """
    _write_down(lambda: _note_resend(claim))


@transaction.atomic
def _note_resend(claim: Claim) -> int:
    mine = Attempt.objects.filter(
        pk=claim.attempt_id, state=AttemptState.UNKNOWN, owner=claim.owner, lease_until__gt=Now()
    )
    if not mine.update(resends=F("resends") + 1, resent_at=Now()):
        return 0
    text = f"Asked again with its key {claim.idempotency_key}"
    detail = {"attempt": claim.attempt_id}
    Order(pk=claim.order_id).record(
        kind=EventKind.SUBMITTED,
        text=text,
        now=timezone.now(),
        is_internal=True,
        detail=detail,
    )
    return 1


def _write_down(mark: Callable[[], int]) -> None:
    reach("before_rp2")
    started = time.clock_gettime(_CLOCK)
    try:
        is_ours = mark()
    except DatabaseError as error:
        raise _Stop(
            f"the database did not take down that it is sent ({type(error).__name__})"
        ) from None
    if not is_ours:
        raise _Stop("the lease was over before the connection was up")
    reach("after_rp2")
    if time.clock_gettime(_CLOCK) - started >= STALL:
        raise _Stop("the worker stood still between writing down and sending")
