"""The admin's page of one user: access, and money moved by hand."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Role, User
from billing.halt import halt
from billing.models import Account, Transfer, TransferKind
from orders.audit.prove_all import prove
from tests.factories import NOW, make_order, make_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    """The admin who acts."""
    return make_user(email="root@example.com", role=Role.ADMIN)


@pytest.fixture
def admin(root: User) -> Client:
    """The admin's browser."""
    return signed_in(root)


@pytest.fixture
def ann() -> User:
    """A customer with 10."""
    return make_user(email="ann@example.com", balance="10")


def test_page_shows_the_user_and_links_orders_to_the_staff_page(admin: Client, ann: User) -> None:
    order = make_order(user=ann)

    page = admin.get(f"/admin/users/{ann.pk}").content.decode()

    assert "<bdi>ann@example.com</bdi>" in page
    assert f'<a class="link" href="/staff/orders/{order.pk}">Order {order.pk}</a>' in page
    assert "$8.80" in page


def test_role_is_changed(admin: Client, ann: User) -> None:
    answer = admin.post(f"/admin/users/{ann.pk}", {"role": "staff", "is_active": "on"})

    ann.refresh_from_db()
    assert answer["Location"] == f"/admin/users/{ann.pk}"
    assert (ann.role, ann.is_active) == (Role.STAFF, True)


def test_user_who_is_shut_out_is_logged_out_at_once(admin: Client, ann: User) -> None:
    browser = signed_in(ann)
    assert browser.get("/wallet").status_code == 200

    admin.post(f"/admin/users/{ann.pk}", {"role": "customer"})

    assert browser.get("/wallet")["Location"] == "/accounts/login/?next=/wallet"
    assert Account.objects.get(owner=ann).balance == 10


def test_unknown_role_is_named_and_changes_nothing(admin: Client, ann: User) -> None:
    answer = admin.post(f"/admin/users/{ann.pk}", {"role": "king", "is_active": "on"})

    ann.refresh_from_db()
    assert answer.status_code == 422
    assert "Role: no such role." in answer.content.decode()
    assert ann.role == Role.CUSTOMER


def test_admin_does_not_lock_the_door_behind_oneself(admin: Client, root: User) -> None:
    answer = admin.post(f"/admin/users/{root.pk}", {"role": "customer"})

    root.refresh_from_db()
    assert answer.status_code == 422
    assert "You cannot change your own role" in answer.content.decode()
    assert (root.role, root.is_active) == (Role.ADMIN, True)


def test_top_up_is_booked_with_actor_and_reason(admin: Client, root: User, ann: User) -> None:
    act_id = str(uuid4())

    answer = admin.post(
        f"/admin/users/{ann.pk}/top-up",
        {"amount": "25.50", "reason": "bank transfer 7", "act_id": act_id},
    )

    transfer = Transfer.objects.get(reference=f"pay:manual:{act_id}")
    assert answer["Location"] == f"/admin/users/{ann.pk}"
    assert (transfer.kind, transfer.amount, transfer.balance_after) == (
        TransferKind.TOP_UP,
        Decimal("25.50"),
        Decimal("35.50"),
    )
    assert (transfer.actor, transfer.reason, transfer.debit.code) == (
        root,
        "bank transfer 7",
        "topups:manual",
    )
    assert (
        "Booked 25.50 USD. ann@example.com now has 35.50 USD."
        in admin.get(f"/admin/users/{ann.pk}").content.decode()
    )
    assert prove().is_sound


@pytest.mark.parametrize(("amount", "left"), [("2.5", "12.5"), ("-10", "0")])
def test_correction_is_booked_either_way(admin: Client, ann: User, amount: str, left: str) -> None:
    act_id = str(uuid4())

    admin.post(
        f"/admin/users/{ann.pk}/correct", {"amount": amount, "reason": "goodwill", "act_id": act_id}
    )

    transfer = Transfer.objects.get(reference=f"adj:{act_id}")
    assert (transfer.kind, transfer.signed_amount) == (TransferKind.CORRECTION, Decimal(amount))
    assert Account.objects.get(owner=ann).balance == Decimal(left)


def test_the_figure_that_is_told_is_the_one_that_is_booked(admin: Client, ann: User) -> None:
    form = {"amount": "-0.00125", "reason": "goodwill", "act_id": str(uuid4())}

    page = admin.post(f"/admin/users/{ann.pk}/correct", form, follow=True).content.decode()

    assert "Booked -0.00125 USD. ann@example.com now has 9.99875 USD." in page


@pytest.mark.parametrize("act", ["top-up", "correct"])
def test_form_that_is_sent_twice_counts_once_and_says_so(
    act: str, admin: Client, ann: User
) -> None:
    form = {"amount": "5", "reason": "bank", "act_id": str(uuid4())}

    admin.post(f"/admin/users/{ann.pk}/{act}", form)
    page = admin.post(f"/admin/users/{ann.pk}/{act}", form, follow=True).content.decode()

    assert "Nothing was booked twice." in page
    assert Account.objects.get(owner=ann).balance == 15


@pytest.mark.parametrize("act", ["top-up", "correct"])
def test_form_that_is_sent_again_with_another_amount_is_refused(
    act: str, admin: Client, ann: User
) -> None:
    form = {"amount": "5", "reason": "bank", "act_id": str(uuid4())}

    admin.post(f"/admin/users/{ann.pk}/{act}", form)
    answer = admin.post(f"/admin/users/{ann.pk}/{act}", form | {"amount": "50"})

    assert answer.status_code == 422
    assert "already submitted this form with another amount" in answer.content.decode()
    assert Account.objects.get(owner=ann).balance == 15


def test_top_up_while_money_does_not_add_up_says_so(admin: Client, ann: User) -> None:
    halt(reason="a wallet is not its sum", now=NOW)

    answer = admin.post(
        f"/admin/users/{ann.pk}/top-up", {"amount": "5", "reason": "bank", "act_id": str(uuid4())}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Top-ups are paused because the last audit found money that does not add up." in page
    assert "already submitted" not in page
    assert Account.objects.get(owner=ann).balance == 10


@pytest.mark.parametrize(
    ("act", "change", "message"),
    [
        ("top-up", {"amount": ""}, "Amount: enter an amount."),
        ("top-up", {"amount": "ten"}, "Amount: enter a number such as 10.00."),
        ("top-up", {"amount": "NaN"}, "Amount: enter a number such as 10.00."),
        ("top-up", {"amount": "0"}, "Amount: must be above 0"),
        ("top-up", {"amount": "-5"}, "Amount: must be above 0"),
        ("top-up", {"amount": "0.000001"}, "Amount: at most five decimals."),
        ("top-up", {"amount": "1e15"}, "Amount: too large."),
        ("top-up", {"amount": "999999999999999"}, "cannot be held"),
        ("top-up", {"reason": " "}, "Reason: enter a reason."),
        ("top-up", {"reason": "x" * 301}, "Reason: at most 300 characters."),
        ("top-up", {"act_id": ""}, "This form is incomplete. Reload the page and try again."),
        ("top-up", {"act_id": "1"}, "This form is damaged. Reload the page and try again."),
        ("correct", {"amount": "0"}, "Amount: must not be 0."),
        ("correct", {"amount": "-10.00001"}, "Amount: only 10.00 USD is available."),
        ("correct", {"reason": ""}, "Reason: enter a reason."),
    ],
)
def test_wrong_value_is_named_and_moves_nothing(
    act: str, change: dict[str, str], message: str, admin: Client, ann: User
) -> None:
    form = {"amount": "5", "reason": "bank", "act_id": str(uuid4())}

    answer = admin.post(f"/admin/users/{ann.pk}/{act}", form | change)

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert Transfer.objects.count() == 1
    assert Account.objects.get(owner=ann).balance == 10


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1234.5", 'New balance: <strong class="tabular-nums">$1,244.50</strong>'),
        ("-4", 'New balance: <strong class="tabular-nums">$6.00</strong>'),
        ("", 'Balance now: <strong class="tabular-nums">$10.00</strong>'),
        ("ten", 'Balance now: <strong class="tabular-nums">$10.00</strong>'),
    ],
)
def test_new_balance_is_shown_beside_the_amount_while_it_is_typed(
    admin: Client, ann: User, typed: str, shown: str
) -> None:
    page = admin.get(f"/admin/users/{ann.pk}").content.decode()

    fragment = admin.post(f"/admin/users/{ann.pk}/balance-after", {"amount": typed})

    assert fragment.content.decode().strip() == shown
    assert page.count(f'hx-post="/admin/users/{ann.pk}/balance-after"') == 2
    assert page.count('Balance now: <strong class="tabular-nums">$10.00</strong>') == 2
    assert Account.objects.get(owner=ann).balance == 10


def test_each_page_view_has_numbers_of_its_own(admin: Client, ann: User) -> None:
    pages = [admin.get(f"/admin/users/{ann.pk}").content.decode() for _ in range(2)]

    numbers = {
        part.split('"')[0] for page in pages for part in page.split('name="act_id" value="')[1:]
    }
    assert len(numbers) == 4


def test_form_without_its_token_is_refused(root: User, ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)

    answer = client.post(
        f"/admin/users/{ann.pk}/top-up", {"amount": "5", "reason": "x", "act_id": str(uuid4())}
    )

    assert answer.status_code == 403
    assert Account.objects.get(owner=ann).balance == 10
