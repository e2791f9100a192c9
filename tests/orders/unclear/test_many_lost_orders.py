"""A hundred orders are lost in every way at random, while others come, end and are canceled: no
verdict is wrong.
"""

from collections import Counter
from random import Random

import pytest
from pytest_django import Settings

from catalog.models import Provider
from orders.audit.prove_all import prove
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, Order
from orders.tracking.sweep import track_due
from orders.unclear.sweep import resolve_due
from tests.connected_provider import make_due
from tests.double.faults import SHAPES
from tests.double.handle import ProviderDouble
from tests.factories import NOW
from tests.orders.unclear.lost_orders import Lane, pass_time

pytestmark = pytest.mark.django_db(transaction=True)

AMBIGUOUS = 100
# An id that is no new one but another lost order's cannot be told from an honest answer:
# test_sweep.py has fault 8.
LYING = ("duplicate_id",)
# cost seconds, or are not ambiguous
SLOW = ("hang", "slow_drip", "slow_head", "huge_body", "http429", "http403")
MODES = [
    f"{commits}_{shape}"
    for commits in ("commit", "nocommit")
    for shape in SHAPES
    if shape not in SLOW + LYING
]
MODES += ["commit_hang", "nocommit_slow_head"]
MODES += ["commit_internal_error"] * 2 + ["nocommit_reset"] * 2


def lose_some(lane: Lane, luck: Random) -> None:
    """A few orders, some of whose answers go wrong, among other people's."""
    for _ in range(luck.randint(5, 8)):
        if luck.random() < 0.85:
            lane.double.fault("add", luck.choice(MODES), times=1)
        lane.order(quantity=luck.randrange(100, 9000))
        submit_due()
        lane.double.clear_faults()
        lane.double.foreign_order(count=luck.randrange(0, 4))
    # as its balance would
    Provider.objects.update(paused_at=None, pause_reason="", failures_in_row=0)


def end_some(lane: Lane, luck: Random) -> None:
    """The provider ends some orders; seldom one that we have lost, since it takes longer than
    the quiet time.
    """
    known = set(
        Order.objects.filter(upstream_id__isnull=False).values_list("upstream_id", flat=True)
    )
    for placed in lane.double.placed():
        is_known = str(placed.order) in known
        if placed.status == "Pending" and luck.random() < (0.15 if is_known else 0.02):
            state = luck.choice(["Canceled", "Partial", "Completed"])
            remains = {"Partial": {"remains": luck.randrange(1, placed.quantity)}}.get(state, {})
            lane.double.set_order(placed.order, status=state, **remains)
    make_due()
    track_due()
    # long ago: here hours go by in seconds
    Order.objects.filter(ended_at__isnull=False).update(ended_at=NOW)


def let_go_on(lane: Lane) -> None:
    """The quiet time passes, a later order is accepted, and the resolver looks."""
    pass_time()
    lane.order()
    submit_due()
    for _ in range(2):
        resolve_due()


@pytest.mark.parametrize("seed", [1])
@pytest.mark.slow
def test_of_a_hundred_lost_orders_all_but_a_few_are_settled_and_none_wrongly(
    double: ProviderDouble, settings: Settings, seed: int
) -> None:
    settings.PROBE_EVERY = settings.RESOLVE_EVERY = 0.0001
    settings.PROVIDER_TIMEOUT = 1
    settings.REFUND_CONFIRM = 0.0001
    luck = Random(seed)
    lane = Lane(double)
    lost: set[int] = set()

    while len(lost) < AMBIGUOUS:
        lose_some(lane, luck)
        lost |= set(Attempt.objects.filter(state=AttemptState.UNKNOWN).values_list("pk", flat=True))
        end_some(lane, luck)
        let_go_on(lane)
    for _ in range(3):
        let_go_on(lane)

    states = Counter(Attempt.objects.filter(pk__in=lost).values_list("state", flat=True))
    links = Counter(placed.link for placed in double.placed())
    placed_as = {placed.link: str(placed.order) for placed in double.placed()}
    known = Order.objects.filter(upstream_id__isnull=False)
    assert max(links.values()) == 1  # nothing was placed twice
    assert [order for order in known if placed_as[order.link] != order.upstream_id] == []
    assert lane.account.verdicts_paused_at is None
    assert prove().findings == []
    assert states[AttemptState.UNKNOWN] <= AMBIGUOUS // 100, states
    assert min(states[AttemptState.PLACED], states[AttemptState.NOT_PLACED]) > AMBIGUOUS // 5
