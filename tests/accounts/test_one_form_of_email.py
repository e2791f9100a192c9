"""One mailbox is one account, however its address is typed."""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from accounts.models import Role, User
from billing.ledger import open_wallet
from tests.factories import PASSWORD, make_order, make_user, signed_in

pytestmark = pytest.mark.django_db
STORED = "ann@xn--bcher-kva.example"
TYPED = [
    "Ann@Bücher.example",
    "\ufeffann@bu\u0308cher.example\u200b",
    " ann@XN--BCHER-KVA.example ",
    "ann＠bücher。example",
]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Attempts are counted in the cache, which outlives a test."""
    cache.clear()


@pytest.mark.parametrize("typed", TYPED)
def test_sign_up_stores_one_form(client: Client, typed: str) -> None:
    form = {"email": typed, "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    Client().post("/accounts/signup/", form | {"email": STORED})

    assert (User.objects.get().email, EmailAddress.objects.get().email) == (STORED, STORED)


@pytest.mark.parametrize("typed", TYPED)
def test_log_in_finds_it(client: Client, typed: str) -> None:
    make_user(email=STORED)

    client.post("/accounts/login/", {"login": typed, "password": PASSWORD})

    assert "_auth_user_id" in client.session


@pytest.mark.parametrize("typed", TYPED)
def test_command_stores_one_form_and_finds_it_taken(typed: str) -> None:
    call_command("create_user", typed, "--role", "staff", "--password", PASSWORD)

    assert (User.objects.get().email, EmailAddress.objects.get().email) == (STORED, STORED)
    assert User.objects.get_by_natural_key(typed).email == STORED
    with pytest.raises(CommandError, match="already exists"):
        call_command("create_user", STORED, "--role", "staff", "--password", PASSWORD)


@pytest.mark.parametrize("typed", TYPED)
def test_change_stores_one_form(typed: str) -> None:
    carl = make_user(email="carl@example.com")

    signed_in(carl).post("/accounts/email/", {"action_add": "", "email": typed})

    assert EmailAddress.objects.filter(user=carl, email=STORED).exists()


@pytest.mark.parametrize("typed", [*TYPED, "Bücher.example", "BÜCHER.Ex", "@bücher.example"])
def test_staff_find_it(typed: str) -> None:
    ann, admin = make_user(email=STORED, balance="100"), make_user(role=Role.ADMIN)
    order = make_order(user=ann, quantity=10)
    open_wallet(owner=admin)

    users = signed_in(admin).get("/admin/users", {"q": typed}).content.decode()
    orders = signed_in(admin).get("/staff/orders", {"q": typed}).content.decode()

    assert STORED in users
    assert f"/staff/orders/{order.pk}" in orders


@pytest.mark.django_db(transaction=True)
def test_stored_addresses_are_rewritten_but_none_is_taken_from_another() -> None:
    before = [("accounts", "0004_customer_group")]
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        executor = MigrationExecutor(connection)
        executor.migrate(before)
        old = executor.loader.project_state(before).apps.get_model("accounts", "User")
        for email in ("ann@bücher.example", "bob@bücher.example", "bob@xn--bcher-kva.example"):
            old.objects.create(email=email, password="!", role="customer")
    finally:
        MigrationExecutor(connection).migrate(newest)

    assert list(User.objects.order_by("pk").values_list("email", flat=True)) == [
        STORED,
        "bob@bücher.example",
        "bob@xn--bcher-kva.example",
    ]
