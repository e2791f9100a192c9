"""The doors by role, and who may change a role."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from accounts.change_access import NotAllowed, change_access
from accounts.decorators import (
    MemberRequest,
    View,
    admin_required,
    customer_required,
    staff_required,
)
from accounts.models import Role, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def hello(request: MemberRequest) -> HttpResponse:
    """A view."""
    return HttpResponse(f"hello {request.user.email}")


DOORS = {
    "customer": customer_required(hello),
    "staff": staff_required(hello),
    "admin": admin_required(hello),
}


def ask(door: View[HttpRequest, []], user: User | AnonymousUser, **headers: str) -> HttpResponse:
    """What the door answers to `user`."""
    request = RequestFactory().get("/door?a=1", headers=headers)
    request.user = user
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]  # as django-htmx's middleware does
    return door(request)


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        (Role.CUSTOMER, {"customer"}),
        (Role.STAFF, {"customer", "staff"}),
        (Role.ADMIN, {"customer", "staff", "admin"}),
    ],
)
def test_doors_open_by_role(role: Role, opens: set[str]) -> None:
    user = make_user(role=role)

    for name, door in DOORS.items():
        if name in opens:
            assert ask(door, user).content.decode() == f"hello {user.email}"
        else:
            with pytest.raises(PermissionDenied):
                ask(door, user)


@pytest.mark.parametrize("name", DOORS)
def test_stranger_is_sent_to_the_log_in_and_comes_back(name: str) -> None:
    answer = ask(DOORS[name], AnonymousUser())

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/door%3Fa%3D1")


def test_fragment_for_a_stranger_sends_the_whole_page_to_the_log_in() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/orders?tab=all"}

    answer = ask(DOORS["customer"], AnonymousUser(), **headers)

    assert (answer.status_code, answer["HX-Redirect"]) == (
        200,
        "/accounts/login/?next=/orders%3Ftab%3Dall",
    )


@pytest.mark.parametrize("name", DOORS)
def test_closed_account_opens_nothing(name: str) -> None:
    user = make_user(role=Role.ADMIN)
    user.is_active = False

    with pytest.raises(PermissionDenied):
        ask(DOORS[name], user)


def test_two_admins_who_demote_each_other_leave_one() -> None:
    first, second = make_user(role=Role.ADMIN), make_user(role=Role.ADMIN)

    change_access(user=second, role=Role.CUSTOMER, is_active=True, actor=first)
    with pytest.raises(NotAllowed):
        # as it was when it was asked
        change_access(user=first, role=Role.CUSTOMER, is_active=True, actor=second)

    first.refresh_from_db()
    assert first.role == Role.ADMIN
