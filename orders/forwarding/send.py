"""Call `add` once, outside any transaction, and record the sending just before its first byte."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from catalog.upstream import AMBIGUOUS_PHRASES, AddOutcome, Client
from orders.forwarding.claim import Claim
from orders.jobs.crash_points import reach
from orders.models import Attempt, EventKind, Order

# seconds between recording and sending; a process that slept longer must not wake up and send
STALL = 1.0
# A suspended machine's monotonic clock stops; the boot clock, where there is one, does not.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing was sent, for a reason of our own: the provider is not to blame."""

    detail: str


class _Stop(Exception):
    """Raised between the open connection and the first byte."""


def send(*, claim: Claim, client: Client) -> AddOutcome | Withheld:
    """Forward the claimed order once; nothing is sent unless the attempt could be marked as sent.

    Raises RuntimeError inside a transaction: no lock is ever held across the network.
    """
    account = client.fingerprint(pepper=settings.SECRET_KEY)
    return _call(claim, client, mark=lambda: _mark_sent(claim, account=account))


def send_again(*, claim: Claim, client: Client) -> AddOutcome | Withheld:
    """Send a perhaps placed order again, unchanged and with its key; recorded first, as in `send`.

    Only for a claim of resend_claim.claim_resend. Raises RuntimeError inside a transaction.
    """
    return _call(claim, client, mark=lambda: _mark_resent(claim))


def _call(claim: Claim, client: Client, *, mark: Callable[[], None]) -> AddOutcome | Withheld:
    if connection.in_atomic_block:
        raise RuntimeError("a provider is never called inside a transaction")
    try:
        return client.add(
            claim.fields,
            before_send=mark,
            idempotency_key=claim.idempotency_key,
            ambiguous_phrases=(*AMBIGUOUS_PHRASES, *claim.ambiguous_phrases),
            is_429_unclear=claim.is_429_unclear,
        )
    except _Stop as stop:
        return Withheld(str(stop))


def _mark_sent(claim: Claim, *, account: str = "") -> None:
    """Commit `prepared → sent` (RP2), or raise _Stop: then no byte has left and none will."""
    attempt = Attempt.objects.leased(attempt_id=claim.attempt_id, owner=claim.owner)
    _record(lambda: attempt.mark_sent(account=account))


def _mark_resent(claim: Claim) -> None:
    """Commit one more sending with its timeline entry, or raise as _mark_sent does."""
    _record(lambda: _note_resend(claim))


@transaction.atomic
def _note_resend(claim: Claim) -> bool:
    attempt = Attempt.objects.leased(attempt_id=claim.attempt_id, owner=claim.owner)
    if not attempt.mark_resent():
        return False
    Order(pk=claim.order_id).record(
        kind=EventKind.SUBMITTED,
        text=f"Sent again with its idempotency key {claim.idempotency_key}",
        now=timezone.now(),
        is_internal=True,
        detail={"attempt": claim.attempt_id},
    )
    return True


def _record(mark: Callable[[], bool]) -> None:
    reach("before_rp2")
    started = time.clock_gettime(_CLOCK)
    try:
        is_ours = mark()
    except DatabaseError as error:
        raise _Stop(f"the database did not record the sending ({type(error).__name__})") from None
    if not is_ours:
        raise _Stop("the lease ended before the connection was open")
    reach("after_rp2")
    if time.clock_gettime(_CLOCK) - started >= STALL:
        raise _Stop("the worker stalled between recording and sending")
