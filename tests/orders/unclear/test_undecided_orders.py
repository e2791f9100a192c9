"""When nothing is said of an unclear order: too early, too little known, money unexplained, a
provider out of reach.
"""

from decimal import Decimal

import pytest
from pytest_django import Settings

from accounts.models import Role
from catalog.models import Provider
from orders.models import Attempt, Baseline, Order, Orphan, Status
from orders.unclear.accounts import explain
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import make_user
from tests.orders.attempts import living_sender, only_attempt
from tests.orders.unclear.lost_orders import NOT_PLACED, UNDECIDED, Lane, pass_time, unmet, verdict

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fast(settings: Settings) -> None:
    settings.PROBE_EVERY = 0.001
    settings.RESOLVE_EVERY = 0.001
    settings.PROVIDER_TIMEOUT = 2


@pytest.fixture
def lane(double: ProviderDouble) -> Lane:
    return Lane(double)


def test_nothing_is_said_before_the_quiet_time_is_over(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.accept()

    resolve_due()

    assert verdict(order) == UNDECIDED
    assert unmet(order) == ["Waiting time over", "Id range known"]


def test_nothing_is_said_while_no_later_order_was_accepted(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    pass_time()

    assert resolve_due() == "1 waiting"

    assert verdict(order) == UNDECIDED
    assert unmet(order) == ["Id range known"]


@pytest.mark.parametrize("text", ["ORD-9", "007", "9f3c"])
def test_nothing_is_said_where_the_provider_also_gives_ids_that_are_no_numbers(
    lane: Lane, text: str
) -> None:
    order = lane.lose("nocommit_reset")
    between = lane.go_on()
    Attempt.objects.filter(order=between).update(upstream_id=text)
    lane.go_on()

    resolve_due()

    assert verdict(order) == UNDECIDED
    told = {each.name: each.words for each in only_attempt(order).evidence.unmet}
    assert told["Id range known"] == "This provider also gives ids that are not numbers."


def test_nothing_is_said_while_the_sender_lives(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()

    with living_sender(only_attempt(order).pk):
        resolve_due()
        assert verdict(order) == UNDECIDED
        assert unmet(order) == ["Worker finished"]

    assert resolve_due() == "1 not placed"


def test_nothing_is_said_of_a_provider_that_may_not_be_probed(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    Provider.objects.update(is_probe_allowed=False)
    asked = len(lane.double.journal().requests)

    resolve_due()

    assert verdict(order) == UNDECIDED
    assert unmet(order) == ["Provider behaviour known"]
    assert len(lane.double.journal().requests) == asked


def test_nothing_is_said_while_money_is_missing_that_nobody_explains(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    lane.double.set_balance(lane.double.balance() - Decimal("0.00001"))

    resolve_due()
    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Balance matches"])
    assert lane.account.verdicts_paused_at is None

    resolve_due()
    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Balance matches"])
    assert lane.account.verdicts_pause_reason.startswith("0.00001 USD is missing from our account")


def test_nothing_is_said_against_a_baseline_that_is_younger_than_the_order(lane: Lane) -> None:
    order = lane.lose("commit_reset")
    # leaves no trace in the sums
    lane.double.set_order(lane.double.placed()[-1].order, status="Canceled")
    lane.double.fault("status", "forgotten", ids=[str(lane.double.placed()[-1].order)])
    pass_time()
    Baseline.objects.all().delete()
    explain(provider=lane.provider, reason="ordered by hand", actor=make_user(role=Role.STAFF))
    resolve_due()
    assert Baseline.objects.exclude(read_at=None).count() == 1
    lane.accept()

    resolve_due()

    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Balance matches"])


def test_canceled_order_that_may_be_one_of_two_is_left_to_staff(lane: Lane) -> None:
    first, second = lane.lose("commit_reset"), lane.lose("nocommit_reset")
    lane.double.set_order(lane.double.placed()[-1].order, status="Canceled")
    lane.go_on()

    resolve_due()

    assert (verdict(first), verdict(second)) == (UNDECIDED, UNDECIDED)
    assert (unmet(first), unmet(second)) == (["No matching order"], ["No matching order"])


def test_fault_10_somebody_else_ordering_on_our_key_stops_the_verdicts(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    [stranger] = lane.double.foreign_order(account="ours")
    lane.go_on()

    resolve_due()

    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Balance matches"])
    assert (
        lane.account.verdicts_pause_reason
        == f"Orders on our account that we did not place: {stranger.order}"
    )
    explain(provider=lane.provider, reason="a colleague's test", actor=make_user(role=Role.STAFF))
    assert Orphan.objects.get().explanation == "a colleague's test"
    resolve_due()
    later = lane.lose("nocommit_reset")
    lane.go_on()
    assert resolve_due() == "1 not placed, 1 undecided"
    assert (verdict(order), verdict(later)) == (UNDECIDED, NOT_PLACED)


def test_fault_10_is_seen_in_the_balance_outside_the_id_ranges_too(lane: Lane) -> None:
    lane.double.foreign_order(account="ours")
    lane.accept()
    order = lane.lose("nocommit_reset")
    lane.go_on()

    resolve_due()
    resolve_due()

    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Balance matches"])
    assert "is missing from our account" in lane.account.verdicts_pause_reason


def test_id_range_that_is_too_wide_is_not_read(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.double.foreign_order(count=1961)
    lane.go_on()

    resolve_due()

    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Id range read"])
    asked = lane.double.journal().asked("status")
    assert max(len(request.parameters.get("orders", "").split(",")) for request in asked) <= 6


@pytest.mark.parametrize("lie", ["charge_null", "charge_missing", "missing_ids", "forgotten"])
def test_nothing_is_said_while_the_provider_is_silent_about_our_own_orders(
    lane: Lane, lie: str
) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    lane.double.fault("status", lie, ids=[str(lane.accepted[0].upstream_id)])

    assert resolve_due() == "1 not readable"

    assert verdict(order) == UNDECIDED
    lane.double.clear_faults()
    assert resolve_due() == "1 not placed"


def test_provider_that_does_not_answer_delays_the_verdict(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    lane.go_on()
    lane.double.fault("status", "http502")

    resolve_due()

    assert (verdict(order), lane.account.draining_until) == (UNDECIDED, None)


def test_provider_whose_ids_do_not_grow_is_left_to_staff(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    Attempt.objects.filter(order=lane.accepted[0]).update(upstream_id="99999")
    lane.go_on()

    resolve_due()

    assert (verdict(order), unmet(order)) == (
        UNDECIDED,
        ["Provider behaviour known", "Id range known"],
    )
    assert lane.account.ids_monotonic is False


def test_provider_whose_charges_are_not_net_is_left_to_staff(lane: Lane) -> None:
    order = lane.lose("nocommit_reset")
    known = lane.accepted[0]
    charge = only_attempt(known).cost
    lane.double.set_order(str(known.upstream_id), status="Canceled", shown={"charge": str(charge)})
    Order.objects.filter(pk=known.pk).update(
        status=Status.CANCELED,
        ended_at=known.created_at,
        upstream_charge=charge,
        refunded=known.charge,
    )
    lane.go_on()

    resolve_due()

    assert (verdict(order), unmet(order)) == (UNDECIDED, ["Provider behaviour known"])
    assert lane.account.charge_is_net is False


def test_provider_of_whom_no_foreign_id_is_known_is_left_to_staff() -> None:
    with ProviderDouble(first_id=1) as double:
        lane = Lane(double)
        order = lane.lose("nocommit_reset")
        lane.go_on()

        resolve_due()

        assert (verdict(order), unmet(order)) == (UNDECIDED, ["Provider behaviour known"])
        assert lane.account.foreign_id_is_error is None
