"""Workers die, stand still or lose their database at every point: nothing is sent twice, nothing is
lost.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Provider, Service
from catalog.provider_client import open_client
from catalog.upstream import AddOutcome
from orders.forwarding.claim import Claim, claim
from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.record_outcome import record_outcome
from orders.forwarding.send import STALL, Withheld, send
from orders.forwarding.sweep import submit_due
from orders.jobs.sender_locks import SenderAlive, sender_lock, slot
from orders.models import Attempt, AttemptState, Order, Status
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order
from tests.orders.attempts import (
    end_of,
    kinds_of,
    leave_attempt,
    let_leases_end,
    living_sender,
    make_due,
    make_lane,
    only_attempt,
    start_sweep,
)

pytestmark = pytest.mark.django_db(transaction=True)

Result = TypeVar("Result")

KILLED = (-signal.SIGKILL, "")


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_lane(double)


def take(service: Service) -> Claim:
    taken = claim(provider_id=service.provider_id, owner=uuid4())
    assert taken is not None
    return taken


def forward(taken: Claim) -> AddOutcome | Withheld:
    """Send a claim as its sweep would; what came of it."""
    with open_client(Provider.objects.get(pk=taken.provider_id)) as client:
        return send(claim=taken, client=client)


def apart(act: Callable[[], Result]) -> Result:
    """What `act` gives in a thread, whose database session ends with it."""
    try:
        return act()
    finally:
        connection.close()


def busy_sessions() -> int:
    """The test database's other sessions that keep a transaction open without asking anything
    in it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state LIKE 'idle in transaction%'"
        )
        return int(cursor.fetchone()[0])


def wait_until_blocked() -> None:
    """Wait until another session of the test database waits for a lock."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited for a lock within 60 s")


def wait_until_sent(*, count: int = 1) -> Attempt:
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        attempts = list(Attempt.objects.filter(state=AttemptState.SENT).order_by("pk"))
        if len(attempts) == count:
            return attempts[0]
        time.sleep(0.02)
    raise AssertionError("nothing was sent within 60 s")


def test_kill_before_the_claim_is_committed_leaves_the_order_waiting(
    double: ProviderDouble, service: Service
) -> None:
    [order] = make_due(service)

    assert end_of(start_sweep(fault_point="in_claim")) == KILLED

    order.refresh_from_db()
    assert (order.status, order.attempts.count()) == (Status.WAITING, 0)
    assert end_of(start_sweep()) == (0, "1 accepted")
    assert len(double.placed()) == 1


@pytest.mark.parametrize("point", ["after_claim", "before_rp2"])
def test_kill_before_anything_is_sent_lets_the_order_go_again(
    double: ProviderDouble, service: Service, point: str
) -> None:
    [order] = make_due(service)

    assert end_of(start_sweep(fault_point=point)) == KILLED

    assert (only_attempt(order).state, double.placed()) == (AttemptState.PREPARED, ())
    assert settle_expired_leases(now=timezone.now()) == "nothing left behind"
    let_leases_end()
    assert settle_expired_leases(now=timezone.now()) == "1 waiting again"
    assert submit_due() == "1 accepted"
    order.refresh_from_db()
    assert (order.status, len(double.placed())) == (Status.RUNNING, 1)
    assert kinds_of(order) == ["submitted", "postponed", "submitted", "accepted"]


@pytest.mark.parametrize(
    ("point", "placed"), [("after_rp2", 0), ("after_send", 1), ("in_record", 1)]
)
def test_kill_after_it_may_have_been_sent_leaves_the_order_unclear(
    double: ProviderDouble, service: Service, point: str, placed: int
) -> None:
    [order] = make_due(service)

    assert end_of(start_sweep(fault_point=point)) == KILLED

    assert (only_attempt(order).state, len(double.placed())) == (AttemptState.SENT, placed)
    let_leases_end()
    assert settle_expired_leases(now=timezone.now()) == "1 unclear"
    assert settle_expired_leases(now=timezone.now()) == "nothing left behind"
    assert submit_due() == "nothing due"
    order.refresh_from_db()
    assert (order.status, only_attempt(order).state) == (Status.UNCLEAR, AttemptState.UNKNOWN)
    assert (len(double.placed()), order.net_charge) == (placed, order.charge)


def test_kill_after_the_record_loses_nothing(double: ProviderDouble, service: Service) -> None:
    [order] = make_due(service)

    assert end_of(start_sweep(fault_point="after_record")) == KILLED

    order.refresh_from_db()
    assert order.status == Status.RUNNING
    assert [str(placed.order) for placed in double.placed()] == [order.upstream_id]


def test_reaper_waits_for_a_sender_that_lives_whatever_its_lease_says(service: Service) -> None:
    order = make_order(service=service, status=Status.SUBMITTING)
    attempt = leave_attempt(order, AttemptState.SENT)

    with living_sender(attempt.pk):
        notes = [settle_expired_leases(now=NOW)]
    notes.append(settle_expired_leases(now=NOW))

    assert notes == ["1 still being sent", "1 unclear"]


def test_worker_that_stood_still_past_its_lease_sends_nothing(
    double: ProviderDouble, service: Service
) -> None:
    [order] = make_due(service)
    taken = take(service)
    let_leases_end()
    settle_expired_leases(now=NOW)

    outcome = forward(taken)

    assert outcome == Withheld("the lease ended before the connection was open")
    assert record_outcome(attempt_id=taken.attempt_id, outcome=outcome, now=NOW) == "settled before"
    order.refresh_from_db()
    assert (order.status, order.submit_failures, double.placed()) == (Status.WAITING, 0, ())


def test_worker_whose_lease_is_over_sends_nothing_before_anybody_has_noticed(
    double: ProviderDouble, service: Service
) -> None:
    [order] = make_due(service)
    taken = take(service)
    let_leases_end()

    outcome = forward(taken)

    assert isinstance(outcome, Withheld)
    assert (only_attempt(order).state, double.placed()) == (AttemptState.PREPARED, ())


def test_worker_that_stood_still_between_writing_down_and_sending_sends_nothing(
    double: ProviderDouble, service: Service
) -> None:
    [order] = make_due(service)
    taken = take(service)
    rival = connection.copy()
    rival.set_autocommit(False)
    with rival.cursor() as cursor:
        cursor.execute("SELECT 1 FROM orders_attempt WHERE id = %s FOR UPDATE", [taken.attempt_id])
    with ThreadPoolExecutor(1) as threads:
        stalled = threads.submit(apart, lambda: forward(taken))
        wait_until_blocked()
        time.sleep(STALL + 0.1)
        rival.rollback()
        outcome = stalled.result()
    rival.close()

    assert outcome == Withheld("the worker stalled between recording and sending")
    assert only_attempt(order).state == AttemptState.SENT
    assert record_outcome(attempt_id=taken.attempt_id, outcome=outcome, now=NOW) == "postponed"
    order.refresh_from_db()
    assert (order.status, double.placed()) == (Status.WAITING, ())
    assert Provider.objects.get().failures_in_row == 0


def test_nothing_is_sent_while_the_database_takes_nothing_down(
    double: ProviderDouble, service: Service
) -> None:
    make_due(service)
    taken = take(service)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")

    outcome = forward(taken)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")

    assert isinstance(outcome, Withheld)
    assert double.placed() == ()


def test_answer_is_recorded_on_a_new_session_when_the_old_one_is_ended(
    double: ProviderDouble, service: Service
) -> None:
    [order] = make_due(service)
    double.fault("add", "held")
    with ThreadPoolExecutor(1) as threads:
        sweep = threads.submit(apart, submit_due)
        wait_until_sent()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'"
            )
            assert cursor.fetchone()[0] >= 1
        double.clear_faults()
        note = sweep.result()

    order.refresh_from_db()
    assert note == "1 accepted"
    assert (order.status, order.upstream_id) == (Status.RUNNING, str(double.placed()[0].order))


def test_no_transaction_is_open_while_a_provider_is_silent(
    double: ProviderDouble, service: Service
) -> None:
    make_due(service, count=4)
    double.fault("add", "held")
    with ThreadPoolExecutor(1) as threads:
        sweep = threads.submit(apart, submit_due)
        wait_until_sent(count=4)
        seen = []
        for _ in range(20):
            seen.append(busy_sessions())
            time.sleep(0.02)
        double.clear_faults()
        note = sweep.result()

    assert seen == [0] * 20
    assert note == "4 accepted"


def test_provider_is_never_called_inside_a_transaction(
    double: ProviderDouble, service: Service
) -> None:
    make_due(service)
    taken = take(service)

    with (
        pytest.raises(RuntimeError, match="never called inside a transaction"),
        transaction.atomic(),
    ):
        forward(taken)

    assert double.journal().requests == ()


def test_sender_lock_and_slots_are_held_once() -> None:
    with living_sender(5), pytest.raises(SenderAlive), sender_lock(attempt_id=5):
        pass
    with (
        sender_lock(attempt_id=5),
        slot(provider_id=7, slots=1) as is_first,
        ThreadPoolExecutor(1) as threads,
    ):
        is_second = threads.submit(apart, _takes_slot).result()
    with ThreadPoolExecutor(1) as threads:
        # of another session: one session may take its own slot twice
        is_free_again = threads.submit(apart, _takes_slot).result()

    assert (is_first, is_second, is_free_again) == (True, False, True)


def _takes_slot() -> bool:
    with slot(provider_id=7, slots=1) as is_taken:
        return is_taken


def test_sweeps_side_by_side_stay_within_the_providers_concurrency(
    double: ProviderDouble, service: Service, settings: Settings
) -> None:
    settings.SUBMIT_CONCURRENCY = 2
    make_due(service, count=6)
    double.fault("add", "held")
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(apart, submit_due)
        wait_until_sent(count=2)

        second = submit_due()

        claimed = Attempt.objects.count()
        double.clear_faults()
        first.result()

    assert (second, claimed) == ("nothing due", 2)
    assert len(double.placed()) == 6


def test_lane_that_another_session_holds_is_left_for_the_next_sweep(
    double: ProviderDouble,
) -> None:
    service = make_lane(double, is_probe_allowed=True)
    make_due(service)
    rival = connection.copy()
    rival.set_autocommit(False)
    with closing(rival), rival.cursor() as cursor:
        cursor.execute(  # as a claim does that stands still
            "SELECT 1 FROM catalog_provider WHERE id = %s FOR NO KEY UPDATE", [service.provider_id]
        )

        while_held = submit_due()

    assert while_held == "nothing due"
    assert submit_due() == "1 accepted"


def test_outcome_recorded_twice_changes_nothing(double: ProviderDouble, service: Service) -> None:
    [order] = make_due(service)
    taken = take(service)
    outcome = forward(taken)

    words = [
        record_outcome(attempt_id=taken.attempt_id, outcome=outcome, now=NOW) for _ in range(2)
    ]

    order.refresh_from_db()
    assert words == ["accepted", "settled before"]
    assert kinds_of(order) == ["submitted", "accepted"]
    assert len(double.placed()) == 1


def test_unsealable_key_breaks_off_its_own_lane_alone(
    double: ProviderDouble, service: Service
) -> None:
    [stuck] = make_due(service)
    Provider.objects.update(sealed_key="broken")
    [order] = make_due(make_lane(double))

    with pytest.raises(Exception, match="encrypted with another"):
        submit_due()

    order.refresh_from_db()
    stuck.refresh_from_db()
    assert (order.status, stuck.status) == (Status.RUNNING, Status.WAITING)
    assert Order.objects.filter(status=Status.SUBMITTING).count() == 0
