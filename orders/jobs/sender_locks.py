"""Advisory locks that prove a process alive: PostgreSQL gives them back by itself when the
process's session dies.

They belong to a session, so a worker needs a direct connection or session pooling (not pgbouncer's
transaction mode). A process that stands still (a frozen machine) keeps its connection and would
keep its locks for ever: PostgreSQL ends a session that took one of these and has said nothing for
MAX_SILENCE. When the process goes on, it has nothing left to say there, and finds out at its next
query.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from lib.advisory_locks import give_back, held, session_lock, take, take_in_transaction

# One bigint each, far above the CRC-32 numbers that periodic jobs lock.
ATTEMPTS = 1 << 56
SLOTS = 1 << 57
FENCES = 1 << 58
MAX_SLOTS = 1000  # of one provider


class SenderAlive(Exception):
    """Another session holds this attempt's pulse."""


@contextmanager
def sender_lock(*, attempt_id: int) -> Iterator[None]:
    """Hold the attempt's pulse on this thread's session: while it is held, nobody may think its
    sender dead.

    Raises PulseTaken. A session that breaks loses the pulse; the lease of the attempt still
    protects it for a while.
    """
    with session_lock(ATTEMPTS + attempt_id) as is_ours:
        if not is_ours:
            raise SenderAlive(f"attempt {attempt_id}")
        yield


@contextmanager
def slot(*, provider_id: int, slots: int) -> Iterator[bool]:
    """One of the provider's `slots` places for calls in flight, over all workers; yields False
    where all are taken.
    """
    first = SLOTS + provider_id * MAX_SLOTS
    taken = next((key for key in range(first, first + min(slots, MAX_SLOTS)) if take(key)), None)
    try:
        yield taken is not None
    finally:
        if taken is not None:
            give_back(taken)


def is_sender_dead(*, attempt_id: int) -> bool:
    """Whether no living session holds the attempt's pulse.

    In a transaction: and none takes it until that ends.
    """
    return take_in_transaction(ATTEMPTS + attempt_id)


def living_senders(attempt_ids: Collection[int]) -> set[int]:
    """Those of the attempts whose pulse some session holds now. Only looks, and disturbs no sender."""
    keys = held([ATTEMPTS + attempt_id for attempt_id in attempt_ids])
    return {key - ATTEMPTS for key in keys}


@contextmanager
def drain_lock(*, provider_id: int) -> Iterator[bool]:
    """Hold the pulse of the provider's fence; yields False where a living session holds it."""
    with session_lock(FENCES + provider_id) as is_ours:
        yield is_ours


def is_drain_abandoned(*, provider_id: int) -> bool:
    """Whether no living session holds the provider's fence.

    In a transaction: and none takes it until that ends.
    """
    return take_in_transaction(FENCES + provider_id)
