"""Orders that were perhaps placed are asked for again with their key, where a provider gives one order for one key."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from billing import halting
from catalog.models import Provider, Service
from catalog.sealing import seal
from orders import auditing, deciding
from orders.models import Attempt, AttemptState, Event, HoldReason, Order, Status
from orders.pulses import SLOTS
from orders.reaping import reap_leases
from orders.repeating import repeat_due
from orders.resolving import resolve_due
from orders.submitting import submit_due
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.orders.lanes import kinds_of, living_sender, make_lane, only_attempt
from tests.orders.repeats import QUIET_IS_OVER, lose, make_keyed_lane, pass_time, standing

pytestmark = pytest.mark.django_db(transaction=True)

UNDECIDED = (Status.UNCLEAR, AttemptState.UNKNOWN)
RUNS = (Status.RUNNING, AttemptState.ACCEPTED)


@pytest.fixture(autouse=True)
def _short_calls(settings: Settings) -> None:
    settings.PROVIDER_TIMEOUT = 1.5


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_keyed_lane(double)


def last_word(order: Order) -> str:
    return Event.objects.filter(order=order).latest("pk").text


@pytest.mark.parametrize("fault", ["commit_reset", "commit_http500", "commit_truncated", "nocommit_reset"])
def test_lost_answer_is_asked_for_again_and_the_order_exists_once(
    double: ProviderDouble, service: Service, fault: str
) -> None:
    order = lose(double, service, fault=fault)
    pass_time()

    notes = [repeat_due(), repeat_due()]

    [placed] = double.placed()
    assert notes == ["1 accepted", "nothing to repeat"]
    assert standing(order) == (*RUNS, 1)
    assert (order.upstream_id, order.refunded) == (str(placed.order), Decimal(0))
    assert kinds_of(order) == ["submitted", "unclear", "submitted", "accepted"]
    asked_again = Event.objects.filter(order=order, kind="submitted").latest("pk")
    assert asked_again.text == f"Asked again with its key {placed.idempotency_key}"
    assert asked_again.is_internal


def test_second_call_is_the_first_to_the_letter(double: ProviderDouble, service: Service) -> None:
    lose(double, service)
    Service.objects.update(upstream_id="2")  # whatever changes here, the promise is for the same parameters
    pass_time()

    repeat_due()

    first, second = (dict(each.parameters) for each in double.journal().asked("add"))
    assert first == second
    assert first["idempotency_key"].startswith("order-")


def test_nothing_is_asked_again_before_the_back_off_is_over(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)

    assert repeat_due() == "nothing to repeat"

    attempt = only_attempt(order)
    assert attempt.finished_at is not None
    assert attempt.resend_at is not None
    assert timedelta(seconds=2) < attempt.resend_at - attempt.finished_at < timedelta(seconds=6)
    assert attempt.evidence["next_step"].startswith("Wait: it is asked again with its key")
    assert len(double.journal().asked("add")) == 1


def test_without_the_promise_nothing_is_ever_sent_again(double: ProviderDouble) -> None:
    """Nor where the promise comes later: the first call went without a key, which the second would use as new."""
    order = lose(double, make_lane(double))

    notes = []
    for is_idempotent in (False, True):
        Provider.objects.update(is_idempotent=is_idempotent)
        pass_time(QUIET_IS_OVER)
        notes += [repeat_due(), resolve_due(), submit_due()]

    assert set(notes) == {"nothing to repeat", "1 waiting", "nothing due"}
    assert standing(order) == (*UNDECIDED, 0)
    assert only_attempt(order).resend_at is None
    assert len(double.journal().asked("add")) == 1


def test_database_refuses_to_send_again_what_went_without_a_key(double: ProviderDouble) -> None:
    order = lose(double, make_lane(double))

    for change in ({"resend_at": NOW}, {"resends": 1}, {"resent_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attempt.objects.filter(order=order).update(**change)


def test_the_flag_is_what_a_second_order_is_prevented_by(double: ProviderDouble, service: Service) -> None:
    """The control: a provider that does not keep the promise places it twice, so nobody else is asked twice."""
    double.settings(is_idempotent=False)
    lose(double, service)
    pass_time()

    repeat_due()

    assert len(double.placed()) == 2


def test_promise_that_is_taken_back_ends_it(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    Provider.objects.update(is_idempotent=False)
    pass_time()

    assert repeat_due() == "nothing to repeat"

    assert standing(order) == (*UNDECIDED, 0)


def test_another_account_is_not_asked(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    Provider.objects.update(sealed_key=seal("another-customers-key"))
    pass_time()

    notes = [repeat_due(), repeat_due()]

    assert notes == ["1 not now", "nothing to repeat"]
    assert standing(order) == (*UNDECIDED, 0)
    assert last_word(order).startswith("Not asked again: Our address or API key there has changed since")
    assert len(double.placed(account=None)) == 1


@pytest.mark.parametrize("text", ["neworder.error.min_quantity", "Incorrect service ID"])
def test_no_is_believed_only_once_the_first_call_cannot_be_under_way(
    double: ProviderDouble, service: Service, text: str
) -> None:
    order = lose(double, service, fault="nocommit_reset")
    double.fault("add", "refuse", text=text)
    pass_time()

    early = repeat_due(), standing(order), order.refunded
    wait = only_attempt(order).resend_at
    pass_time(QUIET_IS_OVER)
    late = repeat_due(), standing(order), order.refunded

    assert early == ("1 still unclear", (*UNDECIDED, 1), Decimal(0))
    assert wait is not None
    assert wait > timezone.now() + timedelta(seconds=170)
    assert late == ("1 refused", (Status.CANCELED, AttemptState.REFUSED, 2), order.charge)
    assert double.placed() == ()
    assert auditing.prove().findings == []


def test_order_that_was_placed_after_an_early_no_is_found(double: ProviderDouble, service: Service) -> None:
    """The first call is still under way while the second is refused: believed at once, it would be refunded."""
    order = lose(double, service, fault="late_commit", seconds=2.0)
    double.fault("add", "refuse", text="neworder.error.not_enough_funds", times=1)
    pass_time()
    assert repeat_due() == "1 still unclear"
    for _ in range(100):
        if double.placed():
            break
        double.journal()

    pass_time(QUIET_IS_OVER)
    note = repeat_due()

    [placed] = double.placed()
    assert (note, standing(order)) == ("1 accepted", (*RUNS, 2))
    assert (order.upstream_id, order.refunded) == (str(placed.order), Decimal(0))


@pytest.mark.parametrize("text", ["Quantity less than minimal", "neworder.error.link_duplicate"])
def test_no_in_other_words_is_left_to_staff(double: ProviderDouble, service: Service, text: str) -> None:
    order = lose(double, service)
    double.fault("add", "refuse", text=text)
    pass_time(QUIET_IS_OVER)

    notes = [repeat_due(), repeat_due()]

    assert notes == ["1 left to staff", "nothing to repeat"]
    assert standing(order) == (*UNDECIDED, 1)
    assert order.refunded == 0
    assert text in only_attempt(order).evidence["next_step"]


def test_key_that_was_used_otherwise_is_left_to_staff(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    attempt = only_attempt(order)
    Attempt.objects.update(asked=attempt.asked | {"quantity": "2000"})
    pass_time(QUIET_IS_OVER)

    assert repeat_due() == "1 left to staff"

    assert standing(order) == (*UNDECIDED, 1)
    assert "used with other parameters" in last_word(order)
    assert len(double.placed()) == 1


def test_empty_account_holds_the_order_and_the_next_call_has_the_same_key(
    double: ProviderDouble, service: Service
) -> None:
    order = lose(double, service, fault="nocommit_reset")
    double.fault("add", "no_funds", times=1)
    pass_time(QUIET_IS_OVER)

    note = repeat_due()

    order.refresh_from_db()
    held = (order.status, order.hold_reason, order.refunded)
    assert (note, held) == ("1 held", (Status.HELD, HoldReason.PROVIDER_FUNDS, Decimal(0)))
    Provider.objects.update(paused_at=None)
    deciding.resend(order=order, actor=make_user(role=Role.STAFF), reason="topped up", now=NOW)
    submit_due()
    keys = {each.parameters["idempotency_key"] for each in double.journal().asked("add")}
    assert (len(keys), len(double.placed())) == (1, 1)


@pytest.mark.parametrize("fault", ["bad_key", "nocommit_http429", "commit_html200", "commit_close", "redirect"])
def test_what_says_nothing_about_the_order_leaves_it_unclear_and_asked_again(
    double: ProviderDouble, service: Service, fault: str
) -> None:
    order = lose(double, service)
    double.fault("add", fault if fault != "redirect" else "nocommit_redirect", times=1)
    pass_time(QUIET_IS_OVER)

    note = repeat_due()

    first = (note, standing(order), order.refunded)
    Provider.objects.update(paused_at=None)
    pass_time(QUIET_IS_OVER)
    assert first == ("1 still unclear", (*UNDECIDED, 1), Decimal(0))
    assert repeat_due() == "1 accepted"
    assert len(double.placed()) == 1


def test_five_failures_in_a_row_pause_the_provider_and_what_is_paused_is_not_asked(
    double: ProviderDouble, service: Service
) -> None:
    orders = [lose(double, service) for _ in range(2)]
    double.fault("add", "nocommit_http500")
    for _ in range(3):
        pass_time(QUIET_IS_OVER)
        repeat_due()
    asked = len(double.journal().asked("add"))

    pass_time(QUIET_IS_OVER)

    assert Provider.objects.get().is_pause_automatic
    assert repeat_due() == "nothing to repeat"
    assert len(double.journal().asked("add")) == asked == 2 + sum(standing(order)[2] for order in orders)


def test_after_a_day_it_is_left_to_staff(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    pass_time(timedelta(hours=25))

    notes = [repeat_due(), repeat_due()]

    assert notes == ["1 not now", "nothing to repeat"]
    assert standing(order) == (*UNDECIDED, 0)
    assert last_word(order).startswith("Not asked again: It was asked for a day")


def test_order_that_would_now_be_sold_at_a_loss_is_left_to_staff(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    Service.objects.update(cost=Decimal(5000), price=Decimal(6000))
    pass_time()

    assert repeat_due() == "1 not now"

    assert standing(order) == (*UNDECIDED, 0)
    assert last_word(order).startswith("Not asked again: Were it placed only now, it would cost")


@pytest.mark.parametrize("closed", ["halt", "pause", "fence"])
def test_closed_lane_is_closed_for_repeats(double: ProviderDouble, service: Service, closed: str) -> None:
    order = lose(double, service)
    pass_time()
    match closed:
        case "halt":
            halting.halt(reason="a sum is wrong", now=NOW)
        case "pause":
            Provider.objects.update(paused_at=NOW)
        case "fence":
            Provider.objects.update(fenced_until=timezone.now() + timedelta(minutes=1))

    assert repeat_due() == "nothing to repeat"

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
        note = repeat_due()
        cursor.execute("SELECT pg_advisory_unlock_all()")
    rival.close()

    assert note == "nothing to repeat"
    assert len(double.journal().asked("add")) == 1


def test_order_whose_sender_lives_is_not_asked_again(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    pass_time()

    with living_sender(only_attempt(order).pk):
        note = repeat_due()

    assert (note, standing(order)) == ("1 not now", (*UNDECIDED, 0))


def test_order_that_a_dead_worker_left_behind_is_asked_again(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service)
    Attempt.objects.update(state=AttemptState.SENT, resend_at=None)
    Order.objects.update(status=Status.SUBMITTING)
    pass_time()

    assert reap_leases(now=timezone.now()) == "1 unclear"
    pass_time()

    assert repeat_due() == "1 accepted"
    assert standing(order) == (*RUNS, 1)
    assert len(double.placed()) == 1


def test_id_that_is_another_order_of_ours_is_left_to_staff(double: ProviderDouble, service: Service) -> None:
    lose(double, service)
    pass_time()
    repeat_due()
    order = lose(double, service, fault="nocommit_reset")
    double.fault("add", "nocommit_duplicate_id", times=1)
    pass_time()

    notes = [repeat_due(), repeat_due()]

    assert notes == ["1 unclear", "nothing to repeat"]
    assert standing(order) == (*UNDECIDED, 1)
    assert order.doubts.filter(kind="duplicate_id").exists()


def test_staff_decide_about_an_order_that_is_asked_again(double: ProviderDouble, service: Service) -> None:
    order = lose(double, service, fault="nocommit_reset")

    deciding.refund(order=order, actor=make_user(role=Role.STAFF), reason="not there", now=NOW)
    pass_time(QUIET_IS_OVER)

    assert repeat_due() == "nothing to repeat"
    assert standing(order) == (Status.CANCELED, AttemptState.NOT_PLACED, 0)
    assert double.placed() == ()


def test_resolver_leaves_alone_what_is_asked_again(double: ProviderDouble) -> None:
    order = lose(double, make_keyed_lane(double, is_probe_allowed=True), fault="nocommit_reset")

    resolve_due()

    [first, *_] = only_attempt(order).evidence["conditions"]
    assert (first["name"], first["is_met"]) == ("Not sent again", False)
    assert only_attempt(order).evidence["next_step"].startswith("Wait: it is asked again with its key")


def test_sweep_of_nothing_says_so() -> None:
    assert repeat_due() == "nothing to repeat"
