"""The account page: the address, the links to allauth's pages, the API keys."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.api_keys import MAX_KEYS, find_user, issue_key
from accounts.models import ApiKey, User
from tests.accounts.account_page import shown
from tests.factories import NOW, make_user, signed_in

pytestmark = pytest.mark.django_db
SHOP = {"name": "shop", "scope": "order", "allowed_ips": ""}


@pytest.fixture
def client(ann: User) -> Client:
    """Ann's browser."""
    return signed_in(ann)


def test_page_shows_address_role_and_live_keys(client: Client, ann: User) -> None:
    issue_key(user=ann, name="shop", now=NOW)
    issue_key(user=make_user(), name="somebody else's", now=NOW)

    page = client.get("/account").content.decode()

    assert "<bdi>ann@example.com</bdi>" in page
    assert "<bdi>shop</bdi>" in page
    assert f"{ApiKey.objects.get(user=ann).prefix}…" in page
    assert "somebody else" not in page


def test_new_key_works_and_is_shown_once(client: Client, ann: User) -> None:
    answer = client.post("/account/keys", SHOP)

    key = shown(answer.content.decode())
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert find_user(key=key) == ann
    assert key not in client.get("/account").content.decode()
    assert not ApiKey.objects.filter(digest__contains=key).exists()


def test_form_that_is_sent_twice_makes_one_key(client: Client, ann: User) -> None:
    client.post("/account/keys", SHOP)
    answer = client.post("/account/keys", SHOP)

    assert answer.status_code == 422
    assert "Name: you already have a key with this name" in answer.content.decode()
    assert ann.api_keys.count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_name_that_cannot_be_is_refused(name: str, client: Client) -> None:
    answer = client.post("/account/keys", {**SHOP, "name": name})

    assert answer.status_code == 422
    assert "Name: " in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_keys_are_limited(client: Client, ann: User) -> None:
    for number in range(MAX_KEYS):
        issue_key(user=ann, name=str(number), now=NOW)

    answer = client.post("/account/keys", {**SHOP, "name": "one more"})

    assert answer.status_code == 422
    assert f"You have {MAX_KEYS} keys" in answer.content.decode()
    assert ann.api_keys.count() == MAX_KEYS


def test_new_key_may_do_what_was_chosen_from_where_was_chosen(client: Client, ann: User) -> None:
    asked = {
        "name": "shop",
        "scope": "read",
        "allowed_ips": "203.0.113.7\r\n2001:db8::/48, 203.0.113.7\r\n",
    }

    client.post("/account/keys", asked)

    key = ann.api_keys.get()
    assert key.scope == "read"
    assert key.allowed_ips == ["203.0.113.7/32", "2001:db8::/48"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scope": "admin"}, "Select a valid choice"),
        ({"scope": ""}, "This field is required"),
        (
            {"allowed_ips": "203.0.113.7\nmy-server"},
            "“my-server” is neither an IP address nor a network",
        ),
        (
            {"allowed_ips": "203.0.113.0/33"},
            "“203.0.113.0/33” is neither an IP address nor a network",
        ),
        ({"allowed_ips": "<script>"}, "“&lt;script&gt;” is neither an IP address nor a network"),
        (
            {"allowed_ips": "\n".join(f"203.0.113.{last}" for last in range(51))},
            "Enter at most 50 addresses and networks",
        ),
    ],
)
def test_what_a_key_cannot_be_bound_to_is_refused(
    client: Client, wrong: dict[str, str], message: str
) -> None:
    answer = client.post("/account/keys", {**SHOP, **wrong})

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_page_says_what_a_key_may_do_and_when_and_where_it_was_used(
    client: Client, ann: User
) -> None:
    issue_key(
        user=ann,
        name="robot",
        now=NOW,
        scope="read",
        allowed_ips=["203.0.113.7", "198.51.100.0/24"],
    )
    ann.api_keys.update(last_used_at=NOW, last_used_ip="203.0.113.7")

    page = " ".join(client.get("/account").content.decode().split())

    assert 'Read<br><span class="muted">from 203.0.113.7/32, 198.51.100.0/24</span>' in page
    assert '2026-03-14 12:00<br><span class="muted">from 203.0.113.7</span>' in page


def test_key_of_a_closed_account_is_dead(ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)
    User.objects.filter(pk=ann.pk).update(is_active=False)

    assert find_user(key=key) is None


@pytest.mark.parametrize("key", ["", "x", "x" * 40, "x" * 5000])
def test_unknown_key_speaks_for_nobody(key: str, ann: User) -> None:
    issue_key(user=ann, name="shop", now=NOW)

    assert find_user(key=key) is None


def test_key_with_one_letter_wrong_speaks_for_nobody(ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    assert find_user(key=key[:-1] + ("A" if key[-1] != "A" else "B")) is None


@pytest.mark.parametrize("keys", [1, 3])
def test_page_costs_the_same_queries_for_any_number_of_keys(
    keys: int, client: Client, ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(keys):
        issue_key(user=ann, name=str(number), now=NOW)

    with django_assert_num_queries(4):  # session, user, keys, the balance in the frame
        client.get("/account")


@pytest.mark.parametrize(
    ("method", "address"),
    [("post", "/account"), ("get", "/account/keys"), ("put", "/account/keys")],
)
def test_wrong_verb_is_refused(method: str, address: str, client: Client) -> None:
    assert getattr(client, method)(address).status_code == 405
