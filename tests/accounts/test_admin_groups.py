"""Groups of customers: made, changed, and users put into them, by admins."""

import pytest
from django.test import Client

from accounts.models import CustomerGroup, Role, User
from tests.factories import make_user, signed_in

pytestmark = pytest.mark.django_db

LARGE = {"name": "Large", "requests_per_minute": "3000", "orders_per_minute": "600"}


@pytest.fixture
def admin() -> Client:
    return signed_in(make_user(role=Role.ADMIN))


def make_group(name: str = "Large") -> CustomerGroup:
    return CustomerGroup.objects.create(name=name, requests_per_minute=3000, orders_per_minute=600)


def test_new_group_is_listed_with_its_limits(admin: Client) -> None:
    answer = admin.post("/admin/groups/new", LARGE, follow=True)

    page = answer.content.decode()
    assert answer.redirect_chain == [("/admin/groups", 302)]
    assert "Saved: Large." in page
    assert 'data-label="Requests per minute" class="num">3,000<' in page
    assert 'data-label="Users" class="num">0<' in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "Name: enter a name."),
        ({"name": "x" * 61}, "Name: at most 60 characters."),
        ({"name": "Taken"}, "Name: a group with this name already exists."),
        ({"requests_per_minute": "0"}, "Requests per minute: a whole number from 1 to 100,000."),
        ({"orders_per_minute": "many"}, "Orders per minute: a whole number from 1 to 100,000."),
        ({"orders_per_minute": ""}, "Orders per minute: a whole number from 1 to 100,000."),
    ],
)
def test_group_that_makes_no_sense_is_refused(
    admin: Client, change: dict[str, str], message: str
) -> None:
    make_group("Taken")

    answer = admin.post("/admin/groups/new", LARGE | change)

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert CustomerGroup.objects.count() == 1


def test_group_is_changed(admin: Client) -> None:
    group = make_group()
    assert 'value="3000"' in admin.get(f"/admin/groups/{group.pk}").content.decode()

    admin.post(f"/admin/groups/{group.pk}", LARGE | {"requests_per_minute": "10"})

    group.refresh_from_db()
    assert (group.requests_per_minute, group.orders_per_minute) == (10, 600)


def test_user_is_put_into_a_group_and_out_again(admin: Client) -> None:
    user, group = make_user(), make_group()

    admin.post(f"/admin/users/{user.pk}/group", {"group": group.pk})
    assert User.objects.get(pk=user.pk).group == group
    assert (
        f'<option value="{group.pk}" selected>'
        in admin.get(f"/admin/users/{user.pk}").content.decode()
    )

    admin.post(f"/admin/users/{user.pk}/group", {"group": ""})
    assert User.objects.get(pk=user.pk).group is None


def test_user_cannot_be_put_into_a_group_that_is_not_there(admin: Client) -> None:
    user = make_user()

    answer = admin.post(f"/admin/users/{user.pk}/group", {"group": "999999"}, follow=True)

    assert "This group does not exist." in answer.content.decode()
    assert User.objects.get(pk=user.pk).group is None
