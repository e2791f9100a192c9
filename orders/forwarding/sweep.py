"""Forward every order that is due, each provider in a lane of its own."""

import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, OuterRef

from catalog.models import Provider
from catalog.provider_client import open_client
from catalog.upstream import Client
from lib.clock import database_now
from lib.fan_out import InFlight
from orders.forwarding.claim import claim
from orders.forwarding.open_providers import open_for_orders
from orders.forwarding.record_outcome import record_surely
from orders.forwarding.send import send
from orders.jobs.crash_points import reach
from orders.jobs.lanes import note_of, sweep_end
from orders.jobs.sender_locks import sender_lock, slot
from orders.models import Order

log = logging.getLogger(__name__)

MAX_SENDERS = 32  # threads over all lanes, each with a database connection
LOOK_EVERY = 0.25  # seconds between two looks for due orders while something is in flight
# seconds that a lane rests after it had nothing to send, or other sweeps filled it
REST = 1.0


def submit_due() -> str:
    """Forward what is due until nothing is, or 35 s have passed; returns a note for staff.

    A slow or silent provider keeps only its own lane waiting. Sweeps may run side by side: the
    claim of a row makes sure that each order is sent once, and a provider's calls in flight stay
    within SUBMIT_CONCURRENCY. Raises the first unexpected error of a lane after the other lanes
    have finished.
    """
    sweep = _Sweep(stop_at=sweep_end())
    try:
        with ThreadPoolExecutor(max_workers=MAX_SENDERS, thread_name_prefix="submit") as threads:
            while True:
                sweep.open_lanes(threads)
                if not sweep.senders.calls:
                    break
                sweep.collect()
    finally:
        sweep.close_sessions()
    if sweep.errors:
        raise sweep.errors[0]
    return note_of(sweep.tally, nothing="nothing due")


def forward_next(*, provider_id: int, client: Client, owner: UUID) -> str | None:
    """Claim, send and record the provider's next order; None where none may be sent now."""
    claimed = claim(provider_id=provider_id, owner=owner)
    if claimed is None:
        return None
    reach("after_claim")
    with sender_lock(attempt_id=claimed.attempt_id):
        outcome = send(claim=claimed, client=client)
        reach("after_send")
        word = record_surely(attempt_id=claimed.attempt_id, outcome=outcome)
        reach("after_record")
    return word


@dataclass
class _Sweep:
    """The lanes of one sweep: which senders are at work, and what has come of the others."""

    stop_at: float  # monotonic seconds
    owner: UUID = field(default_factory=uuid4)
    senders: InFlight[int, Counter[str]] = field(  # by the provider's primary key
        default_factory=lambda: InFlight(look_every=LOOK_EVERY)
    )
    # provider's primary key → until, monotonic seconds
    resting: dict[int, float] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)
    sessions: list[BaseDatabaseWrapper] = field(default_factory=list)  # of its threads

    def open_lanes(self, threads: ThreadPoolExecutor) -> None:
        """Give every lane with due orders one more sender, within its concurrency.

        One at a time, since the others are often enough.
        """
        if time.monotonic() >= self.stop_at:
            return
        for provider in _due_providers():
            is_resting = self.resting.get(provider.pk, 0.0) > time.monotonic()
            if is_resting or len(self.senders.calls) >= MAX_SENDERS:
                continue
            if self.senders.count()[provider.pk] < settings.SUBMIT_CONCURRENCY:
                self.senders.begin(threads, partial(_work_off, provider, self), provider.pk)

    def collect(self) -> None:
        """Wait a moment for senders to finish, and take in what they did."""
        for provider_id, sender in self.senders.ended():
            error = sender.exception()
            if error is not None:
                log.error("lane of provider %s failed", provider_id, exc_info=error)
                self.errors.append(error)
                self.resting[provider_id] = self.stop_at
            elif not sender.result():
                self.resting[provider_id] = time.monotonic() + REST
            else:
                self.tally += sender.result()

    def use_session(self) -> None:
        """Keep the session that this thread had for another lane: opening one costs more than a
        claim.
        """
        session = connections[DEFAULT_DB_ALIAS]
        if session.connection is None:
            session.inc_thread_sharing()  # it is closed by the sweep's own thread
            self.sessions.append(session)
        elif not session.is_usable():  # the database restarted meanwhile
            session.close()

    def close_sessions(self) -> None:
        """Close what the threads, which have ended, left open."""
        for session in self.sessions:
            session.close()


def _work_off(provider: Provider, sweep: _Sweep) -> Counter[str]:
    """One sender: forwards the lane's orders one after another, on its thread's session."""
    tally: Counter[str] = Counter()
    sweep.use_session()
    try:
        with slot(provider_id=provider.pk, slots=settings.SUBMIT_CONCURRENCY) as is_free:
            if not is_free:
                return tally
            with open_client(provider) as client:
                while time.monotonic() < sweep.stop_at:
                    word = forward_next(provider_id=provider.pk, client=client, owner=sweep.owner)
                    if word is None:
                        break
                    tally[word] += 1
    except BaseException:
        connection.close()
        raise
    return tally


def _due_providers() -> list[Provider]:
    now = database_now()
    due = Order.objects.due(now=now).filter(provider=OuterRef("pk"))
    return list(open_for_orders(now=now).filter(Exists(due)).order_by("pk"))
