"""Orders that were perhaps placed are asked for again with their key, where a provider gives one
order for one key.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Provider, Service
from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.resend_sweep import resend_due
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, Event, Order, Status
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import NOW
from tests.orders.attempts import kinds_of, make_lane, only_attempt
from tests.orders.forwarding.resends import (
    QUIET_IS_OVER,
    RUNS,
    UNDECIDED,
    lose,
    make_keyed_lane,
    pass_time,
    standing,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _short_calls(settings: Settings) -> None:
    settings.PROVIDER_TIMEOUT = 1.5


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_keyed_lane(double)


@pytest.mark.parametrize(
    "fault", ["commit_reset", "commit_http500", "commit_truncated", "nocommit_reset"]
)
def test_lost_answer_is_asked_for_again_and_the_order_exists_once(
    double: ProviderDouble, service: Service, fault: str
) -> None:
    order = lose(double, service, fault=fault)
    pass_time()

    notes = [resend_due(), resend_due()]

    [placed] = double.placed()
    assert notes == ["1 accepted", "nothing to resend"]
    assert standing(order) == (*RUNS, 1)
    assert (order.upstream_id, order.refunded) == (str(placed.order), Decimal(0))
    assert kinds_of(order) == ["submitted", "unclear", "submitted", "accepted"]
    asked_again = Event.objects.filter(order=order, kind="submitted").latest("pk")
    assert asked_again.text == f"Sent again with its idempotency key {placed.idempotency_key}"
    assert asked_again.is_internal


def test_second_call_is_the_first_to_the_letter(double: ProviderDouble, service: Service) -> None:
    lose(double, service)
    # whatever changes here, the promise is for the same parameters
    Service.objects.update(upstream_id="2")
    pass_time()

    resend_due()

    first, second = (dict(each.parameters) for each in double.journal().asked("add"))
    assert first == second
    assert first["idempotency_key"].startswith("order-")


def test_nothing_is_asked_again_before_the_back_off_is_over(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service)

    assert resend_due() == "nothing to resend"

    attempt = only_attempt(order)
    assert attempt.finished_at is not None
    assert attempt.resend_at is not None
    assert timedelta(seconds=2) < attempt.resend_at - attempt.finished_at < timedelta(seconds=6)
    assert attempt.evidence.next_step.startswith("Waiting: we retry with its idempotency key")
    assert len(double.journal().asked("add")) == 1


def test_without_the_promise_nothing_is_ever_sent_again(double: ProviderDouble) -> None:
    """Nor where the promise comes later: the first call went without a key, which the second
    would use as new.
    """
    order = lose(double, make_lane(double))

    notes = []
    for is_idempotent in (False, True):
        Provider.objects.update(is_idempotent=is_idempotent)
        pass_time(QUIET_IS_OVER)
        notes += [resend_due(), resolve_due(), submit_due()]

    assert set(notes) == {"nothing to resend", "1 waiting", "nothing due"}
    assert standing(order) == (*UNDECIDED, 0)
    assert only_attempt(order).resend_at is None
    assert len(double.journal().asked("add")) == 1


def test_database_refuses_to_send_again_what_went_without_a_key(double: ProviderDouble) -> None:
    order = lose(double, make_lane(double))

    for change in ({"resend_at": NOW}, {"resends": 1}, {"resent_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attempt.objects.filter(order=order).update(**change)


def test_the_flag_is_what_a_second_order_is_prevented_by(
    double: ProviderDouble, service: Service
) -> None:
    """The control: a provider that does not keep the promise places it twice, so nobody else is
    asked twice.
    """
    double.settings(is_idempotent=False)
    lose(double, service)
    pass_time()

    resend_due()

    assert len(double.placed()) == 2


def test_order_that_a_dead_worker_left_behind_is_asked_again(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service)
    Attempt.objects.update(state=AttemptState.SENT, resend_at=None)
    Order.objects.update(status=Status.SUBMITTING)
    pass_time()

    assert settle_expired_leases(now=timezone.now()) == "1 unclear"
    pass_time()

    assert resend_due() == "1 accepted"
    assert standing(order) == (*RUNS, 1)
    assert len(double.placed()) == 1


def test_sweep_of_nothing_says_so() -> None:
    assert resend_due() == "nothing to resend"


def test_key_that_cannot_be_read_keeps_no_other_provider_from_its_turn(
    double: ProviderDouble, service: Service
) -> None:
    stuck = lose(double, service)
    Provider.objects.update(sealed_key="sealed under a key that is lost")
    order = lose(double, make_keyed_lane(double))
    pass_time()

    assert resend_due() == "1 accepted, 1 provider silent"

    assert standing(order) == (*RUNS, 1)
    assert standing(stuck) == (*UNDECIDED, 0)
