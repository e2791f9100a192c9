"""Staff end a refill at the moment at which the provider's word about it is written down."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import Role
from catalog.upstream import RefillState, RefillStatus
from orders.aftercare.refill_status import apply_statuses
from orders.aftercare.requests import AlreadyDecided, end_refill
from orders.models import EventKind, Refill, RequestState, Status
from tests.factories import make_order, make_user
from tests.guards_off import at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3


def ended_at_once(start: Callable[..., list[bool]]) -> tuple[Refill, list[bool]]:
    """A refill that staff end as rejected while it is reported as completed, and what counted."""
    order, staff = make_order(status=Status.COMPLETED), make_user(role=Role.STAFF)
    now = timezone.now()
    refill = Refill.objects.create(
        order=order,
        provider=order.provider,
        requested_by=order.user,
        requested_at=now,
        state=RequestState.RUNNING,
        upstream_id="771",
        due_at=now,
    )

    def end(number: int) -> bool:
        if number:
            statuses = {"771": RefillStatus(RefillState.COMPLETED, "Completed")}
            return bool(apply_statuses(refills=[refill], statuses=statuses, now=now))
        try:
            end_refill(
                request=refill, state=RequestState.REJECTED, actor=staff, reason="No.", now=now
            )
        except AlreadyDecided:
            return False
        return True

    counted = start(end, times=2)
    refill.refresh_from_db()
    return refill, counted


def test_of_staff_and_the_providers_word_at_once_one_counts() -> None:
    for _ in range(ROUNDS):
        refill, (is_by_staff, is_by_provider) = ended_at_once(at_once)

        assert is_by_staff is not is_by_provider
        assert refill.state == (RequestState.REJECTED if is_by_staff else RequestState.COMPLETED)
        assert refill.order.events.filter(kind=EventKind.REFILL).count() == 1


def test_control_without_the_rows_lock_both_count() -> None:
    refill, counted = ended_at_once(at_once_without)

    assert counted == [True, True]
    assert refill.order.events.filter(kind=EventKind.REFILL).count() > 1
