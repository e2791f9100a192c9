"""That a dear order was not placed is said by two people."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Role, User
from orders.audit.prove_all import prove
from orders.models import AttemptState, Event, EventKind, Order, Proposal, Status
from orders.unclear import decide as second_person
from orders.unclear.decide import AlreadyDecided
from tests.factories import NOW, make_order, make_service, make_user, signed_in
from tests.orders.attempts import leave_attempt, only_attempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> User:
    return make_user(role=Role.STAFF, email="first@example.com")


@pytest.fixture
def second() -> User:
    return make_user(role=Role.STAFF, email="second@example.com")


def make_dear(price: str = "100.00001") -> Order:
    """An unclear order with that charge; the limit is 100."""
    order = make_order(service=make_service(price=price), quantity=1000, status=Status.UNCLEAR)
    leave_attempt(order, AttemptState.UNKNOWN)
    return order


def propose(order: Order, actor: User, decision: str = "refund") -> Proposal:
    proposal = second_person.decide(
        decision=decision, order=order, actor=actor, reason="not in their list", now=NOW
    )
    assert proposal is not None
    return proposal


@pytest.mark.parametrize(
    ("decision", "status"), [("refund", Status.CANCELED), ("resend", Status.WAITING)]
)
def test_dear_order_is_decided_when_a_second_person_agrees(
    first: User, second: User, decision: str, status: Status
) -> None:
    order = make_dear()
    proposal = propose(order, first, decision)
    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.UNCLEAR, Decimal(0))

    second_person.confirm(proposal=proposal, actor=second, now=NOW)

    order.refresh_from_db()
    attempt = only_attempt(order)
    assert (order.status, attempt.state, attempt.decided_by) == (
        status,
        AttemptState.NOT_PLACED,
        second,
    )
    assert (
        "proposed by first@example.com, confirmed by second@example.com" in attempt.evidence.reason
    )
    assert prove().findings == []


def test_order_at_the_limit_is_decided_by_one(first: User) -> None:
    order = make_dear("100")

    assert (
        second_person.decide(
            decision="refund", order=order, actor=first, reason="not there", now=NOW
        )
        is None
    )

    order.refresh_from_db()
    assert order.status == Status.CANCELED


def test_limit_can_be_set(first: User, settings: Settings) -> None:
    settings.SECOND_PERSON_ABOVE = Decimal(1)

    assert second_person.needs_two(make_dear("1.00001"))
    assert not second_person.needs_two(make_dear("1"))


def test_order_that_became_unclear_since_the_page_was_made_needs_two(first: User) -> None:
    seen = make_dear()
    seen.status = Status.HELD  # as the page had it

    assert propose(seen, first).proposed_by == first
    seen.refresh_from_db()
    assert (seen.status, seen.refunded) == (Status.UNCLEAR, Decimal(0))


def test_nobody_confirms_their_own_proposal(first: User) -> None:
    order = make_dear()

    with pytest.raises(second_person.SamePerson):
        second_person.confirm(proposal=propose(order, first), actor=first, now=NOW)

    order.refresh_from_db()
    assert (order.status, Proposal.objects.get().closed_at) == (Status.UNCLEAR, None)


def test_one_proposal_at_a_time(first: User, second: User) -> None:
    order = make_dear()
    propose(order, first)

    with pytest.raises(second_person.AlreadyProposed):
        propose(order, second, "resend")


def test_proposal_is_confirmed_once(first: User, second: User) -> None:
    proposal = propose(make_dear(), first)
    second_person.confirm(proposal=proposal, actor=second, now=NOW)

    with pytest.raises(AlreadyDecided):
        second_person.confirm(proposal=proposal, actor=second, now=NOW)

    assert Event.objects.filter(kind=EventKind.REFUNDED).count() == 1


def test_proposal_that_was_taken_back_decides_nothing(first: User, second: User) -> None:
    order = make_dear()
    proposal = propose(order, first)
    second_person.withdraw(proposal=proposal, actor=first, now=NOW)

    with pytest.raises(AlreadyDecided):
        second_person.confirm(proposal=proposal, actor=second, now=NOW)

    order.refresh_from_db()
    assert order.status == Status.UNCLEAR


def test_proposal_about_an_attempt_that_was_settled_is_void(first: User, second: User) -> None:
    """Sent again and unclear again: the first attempt's proposal is not the second's."""
    order = make_dear()
    proposal = propose(order, first)
    order.attempts.update(state=AttemptState.NOT_PLACED)
    leave_attempt(order, AttemptState.UNKNOWN)

    with pytest.raises(AlreadyDecided):
        second_person.confirm(proposal=proposal, actor=second, now=NOW)

    order.refresh_from_db()
    assert order.status == Status.UNCLEAR


def test_page_shows_the_proposal_and_lets_another_person_confirm_it(
    first: User, second: User
) -> None:
    order = make_dear()
    address = reverse("staff_order_decide", args=[order.pk, "refund"])
    shown = (
        signed_in(first)
        .post(address, {"reason": "not in their list"}, follow=True)
        .content.decode()
    )
    confirm = reverse("staff_proposal_answer", args=[Proposal.objects.get().pk, "confirm"])
    assert "waits for a second person" in shown
    assert confirm not in shown

    theirs = signed_in(second).get("/staff/unclear").content.decode()
    assert confirm in theirs
    assert "not in their list" in theirs
    signed_in(second).post(confirm)

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)


def test_own_confirmation_from_the_page_is_refused(first: User) -> None:
    order = make_dear()
    proposal = propose(order, first)

    address = reverse("staff_proposal_answer", args=[proposal.pk, "confirm"])
    shown = signed_in(first).post(address, follow=True).content.decode()

    order.refresh_from_db()
    assert "A second person must confirm what you have proposed." in shown
    assert order.status == Status.UNCLEAR


def test_customer_is_refused_and_unknown_answers_are_not_found(client: Client, first: User) -> None:
    proposal = propose(make_dear(), first)
    client.force_login(make_user())
    address = reverse("staff_proposal_answer", args=[proposal.pk, "confirm"])

    assert client.post(address).status_code == 403
    assert signed_in(first).get(address).status_code == 405
    assert signed_in(first).post(address.replace("confirm", "other")).status_code == 404
