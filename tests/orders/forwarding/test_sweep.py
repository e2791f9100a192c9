"""Forwarding over real HTTP: what every answer of a provider makes of an order, its attempt and its
money.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from billing.models import Account
from catalog.models import Provider
from orders.forwarding.sweep import submit_due
from orders.models import (
    Attempt,
    AttemptState,
    Event,
    HoldReason,
    Order,
    Review,
    ReviewKind,
    Status,
)
from tests.double.handle import ProviderDouble
from tests.factories import make_order
from tests.orders.attempts import kinds_of, make_due, make_lane, only_attempt

pytestmark = pytest.mark.django_db(transaction=True)
PERHAPS = [
    "reset",
    "close",
    "empty",
    "http500",
    "http503",
    "html200",
    "redirect",
    "truncated",
    "cut_off",
    "wrong_type",
    "no_order_id",
    "internal_error",
    "huge_body",
]


@pytest.fixture(autouse=True)
def _short_calls(settings: Settings) -> None:
    settings.PROVIDER_TIMEOUT = 1.5


def test_due_order_is_placed_once_and_runs(double: ProviderDouble) -> None:
    service = make_lane(double)
    [order] = make_due(service)

    note = submit_due()

    order.refresh_from_db()
    [placed] = double.placed()
    attempt = only_attempt(order)
    assert note == "1 accepted"
    assert (order.status, order.upstream_id, order.submit_at) == (
        Status.RUNNING,
        str(placed.order),
        None,
    )
    assert (placed.service, placed.link, placed.quantity) == (
        int(service.upstream_id),
        order.link,
        order.quantity,
    )
    assert (attempt.state, attempt.upstream_id, attempt.http_status) == (
        AttemptState.ACCEPTED,
        str(placed.order),
        200,
    )
    assert attempt.reply == f'{{"order":{placed.order}}}'
    assert order.watch.due_at <= timezone.now()
    assert kinds_of(order) == ["submitted", "accepted"]
    assert order.refunded == 0


def test_second_sweep_finds_nothing_to_send(double: ProviderDouble) -> None:
    make_due(make_lane(double))

    notes = [submit_due(), submit_due()]

    assert notes == ["1 accepted", "nothing due"]
    assert len(double.placed()) == 1


def test_order_that_is_not_due_yet_is_left_alone(double: ProviderDouble) -> None:
    service = make_lane(double)
    order = make_order(service=service, now=timezone.now() + timedelta(minutes=5))

    assert submit_due() == "nothing due"

    order.refresh_from_db()
    assert (order.status, order.attempts.count(), double.placed()) == (Status.WAITING, 0, ())


def test_fields_of_the_type_and_drip_feed_reach_the_provider(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double), quantity=2000)
    Order.objects.update(quantity=1000, fields={"runs": "2", "interval": "30"})

    submit_due()

    [placed] = double.placed()
    order.refresh_from_db()
    assert (placed.fields["runs"], placed.fields["interval"]) == ("2", "30")
    assert order.status == Status.RUNNING


@pytest.mark.parametrize("shape", PERHAPS)
def test_doubtful_answer_leaves_the_order_unclear_and_the_money_untouched(
    double: ProviderDouble, shape: str
) -> None:
    for mode, placed in ((f"commit_{shape}", 1), (f"nocommit_{shape}", 0)):
        double.reset()
        [order] = make_due(make_lane(double))
        double.fault("add", mode)

        notes = [submit_due(), submit_due()]

        order.refresh_from_db()
        attempt = only_attempt(order)
        assert notes == ["1 unclear", "nothing due"], mode
        assert (order.status, order.refunded) == (Status.UNCLEAR, Decimal(0)), mode
        assert (attempt.state, order.upstream_id) == (AttemptState.UNKNOWN, None), mode
        assert attempt.problem, mode
        assert kinds_of(order) == ["submitted", "unclear"], mode
        assert len(double.placed()) == placed, mode


@pytest.mark.parametrize(
    "mode", ["commit_hang", "commit_slow_drip", "commit_slow_head", "late_commit"]
)
def test_answer_that_comes_too_late_leaves_the_order_unclear(
    double: ProviderDouble, mode: str
) -> None:
    [order] = make_due(make_lane(double))
    double.fault("add", mode, seconds=3)

    notes = [submit_due(), submit_due()]

    order.refresh_from_db()
    assert notes == ["1 unclear", "nothing due"]
    assert (order.status, order.refunded) == (Status.UNCLEAR, Decimal(0))
    assert len(double.journal().asked("add")) == 1


def test_provider_that_refuses_connections_delays_the_order(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))
    double.refuse_connections()
    before = timezone.now()

    note = submit_due()
    double.accept_connections()

    order.refresh_from_db()
    assert note == "1 postponed"
    assert (order.status, order.submit_failures, order.refunded) == (Status.WAITING, 1, Decimal(0))
    assert order.submit_at is not None
    assert before < order.submit_at <= timezone.now() + timedelta(seconds=5)
    assert only_attempt(order).state == AttemptState.NOT_SENT
    assert kinds_of(order) == ["submitted", "postponed"]


def test_host_name_that_does_not_exist_delays_the_order(double: ProviderDouble) -> None:
    service = make_lane(double)
    Provider.objects.update(url="https://provider.invalid/api/v2")
    [order] = make_due(service)

    assert submit_due() == "1 postponed"

    order.refresh_from_db()
    assert (order.status, only_attempt(order).state) == (Status.WAITING, AttemptState.NOT_SENT)


def test_delayed_order_is_placed_once_the_provider_is_back(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))
    double.refuse_connections(60)
    submit_due()
    double.accept_connections()
    Order.objects.update(submit_at=timezone.now())

    assert submit_due() == "1 accepted"

    order.refresh_from_db()
    states = list(order.attempts.order_by("pk").values_list("state", flat=True))
    assert states == [AttemptState.NOT_SENT, AttemptState.ACCEPTED]
    assert len(double.placed()) == 1


def test_throttled_order_waits_as_long_as_the_provider_asks(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))
    double.fault("add", "nocommit_http429", seconds=120)

    assert submit_due() == "1 postponed"

    order.refresh_from_db()
    assert order.submit_at is not None
    assert timedelta(seconds=100) < order.submit_at - timezone.now() <= timedelta(seconds=120)
    assert (order.status, double.placed()) == (Status.WAITING, ())


def test_throttled_order_waits_an_hour_at_most(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))
    double.fault("add", "nocommit_http429", seconds=7 * 24 * 3600)

    began = timezone.now()
    assert submit_due() == "1 postponed"

    order.refresh_from_db()
    assert order.submit_at is not None
    assert began < order.submit_at - timedelta(hours=1) <= timezone.now()


def test_refused_order_is_canceled_and_refunded_in_full(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))
    double.fault("add", "refuse", text="Quantity less than minimal")

    notes = [submit_due(), submit_due()]

    order.refresh_from_db()
    assert notes == ["1 rejected", "nothing due"]
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)
    assert Account.objects.get(owner=order.user).balance == order.charge
    assert only_attempt(order).state == AttemptState.REFUSED
    assert kinds_of(order) == ["submitted", "refused", "refunded", "ended"]
    refunded = Event.objects.get(order=order, kind="refunded")
    assert refunded.text.endswith("the supplier rejected the order (Quantity less than minimal)")


def test_words_that_would_name_the_provider_are_kept_from_the_customer(
    double: ProviderDouble,
) -> None:
    [order] = make_due(make_lane(double))
    double.fault("add", "refuse", text="Bad link https://cheap-panel.example/help")

    submit_due()

    public = " ".join(
        Event.objects.filter(order=order, is_internal=False).values_list("text", flat=True)
    )
    internal = Event.objects.get(order=order, kind="refused")
    assert "cheap-panel" not in public
    assert "cheap-panel" in internal.text


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("no_funds", HoldReason.PROVIDER_FUNDS), ("bad_key", HoldReason.PROVIDER_KEY)],
)
def test_refusal_for_our_own_fault_holds_the_order_and_pauses_the_provider(
    double: ProviderDouble, mode: str, reason: HoldReason
) -> None:
    service = make_lane(double)
    orders = make_due(service, count=8)
    double.fault("add", mode)

    submit_due()

    held = Order.objects.filter(status=Status.HELD)
    provider = Provider.objects.get()
    assert {order.hold_reason for order in held} == {reason}
    assert 1 <= held.count() <= 4  # those in flight; the rest waits behind the pause
    assert Order.objects.filter(status=Status.WAITING).count() == len(orders) - held.count()
    assert (provider.is_paused, provider.is_pause_automatic) == (True, True)
    assert provider.pause_reason.startswith(reason.label)
    assert not Order.objects.filter(refunded__gt=0).exists()
    assert submit_due() == "nothing due"


def test_empty_balance_at_the_provider_holds_the_order(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))
    double.set_balance(0)

    assert submit_due() == "1 held"

    order.refresh_from_db()
    assert (order.status, order.hold_reason, order.refunded) == (
        Status.HELD,
        HoldReason.PROVIDER_FUNDS,
        Decimal(0),
    )


def test_id_that_is_already_ours_leaves_the_second_order_unclear_with_a_doubt(
    double: ProviderDouble,
) -> None:
    service = make_lane(double)
    [first] = make_due(service)
    submit_due()
    [second] = make_due(service)
    double.fault("add", "commit_duplicate_id")

    assert submit_due() == "1 unclear"

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status, second.upstream_id) == (
        Status.RUNNING,
        Status.UNCLEAR,
        None,
    )
    assert only_attempt(second).state == AttemptState.UNKNOWN
    assert Review.objects.get().kind == ReviewKind.DUPLICATE_ID
    assert Review.objects.get().order == second


def test_idempotency_key_is_sent_only_where_it_is_honoured_and_never_changes(
    double: ProviderDouble,
) -> None:
    make_due(make_lane(double))
    [order] = make_due(make_lane(double, is_idempotent=True))
    double.settings(is_idempotent=True)
    double.fault("add", "nocommit_http429", where={"link": order.link}, times=1, seconds=0)

    submit_due()
    Order.objects.filter(status=Status.WAITING).update(submit_at=timezone.now())
    submit_due()

    keys = {placed.idempotency_key for placed in double.placed()}
    assert keys == {"", f"order-{order.pk}-{order.created_at:%Y%m%d%H%M%S%f}"}


def test_key_stands_nowhere_in_what_is_kept(double: ProviderDouble) -> None:
    make_due(make_lane(double), count=3)
    double.fault(
        "add",
        "commit_wrong_type",
        text=f'{{"error":"your key {double.key} is odd, try again"}}',
        times=1,
    )
    double.fault("add", "refuse", text=f"bad {double.key}", times=1)

    submit_due()

    kept = str(list(Event.objects.values())) + str(list(Attempt.objects.values()))
    assert double.key not in kept
