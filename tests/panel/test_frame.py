"""The frame around every page: menu, balance, theme, policy."""

import re

import pytest
from django.test import Client

from accounts.models import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ACCOUNT = "/accounts/email/"


def links(html: str) -> list[str]:
    """The words of the menu's links."""
    menu = html.partition('id="menu"')[2].partition("</nav>")[0]
    found = re.findall(r'<a class="side-link"[^>]*>(.*?)</a>', menu, re.DOTALL)
    return [re.sub(r"(<[^>]+>|\s)+", " ", text).strip() for text in found]


SHOP = ["New order", "Mass order", "Orders", "Services", "Wallet", "API", "Webhooks"]
STAFF = ["Unclear", "All orders", "Refills", "Cancels", "Provider checks", "Audit"]


def test_a_customer_sees_only_the_shop(client: Client) -> None:
    client.force_login(make_user(email="ann@example.com"))

    html = client.get(ACCOUNT).content.decode()

    assert links(html) == [*SHOP, "Account ann@example.com"]


def test_staff_see_their_pages_and_not_the_admins(client: Client) -> None:
    client.force_login(make_user(role=Role.STAFF))

    html = client.get(ACCOUNT).content.decode()

    assert links(html)[len(SHOP) : -1] == STAFF


def test_an_admin_sees_everything(client: Client) -> None:
    client.force_login(make_user(role=Role.ADMIN))

    html = client.get(ACCOUNT).content.decode()

    assert links(html)[len(SHOP) : -1] == [
        *STAFF,
        "Providers",
        "Margins",
        "Catalog",
        "Syncs",
        "Users",
    ]


def test_the_balance_is_on_every_page_and_leads_to_the_wallet(client: Client) -> None:
    client.force_login(make_user(balance="1234.5"))

    html = client.get(ACCOUNT).content.decode()

    balance = html.partition('id="balance"')[2].partition("</a>")[0]
    assert "$1,234.50" in balance
    assert 'href="/wallet' in balance


def test_a_visitor_finds_the_doors_and_no_menu(client: Client) -> None:
    html = client.get("/").content.decode()

    assert 'id="menu"' not in html
    assert 'id="balance"' not in html
    assert html.count('href="/accounts/login/"') == 2
    assert html.count('href="/accounts/signup/"') == 2
    assert 'href="/services' in html


@pytest.mark.parametrize(
    ("cookie", "classes"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")]
)
def test_the_chosen_theme_is_on_the_page_from_the_start(
    client: Client, cookie: str, classes: str
) -> None:
    client.cookies["theme"] = cookie

    html = client.get("/").content.decode()

    assert f'<html lang="en" class="{classes}">' in html


def test_the_policy_allows_nothing_inline_and_no_other_host(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
