"""The wallet page: one's own balance and every movement, in words."""

from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Role
from billing import ledger
from billing.models import Account
from billing.statement import PAGE, read_statement
from orders.lifecycle.end import cancel_in_full
from tests.factories import NOW, fund, make_order, make_user, signed_in

pytestmark = pytest.mark.django_db

QUERIES = 5  # session, user, wallet, movements, the balance in the frame


def test_wallet_shows_balance_and_movements_with_what_each_left() -> None:
    user = make_user(balance="20")
    order = make_order(user=user)
    cancel_in_full(order=order, text="refused", now=NOW)

    page = signed_in(user).get("/wallet").content.decode()

    assert page.count("<tr>") == 4  # the head and three movements
    assert f'<a class="link" href="/orders/{order.pk}">Refund for order {order.pk}</a>' in page
    assert f'<a class="link" href="/orders/{order.pk}">Order {order.pk}</a>' in page
    assert "Funds added by test" in page
    for amount in ("$20.00", "−$1.20", "$18.80", "$1.20"):
        assert amount in page


def test_wallet_that_never_moved_is_shown_and_not_made_by_looking() -> None:
    user = make_user()

    page = signed_in(user).get("/wallet")

    assert page.status_code == 200
    assert "No transactions yet" in page.content.decode()
    assert not Account.objects.exists()


def test_wallet_shows_nobody_elses_movements() -> None:
    user, other = make_user(balance="3"), make_user(balance="77")

    page = signed_in(user).get("/wallet").content.decode()

    assert "$3.00" in page
    assert "77.00" not in page
    assert other.email not in page


def test_wallet_says_how_to_add_funds(settings: Settings) -> None:
    settings.TOP_UP_INSTRUCTIONS = "Send <b>coins</b> to the harbour."

    page = signed_in(make_user()).get("/wallet").content.decode()

    assert "Send &lt;b&gt;coins&lt;/b&gt; to the harbour." in page


def test_reason_of_a_correction_is_shown_and_escaped_but_a_staff_note_on_a_refund_is_not() -> None:
    user = make_user(balance="20")
    staff = make_user(role=Role.STAFF)
    ledger.correct(
        customer=user,
        amount=Decimal(-2),
        correction_id=uuid4(),
        actor=staff,
        reason="<i>paid twice</i>",
        now=NOW,
    )
    order = make_order(user=user)
    cancel_in_full(
        order=order, text="refused", now=NOW, actor=staff, reason="the supplier is asleep"
    )

    page = signed_in(user).get("/wallet").content.decode()

    assert "&lt;i&gt;paid twice&lt;/i&gt;" in page
    assert "the supplier is asleep" not in page
    assert staff.email not in page


@pytest.mark.parametrize("movements", [1, 3])
def test_wallet_asks_the_database_as_often_for_three_movements_as_for_one(
    movements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = make_user()
    for _ in range(movements):
        fund(user=user, amount="5")
    client = signed_in(user)

    with django_assert_num_queries(QUERIES):
        client.get("/wallet")


def test_long_statement_is_read_page_by_page_without_gap_or_repeat() -> None:
    user = make_user()
    for number in range(1, PAGE * 2 + 2):
        fund(user=user, amount=Decimal(number))
    client = signed_in(user)

    first = read_statement(owner=user, order_url_name="order")
    second = read_statement(owner=user, order_url_name="order", before=first.older)
    third = read_statement(owner=user, order_url_name="order", before=second.older)
    back = read_statement(owner=user, order_url_name="order", after=third.newer)

    amounts = [movement.amount for page in (first, second, third) for movement in page.movements]
    assert amounts == [Decimal(number) for number in range(PAGE * 2 + 1, 0, -1)]
    assert (first.newer, third.older, len(third.movements)) == (None, None, 1)
    assert [movement.amount for movement in back.movements] == [
        movement.amount for movement in second.movements
    ]
    top = read_statement(owner=user, order_url_name="order", after=back.newer)
    assert (top.movements, top.newer) == (first.movements, None)
    page = client.get(f"/wallet?before={first.older}").content.decode()
    assert f'href="?after={PAGE + 1}"' in page
    assert f'href="?before={2}"' in page


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=1.5", f"before={2**63}"])
def test_place_that_cannot_be_is_not_found(query: str) -> None:
    assert signed_in(make_user(balance="1")).get(f"/wallet?{query}").status_code == 404
