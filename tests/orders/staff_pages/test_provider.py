"""The staff's page of one provider: what verdicts rest on, top-ups, and an explanation where money
moved.
"""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from catalog.models import Provider
from orders.models import (
    AttemptState,
    Baseline,
    Condition,
    Ends,
    Evidence,
    Found,
    Investigation,
    Line,
    Orphan,
    ProviderAccount,
    Status,
    TopUp,
)
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_service, make_user
from tests.orders.attempts import leave_attempt

pytestmark = pytest.mark.django_db

POSTS = ["top-up", "explain", "test"]


@pytest.fixture
def provider() -> Provider:
    return make_provider(name="Upstream One")


@pytest.fixture
def at_desk(client: Client) -> Client:
    client.force_login(make_user(role=Role.STAFF, email="staff@example.com"))
    return client


def account_of(provider: Provider) -> ProviderAccount:
    return ProviderAccount.objects.get_or_create(provider=provider)[0]


def address(provider: Provider, act: str = "") -> str:
    return f"/staff/providers/{provider.pk}" + (f"/{act}" if act else "")


def test_page_tells_what_is_known_and_what_is_not(at_desk: Client, provider: Provider) -> None:
    ProviderAccount.objects.create(
        provider=provider,
        ids_monotonic=True,
        charge_is_net=False,
        profile=["Ids of 4 orders"],
        profiled_at=NOW,
    )
    Baseline.objects.create(
        provider=provider, read_at=NOW, balance=Decimal("90.5"), charges=Decimal("9.5")
    )

    shown = at_desk.get(address(provider)).content.decode()

    for text in (
        "Upstream One",
        "Not known yet",
        "Ids of 4 orders",
        "$90.50",
        "$9.50",
        "$100.00",
        "Probing is off",
    ):
        assert text in shown


def test_pause_of_the_verdicts_is_plain_to_see(at_desk: Client, provider: Provider) -> None:
    account_of(provider).pause_verdicts(reason="5.00 USD is missing", now=NOW)

    assert "5.00 USD is missing" in at_desk.get(address(provider)).content.decode()


def test_top_up_is_entered_by_whoever_is_logged_in_and_lets_verdicts_go_on(
    at_desk: Client, provider: Provider
) -> None:
    account_of(provider).pause_verdicts(reason="money moved", now=NOW)

    response = at_desk.post(address(provider, "top-up"), {"amount": "50.00001", "note": "bank"})

    top_up = TopUp.objects.get()
    assert (response.status_code, response["Location"]) == (302, address(provider))
    assert (top_up.amount, top_up.note, str(top_up.entered_by)) == (
        Decimal("50.00001"),
        "bank",
        "staff@example.com",
    )
    assert account_of(provider).verdicts_paused_at is None


@pytest.mark.parametrize("amount", ["", "0", "x", "NaN", "1e30", "0.000000001"])
def test_top_up_that_makes_no_sense_is_refused(
    at_desk: Client, provider: Provider, amount: str
) -> None:
    response = at_desk.post(address(provider, "top-up"), {"amount": amount})

    assert (response.status_code, TopUp.objects.count()) == (422, 0)


def test_explanation_resets_the_baseline(at_desk: Client, provider: Provider) -> None:
    account_of(provider).pause_verdicts(reason="money moved", now=NOW)
    Orphan.objects.create(
        provider=provider,
        upstream_id="7",
        word="Pending",
        charge=1,
        seen_at=timezone.now(),
        is_stranger=True,
    )

    at_desk.post(address(provider, "explain"), {"reason": "ordered by hand"})

    asked = Baseline.objects.get()
    assert (asked.read_at, asked.reason, str(asked.asked_by)) == (
        None,
        "ordered by hand",
        "staff@example.com",
    )
    assert account_of(provider).verdicts_paused_at is None
    assert Orphan.objects.get().explanation == "ordered by hand"


def test_explanation_needs_words(at_desk: Client, provider: Provider) -> None:
    response = at_desk.post(address(provider, "explain"), {"reason": "  "})

    assert (response.status_code, Baseline.objects.count()) == (422, 0)
    assert "Reason: say what happened." in response.content.decode()


def test_self_test_is_made_at_once(at_desk: Client, double: ProviderDouble) -> None:
    provider = connect(double)

    shown = at_desk.post(address(provider, "test"), follow=True).content.decode()

    assert account_of(provider).profiled_at is not None
    assert "Self-test done." in shown


def test_provider_that_does_not_answer_is_not_tested(at_desk: Client, provider: Provider) -> None:
    shown = at_desk.post(address(provider, "test"), follow=True).content.decode()

    assert "The self-test failed" in shown


def test_evidence_of_an_unclear_order_is_shown_and_escaped(at_desk: Client) -> None:
    order = make_order(service=make_service(), status=Status.UNCLEAR)
    attempt = leave_attempt(order, AttemptState.UNKNOWN)
    attempt.evidence = Evidence(
        conditions=(
            Condition("Waiting time over", is_met=True, words="Sent long enough ago"),
            Condition("Balance matches", is_met=False, words="0.90 is missing"),
        ),
        next_step="Compare link and time of their order 7",
        id_range=Ends(1, 9),
        orphans=(Found(7, "<b>Odd</b>", charge=Decimal("0.90000"), fits=(attempt.pk,)),),
        money=(Line("Balance now", Decimal("-90.12345")),),
    )
    attempt.save()
    Investigation.objects.create(attempt=attempt, looks=2, read_at=NOW)

    shown = at_desk.get("/staff/unclear").content.decode()

    for text in (
        "1 of 2 conditions",
        "0.90 is missing",
        "Compare link and time of their order 7",
        "−$90.12345",
        "2 times, last at 2026-03-14 12:00:00",
    ):
        assert text in shown
    assert "&lt;b&gt;Odd&lt;/b&gt;" in shown
    assert "<b>Odd" not in shown
