"""An order that stays unclear is told once to the log, and marked in the staff's inbox."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from orders.models import Attempt, AttemptState, Event, Order
from orders.unclear.alerts import tell_of_long_unclear
from orders.unclear.sweep import resolve_due
from tests.factories import NOW, make_service, make_user, signed_in
from tests.guards_off import Guard, at_once_without
from tests.orders.attempts import make_unclear
from tests.threads import at_once

MARK = "Unclear for over 30 minutes"


def unclear_for(minutes: int) -> Order:
    order = make_unclear(make_service())
    sent_at = timezone.now() - timedelta(minutes=minutes)
    Attempt.objects.filter(order=order).update(sent_at=sent_at, prepared_at=sent_at)
    return order


@pytest.fixture
def staff() -> Client:
    return signed_in(make_user(role=Role.STAFF))


@pytest.mark.django_db
def test_order_unclear_for_long_is_told_once_and_marked(
    staff: Client, caplog: pytest.LogCaptureFixture
) -> None:
    order = unclear_for(31)
    before = staff.get("/staff/unclear").content.decode()

    told = [tell_of_long_unclear(now=NOW), tell_of_long_unclear(now=NOW)]

    page = staff.get("/staff/unclear").content.decode()
    assert told == [1, 0]
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        f"order {order.pk} has been unclear for over 30 minutes: attempt {Attempt.objects.get().pk}"
    ]
    assert [event.text for event in Event.objects.filter(order=order)] == [
        f"{MARK}: waiting for staff"
    ]
    assert MARK not in before
    assert MARK in page


@pytest.mark.django_db
def test_order_unclear_for_less_is_not_told_nor_marked(staff: Client) -> None:
    unclear_for(29)

    assert tell_of_long_unclear(now=NOW) == 0
    assert MARK not in staff.get("/staff/unclear").content.decode()


@pytest.mark.django_db
def test_order_that_was_settled_is_not_told() -> None:
    settled, other = unclear_for(31), unclear_for(31)
    Attempt.objects.filter(order=settled).update(state=AttemptState.PLACED)

    assert tell_of_long_unclear(now=NOW) == 1
    assert [event.order for event in Event.objects.all()] == [other]


@pytest.mark.django_db(transaction=True)
def test_resolving_tells() -> None:
    unclear_for(31)

    resolve_due()

    assert Attempt.objects.get().alarmed_at is not None


@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_once() -> None:
    order = unclear_for(31)

    told = at_once(lambda _: tell_of_long_unclear(now=NOW), times=6)

    assert sorted(told) == [0, 0, 0, 0, 0, 1]
    assert Event.objects.filter(order=order).count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_mark_each_worker_tells() -> None:
    unclear_for(31)
    unmarked = Guard(re.compile(r"\"orders_attempt\".\"alarmed_at\" IS NULL"), "true")

    told = at_once_without(
        lambda _: tell_of_long_unclear(now=NOW), times=3, off=[unmarked], meet=None
    )

    assert told == [1, 1, 1]
