"""Advisory locks that show whether the worker sending an attempt is alive.

PostgreSQL releases them when the worker's session ends. It ends the session of a stalled process (a
frozen machine), too, which says nothing for MAX_SILENCE; the process finds out at its next query.
"""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager

from lib.advisory_locks import give_back, held, session_lock, take, take_in_transaction

# One bigint each, far above the CRC-32 numbers that periodic jobs lock.
ATTEMPTS = 1 << 56
SLOTS = 1 << 57
DRAINS = 1 << 58
MAX_SLOTS = 1000  # of one provider


class SenderAlive(Exception):
    """Another session holds this attempt's sender lock."""


@contextmanager
def sender_lock(*, attempt_id: int) -> Iterator[None]:
    """Hold the attempt's lock on this thread's session, so that its sender counts as alive.

    Raises SenderAlive. A session that breaks loses the lock; the attempt's lease still protects it
    for a while.
    """
    with session_lock(ATTEMPTS + attempt_id) as is_ours:
        if not is_ours:
            raise SenderAlive(f"attempt {attempt_id}")
        yield


@contextmanager
def slot(*, provider_id: int, slots: int) -> Iterator[bool]:
    """One of the provider's `slots` for calls in flight, over all workers; False: all are taken."""
    first = SLOTS + provider_id * MAX_SLOTS
    taken = next((key for key in range(first, first + min(slots, MAX_SLOTS)) if take(key)), None)
    try:
        yield taken is not None
    finally:
        if taken is not None:
            give_back(taken)


def is_sender_dead(*, attempt_id: int) -> bool:
    """Whether no living session holds the attempt's lock; none takes it in this transaction."""
    return take_in_transaction(ATTEMPTS + attempt_id)


def living_senders(attempt_ids: Collection[int]) -> set[int]:
    """The attempts whose lock a session holds now; takes no lock and disturbs no sender."""
    keys = held([ATTEMPTS + attempt_id for attempt_id in attempt_ids])
    return {key - ATTEMPTS for key in keys}


def drain_lock(*, provider_id: int) -> AbstractContextManager[bool]:
    """Hold the lock of the provider's drain; yields False where a living session holds it."""
    return session_lock(DRAINS + provider_id)


def is_drain_abandoned(*, provider_id: int) -> bool:
    """Whether no living session drains the provider; none begins in this transaction."""
    return take_in_transaction(DRAINS + provider_id)
