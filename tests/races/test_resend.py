"""An order is asked for again while its first answer, a second sweep or staff come at once: one of
them settles it.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.conf import settings
from pytest_django import Settings

from accounts.models import Role
from catalog.models import Provider, Service
from catalog.provider_client import open_client
from catalog.upstream import Accepted, AddOutcome, Exchange, Reason, Rejected
from orders.audit.prove_all import prove
from orders.forwarding.record_outcome import record_outcome, settle
from orders.forwarding.resend_claim import ResendClaim, claim_resend
from orders.forwarding.resend_outcome import record_resend_outcome
from orders.forwarding.resend_sweep import resend_attempt, resend_due
from orders.forwarding.send import send_again
from orders.jobs.sender_locks import sender_lock
from orders.models import Attempt, AttemptState, Event, EventKind, Order, ReviewKind, Status
from orders.unclear.decide import CannotDecide, refund, resend
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.orders.attempts import only_attempt
from tests.orders.forwarding.resends import lose, make_keyed_lane, pass_time, standing
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
NOT_TAKEN = Rejected("neworder.error.min_quantity", Reason.CUSTOMER, Exchange())


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_keyed_lane(double)


def ask_again(order: Order) -> str | None:
    with open_client(order.provider) as client:
        return resend_attempt(attempt=only_attempt(order), client=client)


def take(order: Order) -> ResendClaim:
    """A repeat that is claimed and written down as sent, its answer not known yet."""
    with open_client(order.provider) as client:
        account = client.fingerprint(pepper=settings.SECRET_KEY)
        taken = claim_resend(attempt=only_attempt(order), account=account, owner=uuid4())
        assert taken is not None
        send_again(claim=taken.claim, client=client)
    return taken


def test_of_many_sweeps_at_once_one_asks_again(double: ProviderDouble, service: Service) -> None:
    for number in range(ROUNDS):
        order = lose(double, service, fault="nocommit_reset" if number % 2 else "commit_reset")
        double.fault("add", "delayed", seconds=0.05, times=1)
        pass_time()

        words = together(*[partial(ask_again, order)] * 4)

        assert sorted(map(str, words)) == ["None", "None", "None", "accepted"]
        assert standing(order) == (Status.RUNNING, AttemptState.ACCEPTED, 1)
        assert len(double.placed()) == number + 1
    assert prove().findings == []


def test_control_two_that_both_send_are_still_one_order_at_a_provider_that_keeps_its_promise(
    double: ProviderDouble, service: Service
) -> None:
    """Without the pulse and the claim, two calls leave: the provider's promise alone stands
    between us and a double.
    """
    order = lose(double, service, fault="nocommit_reset")
    pass_time()
    taken = take(order)
    with open_client(order.provider) as client:
        Attempt.objects.update(owner=taken.claim.owner)
        send_again(claim=taken.claim, client=client)
        assert (len(double.placed()), len(double.journal().asked("add"))) == (1, 3)
        double.settings(is_idempotent=False)
        send_again(claim=taken.claim, client=client)
    assert len(double.placed()) == 2


@pytest.mark.parametrize("is_placed", [True, False])
def test_late_first_answer_and_the_second_settle_it_once(
    double: ProviderDouble, service: Service, is_placed: bool
) -> None:
    """The first sender's session broke, so nobody could know that it lives; both bring the
    same id.
    """
    for _ in range(ROUNDS):
        order = lose(double, service, fault="commit_reset" if is_placed else "nocommit_reset")
        pass_time()
        taken = take(order)
        number = str(double.placed()[-1].order)
        first: AddOutcome = Accepted(number, Exchange()) if is_placed else NOT_TAKEN

        words = together(
            partial(record_outcome, attempt_id=taken.claim.attempt_id, outcome=first, now=NOW),
            partial(
                record_resend_outcome, resend=taken, outcome=Accepted(number, Exchange()), now=NOW
            ),
        )

        assert words.count("accepted") == 1
        order.refresh_from_db()
        assert (order.status, order.upstream_id, order.refunded) == (
            Status.RUNNING,
            number,
            Decimal(0),
        )
        assert not order.reviews.exists()
        assert Event.objects.filter(order=order, kind=EventKind.ACCEPTED).count() == 1
    assert prove().findings == []


def test_control_late_no_that_spoke_for_all_calls_would_refund_what_was_placed(
    double: ProviderDouble, service: Service
) -> None:
    def without_the_guard(*, attempt_id: int, outcome: AddOutcome) -> None:
        order, attempt = _unlocked(attempt_id)
        settle(order=order, attempt=attempt, outcome=outcome, now=NOW)

    order = lose(double, service, fault="nocommit_reset")
    pass_time()
    taken = take(order)
    without_the_guard(attempt_id=taken.claim.attempt_id, outcome=NOT_TAKEN)

    record_resend_outcome(
        resend=taken, outcome=Accepted(str(double.placed()[-1].order), Exchange()), now=NOW
    )

    order.refresh_from_db()
    assert (order.status, order.refunded, len(double.placed())) == (
        Status.CANCELED,
        order.charge,
        1,
    )
    assert order.reviews.filter(kind=ReviewKind.CONTRADICTION).exists()  # seen at least


def _unlocked(attempt_id: int) -> tuple[Order, Attempt]:
    return Order.objects.select_related("user").get(attempts=attempt_id), Attempt.objects.get(
        pk=attempt_id
    )


@pytest.mark.parametrize("decision", [refund, resend])
def test_of_a_decision_and_a_repeat_at_once_one_counts(
    double: ProviderDouble, service: Service, decision: Callable[..., Order]
) -> None:
    staff = make_user(role=Role.STAFF)
    for _ in range(ROUNDS):
        order = lose(double, service, fault="nocommit_reset")
        before = len(double.placed())
        pass_time()

        decided, word = together(
            partial(_decide, decision, order, staff), partial(ask_again, order)
        )

        order.refresh_from_db()
        is_decided = isinstance(decided, Order)
        assert [is_decided, word == "accepted"].count(True) <= 1
        if not is_decided and word is None:  # each saw that the other was there, and left it alone
            word = ask_again(order)
            order.refresh_from_db()
        assert (order.status == Status.RUNNING) == (word == "accepted")
        assert len(double.placed()) == before + (word == "accepted")
        assert order.refunded == (order.charge if order.status == Status.CANCELED else 0)
        # out of the next round
        Order.objects.filter(status=Status.WAITING).update(status=Status.HELD, submit_at=None)
    assert prove().findings == []


def _decide(decision: Callable[..., Order], order: Order, staff: object) -> Order | CannotDecide:
    try:
        return decision(order=order, actor=staff, reason="not there", now=NOW)
    except CannotDecide as error:
        return error


def test_repeat_never_begins_while_the_first_call_is_under_way(
    double: ProviderDouble, service: Service, settings: Settings
) -> None:
    """With the control: where nobody holds the pulse, it begins at once."""
    settings.PROVIDER_TIMEOUT = 3.0
    order = lose(double, service, fault="nocommit_reset")
    pass_time()

    with sender_lock(attempt_id=only_attempt(order).pk):
        [held] = together(resend_due)
    [free] = together(resend_due)

    assert (held, free) == ("1 not now", "1 accepted")
    assert Provider.objects.get().failures_in_row == 0
