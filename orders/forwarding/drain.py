"""Keep a provider's lane empty: while its account is read, no order may be on its way there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from lib.clock import database_now
from orders.jobs.sender_locks import drain_lock, is_drain_abandoned, living_senders
from orders.models import Attempt, AttemptState, ProviderAccount

DRAIN_FOR = timedelta(seconds=60)  # after which the lane opens by itself, should the resolver die
LOOK_EVERY = 0.1  # seconds between two looks whether the lane is empty
GRACE = timedelta(seconds=2)  # between a claim and its sender's lock


@contextmanager
def drained_lane(*, provider_id: int, patience: float) -> Iterator[bool]:
    """Send nothing to the provider meanwhile; yields whether that was so within `patience` seconds.

    So: no living session is about to send or waits for an answer. False, too, where a living one
    drains the lane already; the drain of a dead one is taken over.
    """
    with drain_lock(provider_id=provider_id) as is_ours:
        if not is_ours:
            yield False
            return
        # A claim holds the account's row until it is committed: from here on every earlier claim
        # can be seen.
        account = ProviderAccount.objects.filter(pk=provider_id)
        account.get_or_create(provider_id=provider_id)
        account.update(draining_until=database_now() + DRAIN_FOR)
        try:
            yield _becomes_empty(provider_id, give_up_at=time.monotonic() + patience)
        finally:
            account.update(draining_until=None)


@transaction.atomic
def lift_dead_drains() -> int:
    """Open the lanes whose resolver died while it read; returns how many."""
    draining = ProviderAccount.objects.draining().order_by("pk").values_list("pk", flat=True)
    dead = [pk for pk in draining if is_drain_abandoned(provider_id=pk)]
    return ProviderAccount.objects.filter(pk__in=dead).update(draining_until=None)


def _becomes_empty(provider_id: int, *, give_up_at: float) -> bool:
    while not _is_empty(provider_id):
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(LOOK_EVERY)
    return True


def _is_empty(provider_id: int) -> bool:
    now = database_now()
    # an unknown one with a moment may be sent again right now: its sender's lock tells
    may_be_sent = Attempt.objects.open().exclude(state=AttemptState.UNKNOWN, resend_at=None)
    under_way = may_be_sent.filter(provider_id=provider_id).order_by("pk")
    rows = {attempt.pk: attempt for attempt in under_way}
    if living_senders(rows.keys()):
        return False
    prepared = [
        pk
        for pk, each in rows.items()
        if each.state == AttemptState.PREPARED and each.lease_until > now
    ]
    if any(rows[pk].prepared_at > now - GRACE for pk in prepared):
        return False
    # Nobody holds these: with their leases ended, a sender who is there after all does not send.
    Attempt.objects.filter(pk__in=prepared, state=AttemptState.PREPARED).update(lease_until=now)
    return True
