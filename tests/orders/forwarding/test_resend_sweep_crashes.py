"""Workers die at every point of sending an order again: it exists once, and is found by the next
sweep.
"""

import signal

import pytest

from billing.models import Halt
from orders.audit.prove_all import prove
from orders.forwarding.resend_sweep import resend_due
from orders.models import AttemptState, Event, Status
from tests.double.handle import ProviderDouble
from tests.orders.attempts import end_of, only_attempt, start_sweep
from tests.orders.forwarding.resends import lose, make_keyed_lane, pass_time, standing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("fault", ["commit_reset", "nocommit_reset"])
@pytest.mark.parametrize(
    ("point", "resends"),
    [("after_claim", 0), ("before_rp2", 0), ("after_rp2", 1), ("after_send", 1), ("in_record", 1)],
)
def test_kill_while_it_is_asked_again_leaves_it_unclear_for_the_next_sweep(
    double: ProviderDouble, fault: str, point: str, resends: int
) -> None:
    order = lose(double, make_keyed_lane(double), fault=fault)
    pass_time()

    ended = end_of(start_sweep(act="forwarding.resend_sweep.resend_due", fault_point=point))

    assert ended == (-signal.SIGKILL, "")
    assert standing(order) == (Status.UNCLEAR, AttemptState.UNKNOWN, resends)
    assert Event.objects.filter(order=order, text__startswith="Sent again").count() == resends
    assert resend_due() == "1 accepted"
    [placed] = double.placed()
    assert standing(order) == (Status.RUNNING, AttemptState.ACCEPTED, resends + 1)
    assert order.upstream_id == str(placed.order)


def test_kill_after_the_record_loses_nothing(double: ProviderDouble) -> None:
    order = lose(double, make_keyed_lane(double))
    pass_time()

    end_of(start_sweep(act="forwarding.resend_sweep.resend_due", fault_point="after_record"))

    assert standing(order) == (Status.RUNNING, AttemptState.ACCEPTED, 1)
    assert only_attempt(order).resend_at is None
    assert resend_due() == "nothing to resend"
    assert prove().findings == []
    assert not Halt.objects.exists()
