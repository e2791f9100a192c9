"""The staff pages of refills and cancellations."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from orders.aftercare.requests import request_cancel, request_refill
from orders.models import Cancellation, Refill, RequestState, Status
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> User:
    user = make_user(role=Role.STAFF)
    client.force_login(user)
    return user


def ask_refill(**service: Any) -> Refill:
    order = make_order(service=make_service(is_refill=True, **service), status=Status.COMPLETED)
    return request_refill(order=order, actor=order.user, now=NOW)


def ask_cancel() -> Cancellation:
    order = make_order(service=make_service(is_cancel=True), status=Status.RUNNING)
    cancellation = request_cancel(order=order, actor=order.user, now=NOW)
    assert cancellation is not None
    return cancellation


def decide(client: Client, row: Refill | Cancellation, decision: str, **given: str) -> Any:
    name = "staff_refill_decide" if isinstance(row, Refill) else "staff_cancel_decide"
    return client.post(reverse(name, args=[row.pk, decision]), given)


def test_requests_wait_with_what_staff_need_to_decide(client: Client, staff: User) -> None:
    refill = ask_refill(name="<b>Followers</b>")

    page = client.get(reverse("staff_refills")).content.decode()

    assert refill.order.user.email in page
    assert "&lt;b&gt;Followers&lt;/b&gt;" in page
    assert "<b>Followers" not in page
    assert "Approve" in page


def test_approved_refill_is_due(client: Client, staff: User) -> None:
    refill = ask_refill()

    response = decide(client, refill, "approve")

    refill.refresh_from_db()
    assert response.status_code == 302
    assert (refill.state, refill.decided_by) == (RequestState.APPROVED, staff)


def test_rejecting_needs_a_reason_and_changes_nothing_without(client: Client, staff: User) -> None:
    refill = ask_refill()

    response = decide(client, refill, "reject", reason="  ")

    refill.refresh_from_db()
    assert response.status_code == 422
    assert "Reason: enter a reason." in response.content.decode()
    assert refill.state == RequestState.REQUESTED


def test_rejected_cancellation_keeps_its_reason(client: Client, staff: User) -> None:
    cancellation = ask_cancel()

    decide(client, cancellation, "reject", reason="Too late.")

    cancellation.refresh_from_db()
    assert (cancellation.state, cancellation.reason) == (RequestState.REJECTED, "Too late.")


def test_deciding_twice_says_that_it_is_decided(client: Client, staff: User) -> None:
    refill = ask_refill()
    decide(client, refill, "approve")

    response = decide(client, refill, "approve")

    assert response.status_code == 422
    assert "This refill is already approved." in response.content.decode()


def test_unclear_refill_is_attached_to_the_providers(client: Client, staff: User) -> None:
    refill = ask_refill()
    Refill.objects.update(state=RequestState.UNCLEAR)

    done = decide(client, refill, "attach", upstream_id="771", reason="Found in their panel.")

    refill.refresh_from_db()
    assert (refill.state, refill.upstream_id) == (RequestState.RUNNING, "771")
    page = client.get(done["Location"]).content.decode()
    assert f"Refill of order {refill.order_id} matched." in page


@pytest.mark.parametrize("upstream_id", ["", "7 71", "<script>"])
def test_attaching_needs_a_proper_id(client: Client, staff: User, upstream_id: str) -> None:
    refill = ask_refill()
    Refill.objects.update(state=RequestState.UNCLEAR)

    response = decide(client, refill, "attach", upstream_id=upstream_id, reason="Found.")

    refill.refresh_from_db()
    assert response.status_code == 422
    assert "Refill id:" in response.content.decode()
    assert refill.state == RequestState.UNCLEAR


def test_unclear_refill_is_sent_again_on_staffs_word(client: Client, staff: User) -> None:
    refill = ask_refill()
    Refill.objects.update(state=RequestState.UNCLEAR)

    decide(client, refill, "resend", reason="They have nothing.")

    refill.refresh_from_db()
    assert refill.state == RequestState.APPROVED


def test_unclear_refill_cannot_be_another_refill_of_ours(client: Client, staff: User) -> None:
    refill = ask_refill()
    other = Refill.objects.create(
        order=make_order(service=refill.order.service, status=Status.COMPLETED),
        provider=refill.provider,
        requested_by=staff,
        requested_at=NOW,
        state=RequestState.RUNNING,
        upstream_id="771",
    )
    Refill.objects.filter(pk=refill.pk).update(state=RequestState.UNCLEAR)

    response = decide(client, refill, "attach", upstream_id="771", reason="Found.")

    refill.refresh_from_db()
    assert response.status_code == 422
    assert f"refill 771 is that of order {other.order_id}." in response.content.decode()
    assert (refill.state, refill.upstream_id) == (RequestState.UNCLEAR, "")


def test_unclear_cancellation_was_taken_on_staffs_word(client: Client, staff: User) -> None:
    cancellation = ask_cancel()
    Cancellation.objects.update(state=RequestState.UNCLEAR, lost_answers=5)

    without = decide(client, cancellation, "take", reason="")
    done = decide(client, cancellation, "take", reason="It says canceling there.")
    twice = decide(client, cancellation, "take", reason="It says canceling there.")

    cancellation.refresh_from_db()
    assert [without.status_code, done.status_code, twice.status_code] == [422, 302, 422]
    assert (cancellation.state, cancellation.decided_by, cancellation.lost_answers) == (
        RequestState.RUNNING,
        staff,
        0,
    )
    assert cancellation.order.status == Status.RUNNING
    event = cancellation.order.events.latest("pk")
    assert (event.text, event.actor) == (
        "Cancellation taken by the provider: It says canceling there.",
        staff,
    )


def test_unclear_cancellation_is_asked_again_on_staffs_word(client: Client, staff: User) -> None:
    cancellation = ask_cancel()
    Cancellation.objects.update(state=RequestState.UNCLEAR, lost_answers=5)

    decide(client, cancellation, "resend", reason="Nothing there.")

    cancellation.refresh_from_db()
    assert (cancellation.state, cancellation.lost_answers) == (RequestState.APPROVED, 0)


def test_what_is_unclear_is_shown_with_its_evidence_and_decisions(
    client: Client, staff: User
) -> None:
    ask_cancel()
    Cancellation.objects.update(
        state=RequestState.UNCLEAR,
        lost_answers=5,
        sent_at=NOW,
        reply="<i>502</i>",
        reason="Perhaps taken: HTTP 502",
    )

    page = client.get(reverse("staff_cancels"), {"tab": "unclear"}).content.decode()

    for text in (
        "no usable answer 5 times in a row",
        "2026-03-14 12:00:00",
        "&lt;i&gt;502&lt;/i&gt;",
        "Perhaps taken: HTTP 502",
    ):
        assert text in page
    for decision in ("/take?", "/resend?", "/reject?"):
        assert decision in page
    assert "<i>502" not in page


def test_a_refill_is_not_taken_but_attached(client: Client, staff: User) -> None:
    refill = ask_refill()
    Refill.objects.update(state=RequestState.UNCLEAR)

    assert decide(client, refill, "take", reason="?").status_code == 404


def test_a_cancellation_cannot_be_attached(client: Client, staff: User) -> None:
    cancellation = ask_cancel()
    Cancellation.objects.update(state=RequestState.UNCLEAR)

    assert decide(client, cancellation, "attach", upstream_id="1", reason="?").status_code == 404


def test_decisions_are_posted_and_lists_are_read(client: Client, staff: User) -> None:
    refill = ask_refill()

    assert (
        client.get(reverse("staff_refill_decide", args=[refill.pk, "approve"])).status_code == 405
    )
    assert client.post(reverse("staff_refills")).status_code == 405


@pytest.mark.parametrize("query", ["?tab=nonsense"])
def test_an_unknown_tab_is_not_found(client: Client, staff: User, query: str) -> None:
    assert client.get(reverse("staff_refills") + query).status_code == 404


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "²"])
def test_a_bad_page_mark_is_ignored(client: Client, staff: User, after: str) -> None:
    assert client.get(reverse("staff_refills"), {"after": after}).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_number_of_queries_for_any_number_of_rows(
    client: Client, staff: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        ask_refill()

    with django_assert_num_queries(8):
        client.get(reverse("staff_refills"))
