"""The admin's list of users."""

from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from billing.models import Adjustment
from tests.factories import NOW, make_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    """An admin's browser."""
    return signed_in(make_user(email="root@example.com", role=Role.ADMIN))


def test_users_are_listed_with_role_and_balance(admin: Client) -> None:
    user = make_user(email="ann@example.com", balance="12.5")

    page = admin.get("/admin/users").content.decode()

    assert f'<a href="/admin/users/{user.pk}"><bdi>ann@example.com</bdi></a>' in page
    assert "$12.50" in page


def test_search_finds_by_a_part_of_the_address_in_any_case(admin: Client) -> None:
    make_user(email="ann@example.com")
    make_user(email="bob@example.com")

    page = admin.get("/admin/users", {"q": " ANN@"}).content.decode()

    assert "<bdi>ann@example.com</bdi>" in page
    assert "<bdi>bob@example.com</bdi>" not in page


def test_role_narrows_the_list(admin: Client) -> None:
    make_user(email="ann@example.com")
    make_user(email="sue@example.com", role=Role.STAFF)

    page = admin.get("/admin/users", {"role": "staff"}).content.decode()

    assert "<bdi>sue@example.com</bdi>" in page
    assert "<bdi>ann@example.com</bdi>" not in page


def test_no_match_says_so(admin: Client) -> None:
    assert "No users found" in admin.get("/admin/users", {"q": "nobody"}).content.decode()


def test_pages_follow_without_gap(admin: Client) -> None:
    users = [make_user() for _ in range(51)]

    first = admin.get("/admin/users", {"role": "customer"}).content.decode()
    second = admin.get(
        "/admin/users", {"role": "customer", "before": str(users[1].pk)}
    ).content.decode()

    assert f"role=customer&amp;before={users[1].pk}" in first
    assert f"<bdi>{users[0].email}</bdi>" not in first
    assert f"<bdi>{users[1].email}</bdi>" in first
    assert f"<bdi>{users[0].email}</bdi>" in second
    assert f"<bdi>{users[1].email}</bdi>" not in second


def test_newer_leads_back_page_by_page(admin: Client) -> None:
    users = [make_user() for _ in range(102)]

    third = admin.get("/admin/users", {"role": "customer", "before": str(users[2].pk)})
    second = admin.get("/admin/users", {"role": "customer", "after": str(third.context["newer"])})
    first = admin.get("/admin/users", {"role": "customer", "after": str(second.context["newer"])})

    assert [user.pk for user in second.context["users"]] == [user.pk for user in users[51:1:-1]]
    assert [user.pk for user in first.context["users"]] == [user.pk for user in users[:51:-1]]
    assert f"after={users[51].pk}" in second.content.decode()
    assert first.context["newer"] is None
    assert first.context["older"] == users[52].pk


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_queries_for_any_number_of_users(
    rows: int, admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        user = make_user(balance="1")
        Adjustment.objects.create(
            act_id=uuid4(),
            customer=user,
            kind="correction",
            amount=-500,
            proposed_by=user,
            proposed_at=NOW,
        )

    # session, user, users, proposals; the frame: balance and inbox
    with django_assert_num_queries(6):
        admin.get("/admin/users")


@pytest.mark.parametrize("query", ["role=king", "before=x"])
def test_list_that_cannot_be_is_not_found(query: str, admin: Client) -> None:
    assert admin.get(f"/admin/users?{query}").status_code == 404
