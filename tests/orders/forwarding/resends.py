"""Orders lost on their way to a provider that honours idempotency keys: what the tests of repeating
have in common.
"""

from datetime import timedelta

from django.db.models import F

from catalog.models import Service
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, Event, Order, Status
from tests.double.handle import ProviderDouble
from tests.orders.attempts import make_due, make_lane, only_attempt

SOON = timedelta(minutes=1)  # the back-off is over, the quiet time is not
QUIET_IS_OVER = timedelta(minutes=15)
UNDECIDED = (Status.UNCLEAR, AttemptState.UNKNOWN)
RUNS = (Status.RUNNING, AttemptState.ACCEPTED)


def make_keyed_lane(double: ProviderDouble, **fields: object) -> Service:
    """A service of the double, which promises one order for one key, and keeps the promise."""
    double.settings(is_idempotent=True)
    return make_lane(double, **{"is_idempotent": True, **fields})


def lose(
    double: ProviderDouble, service: Service, *, fault: str = "commit_reset", **details: object
) -> Order:
    """An order whose answer never came."""
    double.fault("add", fault, times=1, **details)
    [order] = make_due(service, link=f"https://example.com/{Order.objects.count()}")
    submit_due()
    order.refresh_from_db()
    assert order.status == Status.UNCLEAR
    return order


def pass_time(by: timedelta = SOON) -> None:
    """Do as if all that happened had happened so much earlier."""
    Attempt.objects.update(
        prepared_at=F("prepared_at") - by,
        sent_at=F("sent_at") - by,
        resent_at=F("resent_at") - by,
        resend_at=F("resend_at") - by,
        lease_until=F("lease_until") - by,
    )


def standing(order: Order) -> tuple[str, str, int]:
    """Status of the order, state of its only attempt, and how often that was sent again."""
    order.refresh_from_db()
    attempt = only_attempt(order)
    return str(order.status), str(attempt.state), attempt.resends


def last_word(order: Order) -> str:
    """The newest line of the order's timeline."""
    return Event.objects.filter(order=order).latest("pk").text
