"""Orders that were perhaps placed are settled by evidence alone: each condition that is not met
keeps a verdict back.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from orders.audit.prove_all import prove
from orders.forwarding.sweep import submit_due
from orders.models import Ends, Event, Order, Review, Status
from orders.unclear.accounts import enter_top_up, self_test
from orders.unclear.decide import refund
from orders.unclear.provider_traits import lacks
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import make_user
from tests.orders.attempts import kinds_of, only_attempt
from tests.orders.unclear.lost_orders import NOT_PLACED, PLACED, UNDECIDED, Lane, unmet, verdict

pytestmark = pytest.mark.django_db(transaction=True)
COMMITTED = [
    "commit_reset",
    "commit_html200",
    "commit_http500",
    "commit_internal_error",
    "commit_wrong_type",
]
NEVER_PLACED = [
    "nocommit_reset",
    "nocommit_html200",
    "nocommit_http500",
    "nocommit_internal_error",
    "nocommit_close",
]


@pytest.fixture(autouse=True)
def fast(settings: Settings) -> None:
    settings.PROBE_EVERY = 0.001
    settings.RESOLVE_EVERY = 0.001
    settings.PROVIDER_TIMEOUT = 2


@pytest.fixture
def lane(double: ProviderDouble) -> Lane:
    return Lane(double)


def apart(act: Callable[[], str]) -> str:
    """What `act` gives in a thread, whose database session ends with it."""
    try:
        return act()
    finally:
        connection.close()


@pytest.mark.parametrize("fault", COMMITTED)
def test_order_that_was_placed_is_found_and_runs(lane: Lane, fault: str) -> None:
    order = lane.lose(fault)
    placed = lane.double.placed()[-1]
    lane.go_on()

    assert resolve_due() == "1 placed"

    assert verdict(order) == PLACED
    attempt = only_attempt(order)
    assert (order.upstream_id, attempt.upstream_id, attempt.decided_by) == (
        str(placed.order),
    ) * 2 + (None,)
    assert kinds_of(order)[-2:] == ["verdict", "accepted"]
    assert order.watch.provider == lane.provider


@pytest.mark.parametrize("fault", NEVER_PLACED)
def test_order_that_was_not_placed_is_sent_again_once(lane: Lane, fault: str) -> None:
    order = lane.lose(fault)
    lane.go_on()

    assert resolve_due() == "1 not placed"

    assert verdict(order) == NOT_PLACED
    assert submit_due() == "1 accepted"
    order.refresh_from_db()
    assert [placed.link for placed in lane.double.placed()].count(order.link) == 1
    assert prove().findings == []


def test_verdict_keeps_its_evidence(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    later = lane.go_on()

    resolve_due()

    evidence = only_attempt(order).evidence
    assert [each.is_met for each in evidence.conditions] == [True] * 8
    assert evidence.id_range == Ends(
        lower=int(str(lane.accepted[-1].upstream_id)), upper=int(str(later.upstream_id))
    )
    assert (evidence.money[-1].label, evidence.money[-1].amount) == ("Missing", Decimal(0))
    detail = Event.objects.get(order=order, kind="verdict").detail
    assert detail["id_range"] == {
        "lower": evidence.id_range.lower,
        "upper": evidence.id_range.upper,
    }


def test_top_up_that_staff_enter_explains_the_change(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    lane.double.set_balance(lane.double.balance() + 50)
    resolve_due()
    resolve_due()
    assert (verdict(order), lane.account.verdicts_paused_at is None) == (UNDECIDED, False)

    staff = make_user(role=Role.STAFF)
    enter_top_up(provider=lane.provider, amount=Decimal(50), note="bank transfer", actor=staff)

    assert resolve_due() == "1 not placed"


def test_order_whose_id_the_provider_hides_is_missed_in_the_balance(lane: Lane) -> None:
    """The id range alone would say "not placed" here, and the order would be placed twice."""
    order = lane.lose("commit_reset")
    lane.double.fault("status", "forgotten", ids=[str(lane.double.placed()[-1].order)])
    lane.go_on()

    resolve_due()

    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Balance matches"])
    assert lane.account.verdicts_paused_at is None  # the order itself explains what is missing


def test_fault_9_order_canceled_there_while_it_was_unclear_is_found(lane: Lane) -> None:
    """The balance alone would say "not placed" here."""
    order = lane.lose("commit_reset")
    number = lane.double.placed()[-1].order
    lane.double.set_order(number, status="Canceled")
    lane.go_on()

    assert resolve_due() == "1 placed"

    assert (verdict(order), order.upstream_id) == (PLACED, str(number))


def test_partial_order_is_known_by_what_it_kept(lane: Lane) -> None:
    first, second = lane.lose("commit_reset"), lane.lose("nocommit_reset")
    placed = lane.double.placed()[-1]
    lane.double.set_order(placed.order, status="Partial", remains=placed.quantity // 3)
    lane.go_on()

    assert resolve_due() == "1 not placed, 1 placed"

    assert (verdict(first), verdict(second)) == (PLACED, NOT_PLACED)


def test_fault_8_id_that_is_ours_already_is_no_answer(lane: Lane) -> None:
    order = lane.lose("commit_duplicate_id")
    placed = lane.double.placed()[-1]
    lane.go_on()

    assert resolve_due() == "1 placed"

    assert (verdict(order), order.upstream_id) == (PLACED, str(placed.order))
    assert not Review.objects.filter(order=order, closed_at=None).exists()


def test_fault_3_late_commit_is_found(lane: Lane) -> None:
    order = lane.lose("late_commit", seconds=2.5)
    give_up_at = time.monotonic() + 60
    while not any(placed.link == order.link for placed in lane.double.placed()):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    lane.go_on()

    assert resolve_due() == "1 placed"

    assert verdict(order) == PLACED


def test_other_peoples_orders_are_passed_over(lane: Lane) -> None:
    lane.double.foreign_order(count=3)
    placed, lost = lane.lose("commit_reset"), lane.lose("nocommit_reset")
    lane.double.foreign_order(count=150)
    lane.go_on()

    assert resolve_due() == "1 not placed, 1 placed"

    assert (verdict(placed), verdict(lost)) == (PLACED, NOT_PLACED)
    assert only_attempt(lost).investigation.calls == 2


def test_refund_of_another_order_is_no_missing_money(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    lane.double.set_order(str(lane.accepted[0].upstream_id), status="Canceled")

    assert resolve_due() == "1 not placed"

    assert verdict(order) == NOT_PLACED


def test_refund_after_the_end_is_found_before_an_alarm_is_raised(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    ended = lane.accepted[0]
    Order.objects.filter(pk=ended.pk).update(
        status=Status.COMPLETED, ended_at=ended.created_at, upstream_charge=only_attempt(ended).cost
    )
    lane.double.set_order(str(ended.upstream_id), status="Canceled")

    assert resolve_due() == "1 not placed"

    ended.refresh_from_db()
    assert (verdict(order), ended.upstream_charge) == (NOT_PLACED, Decimal(0))


def test_orders_of_one_provider_are_settled_in_one_reading(lane: Lane) -> None:
    lost = [lane.lose("nocommit_reset"), lane.lose("nocommit_close"), lane.lose("nocommit_empty")]
    found = [lane.lose("commit_reset")]
    lane.go_on()

    assert resolve_due() == "3 not placed, 1 placed"

    assert [verdict(order) for order in lost + found] == [NOT_PLACED] * 3 + [PLACED]


def test_young_unclear_order_does_not_hold_up_the_verdict_on_an_old_one(lane: Lane) -> None:
    old = lane.lose("nocommit_reset")
    lane.go_on()
    young = lane.lose("commit_reset")

    assert resolve_due() == "1 not placed"

    assert (verdict(old), verdict(young)) == (NOT_PLACED, UNDECIDED)


def test_sweep_changes_nothing_when_it_is_repeated(lane: Lane) -> None:
    order = lane.lose("commit_reset")
    lane.go_on()
    resolve_due()

    assert resolve_due() == "nothing unclear"

    assert verdict(order) == PLACED
    assert kinds_of(order).count("verdict") == 1


def test_orders_wait_while_the_account_is_read(lane: Lane) -> None:
    lane.lose("nocommit_reset")
    lane.go_on()
    waiting = lane.order()
    # the self-test asks, before the lane is drained
    lane.double.fault("balance", "delayed", seconds=0, times=1)
    lane.double.fault("balance", "held")
    with ThreadPoolExecutor(1) as threads:
        sweep = threads.submit(apart, resolve_due)
        while lane.account.draining_until is None and not sweep.done():
            time.sleep(0.01)

        assert submit_due() == "nothing due"

        lane.double.clear_faults()
        assert sweep.result() == "1 not placed"
    assert lane.account.draining_until is None
    waiting.refresh_from_db()
    assert waiting.status == Status.WAITING


def test_staff_who_were_wrong_learn_of_it(lane: Lane) -> None:
    order, other = lane.lose("commit_reset"), lane.lose("nocommit_reset")
    refund(order=order, actor=make_user(role=Role.STAFF), reason="a guess", now=order.created_at)
    lane.go_on()

    resolve_due()

    assert verdict(other) == NOT_PLACED
    assert "can be no other order of ours" in Review.objects.get(order=order).text


def test_self_test_tells_what_it_saw(lane: Lane) -> None:
    lane.double.foreign_order()
    lane.accept()

    self_test(provider=lane.provider, now=timezone.now())

    kept = lane.account
    assert (
        kept.ids_monotonic,
        kept.foreign_id_is_error,
        kept.charge_is_net,
        kept.balance_exact,
    ) == (
        True,
        True,
        None,
        True,
    )
    assert lacks(kept) == []
    assert kept.profile[0] == "Ids of 4 orders: each newer one has a higher id."
    assert (
        kept.profile[-1] == "Ids that are not ours (1, 23504): 2 are an error, 0 are shown to us."
    )
