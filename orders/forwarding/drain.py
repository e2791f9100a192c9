"""Keep a provider free of our orders while its account is read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from lib.clock import database_now
from orders.jobs.sender_locks import drain_lock, is_drain_abandoned, living_senders
from orders.models import Attempt, AttemptState, ProviderAccount

DRAIN_FOR = timedelta(seconds=60)  # after which the lane reopens, should the resolver die
LOOK_EVERY = 0.1  # seconds between two looks whether the lane is empty
GRACE = timedelta(seconds=2)  # between a claim and its sender lock


@contextmanager
def drained_lane(*, provider_id: int, patience: float) -> Iterator[bool]:
    """Send the provider no new order meanwhile; yields whether the lane was empty in time.

    That is, within `patience` seconds no living session was about to send or waited for an answer.
    False, too, where a living session has drained the lane; one of a dead session is taken over.
    """
    with drain_lock(provider_id=provider_id) as is_ours:
        if not is_ours:
            yield False
            return
        # A claim holds the account's row until it commits: after this update every earlier claim
        # is visible.
        account = ProviderAccount.objects.filter(pk=provider_id)
        account.get_or_create(provider_id=provider_id)
        account.update(draining_until=database_now() + DRAIN_FOR)
        try:
            yield _becomes_empty(provider_id, give_up_at=time.monotonic() + patience)
        finally:
            account.update(draining_until=None)


@transaction.atomic
def lift_dead_drains() -> int:
    """Reopen the lanes whose resolver died while it read; returns how many.

    It has decided nothing: verdicts come after the reading.
    """
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
    # resends among them: while one is sent, its sender lock is held
    attempts = Attempt.objects.in_flight() | Attempt.objects.resending()
    rows = attempts.filter(provider_id=provider_id).order_by("pk").in_bulk()
    if living_senders(rows.keys()):
        return False
    prepared = [
        pk
        for pk, attempt in rows.items()
        if attempt.state == AttemptState.PREPARED and attempt.lease_until > now
    ]
    if any(rows[pk].prepared_at > now - GRACE for pk in prepared):
        return False
    # Nobody holds these: their leases end now, so that a sender that lives after all cannot send.
    Attempt.objects.filter(pk__in=prepared, state=AttemptState.PREPARED).update(lease_until=now)
    return True
