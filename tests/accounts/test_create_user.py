"""`manage.py create_user`: what it makes, what it prints, and that a wrong value makes nothing."""

import re
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.api_keys import find_user
from accounts.models import ApiKey, Role, User
from billing.models import Account, Transfer, TransferKind
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def test_user_can_log_in_at_once() -> None:
    call_command("create_user", "New@Example.com", "--role", "customer", "--password", PASSWORD)

    client = Client()
    answer = client.post("/accounts/login/", {"login": "NEW@example.com", "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(User.objects.get(email="new@example.com").pk)


def test_address_is_verified_and_in_lower_case() -> None:
    call_command("create_user", "New@Example.com", "--role", "staff", "--password", PASSWORD)

    user = User.objects.get()
    address = EmailAddress.objects.get()
    assert (user.email, user.role, user.is_active) == ("new@example.com", Role.STAFF, True)
    assert (address.user, address.email, address.verified, address.primary) == (
        user,
        "new@example.com",
        True,
        True,
    )


def test_balance_is_a_top_up() -> None:
    call_command(
        "create_user",
        "a@example.com",
        "--role",
        "customer",
        "--password",
        PASSWORD,
        "--balance",
        "100.00",
    )

    transfer = Transfer.objects.select_related("debit", "credit__owner").get()
    assert (transfer.kind, transfer.amount) == (TransferKind.TOP_UP, Decimal(100))
    assert (transfer.debit.code, transfer.credit.owner) == ("topups:manual", User.objects.get())
    assert Account.objects.get(owner=User.objects.get()).balance == 100


def test_without_a_balance_nothing_is_booked() -> None:
    call_command("create_user", "a@example.com", "--role", "admin", "--password", PASSWORD)

    assert not Transfer.objects.exists()


def test_api_key_stands_alone_on_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "create_user", "a@example.com", "--role", "customer", "--password", PASSWORD, "--api-key"
    )

    printed = capsys.readouterr().out.splitlines()
    assert printed[:-1] == [
        "Created customer a@example.com",
        "Balance: 0.00 USD",
        "API key (shown only once):",
    ]
    assert find_user(key=printed[-1]) == User.objects.get()


def test_password_is_made_up_and_printed_where_none_is_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("create_user", "a@example.com", "--role", "customer")

    match = re.search(r"^Password: (\S{16})$", capsys.readouterr().out, re.MULTILINE)
    assert match is not None
    assert User.objects.get().check_password(match[1])
    assert not ApiKey.objects.exists()


def test_given_password_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_user", "a@example.com", "--role", "customer", "--password", PASSWORD)

    assert PASSWORD not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("email", "options", "message"),
    [
        ("not-an-address", [], "email: 'not-an-address' is not an e-mail address"),
        ("", [], "email: '' is not an e-mail address"),
        (
            "TAKEN@example.com",
            [],
            "email: a user with the address taken@example.com already exists",
        ),
        ("a@example.com", ["--password", "short"], "password: This password is too short"),
        ("a@example.com", ["--password", "password1"], "password: This password is too common"),
        ("a@example.com", ["--password", ""], "password: This password is too short"),
        (
            "a@example.com",
            ["--balance", "100,00"],
            "balance: '100,00' is not an amount like 100.00",
        ),
        ("a@example.com", ["--balance", "-1"], "balance: '-1' must be 0 or more"),
        ("a@example.com", ["--balance", "NaN"], "balance: 'NaN' must be 0 or more"),
        ("a@example.com", ["--balance", "1e400"], "balance: '1e400' must be 0 or more"),
        ("a@example.com", ["--balance", "0.000001"], "balance: '0.000001' must be 0 or more"),
        ("a@example.com", ["--role", "king"], "argument --role: invalid choice: 'king'"),
    ],
)
def test_wrong_value_is_named_and_makes_nothing(
    email: str, options: list[str], message: str
) -> None:
    make_user(email="taken@example.com")

    with pytest.raises(CommandError, match=re.escape(message)):
        call_command(
            "create_user",
            email,
            *["--role", "customer", "--password", PASSWORD, "--balance=5", *options],
        )

    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1
    assert not Transfer.objects.exists()
