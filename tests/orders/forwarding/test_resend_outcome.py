"""What the answers to an order that was sent again with its key make of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from catalog.models import Provider, Service
from orders.audit.prove_all import prove
from orders.forwarding.resend_sweep import resend_due
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, HoldReason, Status
from orders.unclear.decide import resend
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.orders.attempts import only_attempt
from tests.orders.forwarding.resends import (
    QUIET_IS_OVER,
    RUNS,
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


@pytest.mark.parametrize("text", ["neworder.error.min_quantity", "Incorrect service ID"])
def test_no_is_believed_only_once_the_first_call_cannot_be_under_way(
    double: ProviderDouble, service: Service, text: str
) -> None:
    order = lose(double, service, fault="nocommit_reset")
    double.fault("add", "refuse", text=text)
    pass_time()

    early = resend_due(), standing(order), order.refunded
    wait = only_attempt(order).resend_at
    pass_time(QUIET_IS_OVER)
    late = resend_due(), standing(order), order.refunded

    assert early == ("1 still unclear", (*UNDECIDED, 1), Decimal(0))
    assert wait is not None
    assert wait > timezone.now() + timedelta(seconds=170)
    assert late == ("1 rejected", (Status.CANCELED, AttemptState.REFUSED, 2), order.charge)
    assert double.placed() == ()
    assert prove().findings == []


def test_order_that_was_placed_after_an_early_no_is_found(
    double: ProviderDouble, service: Service
) -> None:
    """The first call is still under way while the second is refused: believed at once, it would
    be refunded.
    """
    order = lose(double, service, fault="late_commit", seconds=2.0)
    double.fault("add", "refuse", text="neworder.error.not_enough_funds", times=1)
    pass_time()
    assert resend_due() == "1 still unclear"
    for _ in range(100):
        if double.placed():
            break
        double.journal()

    pass_time(QUIET_IS_OVER)
    note = resend_due()

    [placed] = double.placed()
    assert (note, standing(order)) == ("1 accepted", (*RUNS, 2))
    assert (order.upstream_id, order.refunded) == (str(placed.order), Decimal(0))


@pytest.mark.parametrize("text", ["Quantity less than minimal", "neworder.error.link_duplicate"])
def test_no_in_other_words_is_left_to_staff(
    double: ProviderDouble, service: Service, text: str
) -> None:
    order = lose(double, service)
    double.fault("add", "refuse", text=text)
    pass_time(QUIET_IS_OVER)

    notes = [resend_due(), resend_due()]

    assert notes == ["1 left to staff", "nothing to resend"]
    assert standing(order) == (*UNDECIDED, 1)
    assert order.refunded == 0
    assert text in only_attempt(order).evidence.next_step


def test_key_that_was_used_otherwise_is_left_to_staff(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service)
    attempt = only_attempt(order)
    Attempt.objects.update(asked=attempt.asked | {"quantity": "2000"})
    pass_time(QUIET_IS_OVER)

    assert resend_due() == "1 left to staff"

    assert standing(order) == (*UNDECIDED, 1)
    assert "used with other parameters" in last_word(order)
    assert len(double.placed()) == 1


def test_empty_account_holds_the_order_and_the_next_call_has_the_same_key(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service, fault="nocommit_reset")
    double.fault("add", "no_funds", times=1)
    pass_time(QUIET_IS_OVER)

    note = resend_due()

    order.refresh_from_db()
    held = (order.status, order.hold_reason, order.refunded)
    assert (note, held) == ("1 held", (Status.HELD, HoldReason.PROVIDER_FUNDS, Decimal(0)))
    Provider.objects.update(paused_at=None)
    resend(order=order, actor=make_user(role=Role.STAFF), reason="topped up", now=NOW)
    submit_due()
    keys = {each.parameters["idempotency_key"] for each in double.journal().asked("add")}
    assert (len(keys), len(double.placed())) == (1, 1)


@pytest.mark.parametrize(
    "fault", ["bad_key", "nocommit_http429", "commit_html200", "commit_close", "redirect"]
)
def test_what_says_nothing_about_the_order_leaves_it_unclear_and_asked_again(
    double: ProviderDouble, service: Service, fault: str
) -> None:
    order = lose(double, service)
    double.fault("add", fault if fault != "redirect" else "nocommit_redirect", times=1)
    pass_time(QUIET_IS_OVER)

    note = resend_due()

    first = (note, standing(order), order.refunded)
    Provider.objects.update(paused_at=None)
    pass_time(QUIET_IS_OVER)
    assert first == ("1 still unclear", (*UNDECIDED, 1), Decimal(0))
    assert resend_due() == "1 accepted"
    assert len(double.placed()) == 1


def test_five_failures_in_a_row_pause_the_provider_and_what_is_paused_is_not_asked(
    double: ProviderDouble, service: Service
) -> None:
    orders = [lose(double, service) for _ in range(2)]
    double.fault("add", "nocommit_http500")
    for _ in range(3):
        pass_time(QUIET_IS_OVER)
        resend_due()
    asked = len(double.journal().asked("add"))

    pass_time(QUIET_IS_OVER)

    assert Provider.objects.get().is_pause_automatic
    assert resend_due() == "nothing to resend"
    assert (
        len(double.journal().asked("add"))
        == asked
        == 2 + sum(standing(order)[2] for order in orders)
    )


def test_id_that_is_another_order_of_ours_is_left_to_staff(
    double: ProviderDouble, service: Service
) -> None:
    lose(double, service)
    pass_time()
    resend_due()
    order = lose(double, service, fault="nocommit_reset")
    double.fault("add", "nocommit_duplicate_id", times=1)
    pass_time()

    notes = [resend_due(), resend_due()]

    assert notes == ["1 unclear", "nothing to resend"]
    assert standing(order) == (*UNDECIDED, 1)
    assert order.reviews.filter(kind="duplicate_id").exists()
