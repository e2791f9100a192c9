"""No money moves on a message that is new at a provider before it is known who is to blame."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Role, User
from catalog.models import Provider, Service
from orders.aftercare.requests import is_unsent
from orders.forwarding import rejection_checks
from orders.forwarding.recovery import check_providers
from orders.forwarding.refusal_texts import decide_meaning
from orders.forwarding.rejection_checks import settle_decided
from orders.forwarding.sweep import submit_due
from orders.models import Event, HoldReason, Meaning, Order, RejectionText, Status
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.guards_off import at_once_without
from tests.orders.attempts import make_due, make_lane
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "Hesabınız doğrulanmadı"


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_lane(double)


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


def reject(double: ProviderDouble, service: Service, text: str = NEW) -> Order:
    """An order that the provider rejects with this message."""
    [order] = make_due(service)
    double.fault("add", "refuse", text=text, times=1)
    submit_due()
    order.refresh_from_db()
    return order


def accept(service: Service) -> None:
    """Another order, which the provider accepts."""
    make_due(service)
    assert submit_due() == "1 accepted"


def seen(order: Order) -> tuple[str, str, Decimal]:
    order.refresh_from_db()
    return order.status, order.hold_reason, order.refunded


HELD = (Status.HELD, HoldReason.NEW_MESSAGE, Decimal(0))


def test_new_message_holds_the_order_and_its_customer_reads_nothing_of_it(
    double: ProviderDouble, service: Service
) -> None:
    order = reject(double, service)

    public = Event.objects.filter(order=order, is_internal=False).values_list("text", flat=True)
    assert seen(order) == HELD
    assert NEW not in " ".join(public)
    assert order.customer_status == "Pending"
    assert not is_unsent(order)


def test_control_known_message_is_refunded_at_once(
    double: ProviderDouble, service: Service
) -> None:
    order = reject(double, service, "Quantity less than minimal")

    assert seen(order) == (Status.CANCELED, "", order.charge)


def test_order_is_to_blame_once_balance_status_and_a_later_order_say_so(
    double: ProviderDouble, service: Service
) -> None:
    accept(service)
    order = reject(double, service)
    check_providers()
    before = seen(order)
    accept(service)

    note = check_providers()

    assert before == HELD
    assert "1 rejected" in note
    assert seen(order) == (Status.CANCELED, "", order.charge)
    public = Event.objects.filter(order=order, is_internal=False).values_list("text", flat=True)
    assert NEW not in " ".join(public)


@pytest.mark.parametrize("mode", ["html200", "http503", "wrong_type", "refuse"])
def test_check_whose_status_is_no_status_settles_nothing(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    order = reject(double, service)
    accept(service)
    double.fault("status", mode)

    check_providers()

    assert seen(order) == HELD


def test_empty_account_is_to_blame_whatever_the_words_are(
    double: ProviderDouble, service: Service
) -> None:
    accept(service)
    order = reject(double, service)
    accept(service)
    double.set_balance("0.00001")

    check_providers()

    assert seen(order) == (Status.HELD, HoldReason.PROVIDER_FUNDS, Decimal(0))
    assert Provider.objects.get().is_paused


def test_key_is_to_blame_where_even_the_balance_is_refused(
    double: ProviderDouble, service: Service
) -> None:
    order = reject(double, service)
    double.fault("balance", "refuse", text="Geçersiz")

    check_providers()

    assert seen(order) == (Status.HELD, HoldReason.PROVIDER_KEY, Decimal(0))
    assert Provider.objects.get().is_paused


@pytest.mark.parametrize(
    ("meaning", "status", "hold_reason", "is_refunded"),
    [
        (Meaning.CUSTOMER, Status.CANCELED, "", True),
        (Meaning.FUNDS, Status.HELD, HoldReason.PROVIDER_FUNDS, False),
        (Meaning.KEY, Status.HELD, HoldReason.PROVIDER_KEY, False),
        (Meaning.LATER, Status.WAITING, "", False),
        (Meaning.AMBIGUOUS, Status.HELD, HoldReason.STAFF, False),
    ],
)
def test_what_staff_decide_once_settles_what_is_held_and_all_that_follow(
    double: ProviderDouble,
    service: Service,
    staff: User,
    meaning: Meaning,
    status: Status,
    hold_reason: str,
    *,
    is_refunded: bool,
) -> None:
    held, other = reject(double, service), reject(double, service, "Başka")
    rejection = RejectionText.objects.get(example=NEW)

    decide_meaning(rejection=rejection, meaning=meaning, actor=staff, now=NOW)
    settle_decided(rejection=rejection, meaning=meaning, actor=staff, now=timezone.now())
    Provider.objects.update(paused_at=None)
    later = reject(double, service)

    refunded = held.charge if is_refunded else Decimal(0)
    assert seen(held) == (status, hold_reason, refunded)
    assert seen(other) == HELD
    if meaning is Meaning.AMBIGUOUS:
        assert seen(later) == (Status.UNCLEAR, "", Decimal(0))
    else:
        assert seen(later) == (status, hold_reason, refunded)


def test_decision_settles_more_orders_than_one_check_reads(
    double: ProviderDouble, service: Service, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejection_checks, "MAX_CHECKED", 1)
    held = [reject(double, service) for _ in range(3)]
    rejection = RejectionText.objects.get()

    count = settle_decided(
        rejection=rejection, meaning=Meaning.CUSTOMER, actor=staff, now=timezone.now()
    )

    assert count == 3
    assert [seen(order)[0] for order in held] == [Status.CANCELED] * 3


def settle_many_times(staff: User, run: Callable[..., object]) -> None:
    rejection = RejectionText.objects.get()
    run(
        lambda _: settle_decided(
            rejection=rejection, meaning=Meaning.LATER, actor=staff, now=timezone.now()
        ),
        times=6,
    )


def test_of_many_who_settle_at_once_one_does(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    order = reject(double, service)

    settle_many_times(staff, at_once)

    assert seen(order) == (Status.WAITING, "", Decimal(0))
    assert Event.objects.filter(order=order, kind="decision").count() == 1


def test_control_without_the_orders_lock_all_of_them_settle_it(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    order = reject(double, service)

    settle_many_times(staff, at_once_without)

    assert Event.objects.filter(order=order, kind="decision").count() == 6
