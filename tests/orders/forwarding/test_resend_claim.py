"""When an order that was perhaps placed must not be sent again, though its provider honours
keys.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from billing.halt import halt
from catalog.models import Provider, Service
from lib.encryption import seal
from orders.forwarding.drain import drained_lane
from orders.forwarding.resend_sweep import resend_due
from orders.jobs.sender_locks import SLOTS
from orders.models import Attempt, AttemptState, Evidence, Status
from orders.unclear.apply_verdict import conclude_not_placed
from orders.unclear.decide import refund
from orders.unclear.id_range import IdRange
from orders.unclear.known_orders import id_range_of
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.attempts import drain, leave_attempt, living_sender, only_attempt
from tests.orders.forwarding.resends import (
    QUIET_IS_OVER,
    UNDECIDED,
    last_word,
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


def test_promise_that_is_taken_back_ends_it(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    Provider.objects.update(is_idempotent=False)
    pass_time()

    assert resend_due() == "nothing to resend"

    assert standing(order) == (*UNDECIDED, 0)


def test_another_account_is_not_asked(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    Provider.objects.update(sealed_key=seal("another-customers-key"))
    pass_time()

    notes = [resend_due(), resend_due()]

    assert notes == ["1 not now", "nothing to resend"]
    assert standing(order) == (*UNDECIDED, 0)
    assert last_word(order).startswith(
        "Not sent again: The provider's address or our API key changed since"
    )
    assert len(double.placed(account=None)) == 1


def test_after_a_day_it_is_left_to_staff(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    pass_time(timedelta(hours=25))

    notes = [resend_due(), resend_due()]

    assert notes == ["1 not now", "nothing to resend"]
    assert standing(order) == (*UNDECIDED, 0)
    assert last_word(order).startswith("Not sent again: No reliable answer within 24 hours")


def test_order_that_would_now_be_sold_at_a_loss_is_left_to_staff(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service)
    Service.objects.update(cost=Decimal(5000), price=Decimal(6000))
    pass_time()

    assert resend_due() == "1 not now"

    assert standing(order) == (*UNDECIDED, 0)
    assert last_word(order).startswith("Not sent again: Placed now, it would cost")


@pytest.mark.parametrize("closed", ["halt", "pause", "fence"])
def test_closed_lane_is_closed_for_repeats(
    double: ProviderDouble, service: Service, closed: str
) -> None:
    order = lose(double, service)
    pass_time()
    match closed:
        case "halt":
            halt(reason="a sum is wrong", now=NOW)
        case "pause":
            Provider.objects.update(paused_at=NOW)
        case "fence":
            drain(service.provider, until=timezone.now() + timedelta(minutes=1))

    assert resend_due() == "nothing to resend"

    assert standing(order) == (*UNDECIDED, 0)


def test_calls_in_flight_stay_within_the_concurrency(
    double: ProviderDouble, service: Service, settings: Settings
) -> None:
    lose(double, service)
    pass_time()
    settings.SUBMIT_CONCURRENCY = 1
    rival = connection.copy()
    with rival.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SLOTS + service.provider_id * 1000])
        note = resend_due()
        cursor.execute("SELECT pg_advisory_unlock_all()")
    rival.close()

    assert note == "nothing to resend"
    assert len(double.journal().asked("add")) == 1


def test_order_whose_sender_lives_is_not_asked_again(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service)
    pass_time()

    with living_sender(only_attempt(order).pk):
        note = resend_due()

    assert (note, standing(order)) == ("1 not now", (*UNDECIDED, 0))


def test_staff_decide_about_an_order_that_is_asked_again(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service, fault="nocommit_reset")

    refund(order=order, actor=make_user(role=Role.STAFF), reason="not there", now=NOW)
    pass_time(QUIET_IS_OVER)

    assert resend_due() == "nothing to resend"
    assert standing(order) == (Status.CANCELED, AttemptState.NOT_PLACED, 0)
    assert double.placed() == ()


def test_resolver_leaves_alone_what_is_asked_again(double: ProviderDouble) -> None:
    order = lose(double, make_keyed_lane(double, is_probe_allowed=True), fault="nocommit_reset")

    resolve_due()

    [first, *_] = only_attempt(order).evidence.conditions
    assert (first.name, first.is_met) == ("Not being retried", False)
    assert only_attempt(order).evidence.next_step.startswith(
        "Waiting: we retry with its idempotency key"
    )


def test_lane_is_not_empty_while_an_order_is_asked_for_again(double: ProviderDouble) -> None:
    order = lose(double, make_keyed_lane(double, is_probe_allowed=True))

    with drained_lane(provider_id=order.provider_id, patience=0) as is_empty:
        before = is_empty
    with (
        living_sender(only_attempt(order).pk),
        drained_lane(provider_id=order.provider_id, patience=0) as is_empty,
    ):
        meanwhile = is_empty

    assert (before, meanwhile) == (True, False)


def test_proof_that_it_was_not_placed_counts_from_the_last_call() -> None:
    """An order sent twice lies anywhere from before its first call to the quiet time after its
    last one.
    """
    now = timezone.now()
    service = make_service()
    for upstream_id, minutes in ((10, 120), (20, 30), (30, 1)):
        neighbour = leave_attempt(make_order(service=service), AttemptState.ACCEPTED)
        sent_at = now - timedelta(minutes=minutes)
        Attempt.objects.filter(pk=neighbour.pk).update(
            upstream_id=upstream_id, sent_at=sent_at, finished_at=sent_at + timedelta(seconds=1)
        )
    attempt = leave_attempt(
        make_order(service=service, status=Status.UNCLEAR), AttemptState.UNKNOWN
    )
    Attempt.objects.filter(pk=attempt.pk).update(
        sent_at=now - timedelta(hours=1), idempotency_key="k"
    )
    attempt.refresh_from_db()
    sent_once = id_range_of(attempt)

    Attempt.objects.filter(pk=attempt.pk).update(resends=1, resent_at=now - timedelta(minutes=10))
    attempt.refresh_from_db()
    sent_twice = id_range_of(attempt)
    Attempt.objects.filter(pk=attempt.pk).update(resends=2, resent_at=now)
    is_concluded = conclude_not_placed(attempt_id=attempt.pk, evidence=Evidence(), now=now)

    assert (sent_once, sent_twice) == (IdRange(10, 20), IdRange(10, 30))
    assert not is_concluded
