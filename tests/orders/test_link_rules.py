"""Links that do not fit their service: the page asks, the admin's refusal counts everywhere."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.models import LinkCheck, LinkRule, Service
from orders.models import Order
from tests.factories import NOW, make_service, make_user, signed_in
from tests.orders.api.api_client import add, error, key_of
from tests.orders.mass_order.form import check, notes, verdicts
from tests.orders.pages.order_form import assert_nothing_ordered, filled_in

pytestmark = pytest.mark.django_db
URL = "/order"
OTHER_SITE = "https://www.tiktok.com/@a/video/1"
POST = "https://www.instagram.com/p/C1/"
WRONG_SITE = "This service needs a link to a page on instagram.com."


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


@pytest.fixture
def service() -> Service:
    return make_service(name="Instagram Views", price="1.20")


def rule(service: Service, check_mode: LinkCheck) -> None:
    LinkRule.objects.create(
        service=service, hosts="instagram.com", check_mode=check_mode, updated_at=NOW
    )


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (OTHER_SITE, WRONG_SITE),
        ("not a link", "This does not look like a link."),
        ("https://", "This link is not complete."),
    ],
    ids=["other site", "no link", "half a link"],
)
def test_page_asks_about_a_link_and_orders_with_it_only_after_a_yes(
    client: Client, user: User, service: Service, link: str, message: str
) -> None:
    form = filled_in(user, service, link=link)

    asked = client.post(URL, form)

    assert asked.status_code == 422
    assert asked.context["form"].errors == {"link": [message]}
    assert "Order with this link anyway" in asked.content.decode()
    assert_nothing_ordered(user)
    assert client.post(URL, form | {"is_link_accepted": "on"}).status_code == 302
    assert client.post(URL, form | {"is_link_accepted": "on"}).status_code == 302
    assert Order.objects.get().link == link


def test_the_link_inside_a_share_text_is_offered_and_taken_by_one_button(
    client: Client, user: User, service: Service
) -> None:
    form = filled_in(user, service, link=f"Check this out {POST} now!")
    page = unescape(client.post(URL, form).content.decode())
    button = re.search(r'name="use_link" value="([^"]+)"', page)
    assert button
    assert button[1] == POST

    taken = client.post(URL, form | {"use_link": button[1]})

    assert taken.status_code == 200
    assert f'value="{POST}"' in taken.content.decode()
    assert "use_link" not in taken.content.decode()
    assert_nothing_ordered(user)
    assert client.post(URL, form | {"link": POST}).status_code == 302


def test_page_says_which_link_is_needed(client: Client, service: Service) -> None:
    page = client.get(URL, {"service": service.pk}).content.decode()

    assert "Link to a page on instagram.com" in page


def test_other_mistakes_are_named_before_the_link_is_questioned(
    client: Client, user: User, service: Service
) -> None:
    response = client.post(URL, filled_in(user, service, link=OTHER_SITE, quantity="9"))

    assert response.context["form"].errors == {"quantity": ["At least 10."]}
    assert_nothing_ordered(user)


def test_what_the_admin_refuses_no_yes_can_order(
    client: Client, user: User, service: Service
) -> None:
    rule(service, LinkCheck.REJECT)

    response = client.post(URL, filled_in(user, service, link=OTHER_SITE, is_link_accepted="on"))

    assert response.status_code == 422
    assert response.context["form"].errors == {"link": [WRONG_SITE]}
    assert_nothing_ordered(user)


@pytest.mark.parametrize(
    ("mode", "verdict", "note", "answer"),
    [
        (None, "Ready", WRONG_SITE, None),
        (LinkCheck.WARN, "Ready", WRONG_SITE, None),
        (LinkCheck.OFF, "Ready", "", None),
        (LinkCheck.REJECT, "Wrong", f"Link: {WRONG_SITE}", error("neworder.error.link")),
    ],
)
def test_mass_order_and_api_refuse_only_where_the_admin_says_so(
    client: Client,
    user: User,
    service: Service,
    mode: LinkCheck | None,
    verdict: str,
    note: str,
    answer: bytes | None,
) -> None:
    if mode:
        rule(service, mode)
    text = f"{service.pk} | {OTHER_SITE} | 100"

    assert notes(client, text) == [note]
    assert verdicts(client, {"text": text}) == [verdict]
    assert_nothing_ordered(user)
    assert add(key_of(user), service, link=OTHER_SITE) == (
        answer or b'{"order":%d}' % Order.objects.get().pk
    )
    assert Order.objects.count() == (0 if answer else 1)
    if not answer:
        done = verdicts(client, check(client, f"{service.pk} | {OTHER_SITE}2 | 100"), order="ready")
        assert done == ["Ordered"]


def test_a_plus_that_was_not_encoded_is_refused_and_explained(client: Client, user: User) -> None:
    service = make_service(name="Telegram Members")
    lost, meant = "https://t.me/ AbC-d_9", "https://t.me/+AbC-d_9"

    assert add(key_of(user), service, link=lost) == error("neworder.error.link")
    page = client.post(URL, filled_in(user, service, link=lost, is_link_accepted="on"))
    assert "Programs must send a + as %2B." in page.content.decode()
    assert f'value="{meant}"' in unescape(page.content.decode())
    said = "Link: This link has a space where it needs a +. Programs must send a + as %2B."
    assert notes(client, f"{service.pk} | {lost} | 100") == [f"{said} Did you mean {meant}?"]
    assert_nothing_ordered(user)
    assert "Send a + in a link as %2B" in Client().get("/api").content.decode()


def test_rules_cost_the_placing_no_query_of_their_own(user: User) -> None:
    key = key_of(user)
    plain, ruled = make_service(name="Views"), make_service(name="Instagram Views")
    rule(ruled, LinkCheck.REJECT)
    LinkRule.objects.create(category=ruled.category, updated_at=NOW)
    add(key, plain, link=POST)

    with CaptureQueriesContext(connection) as without:
        add(key, plain, link=f"{POST}1")
    with CaptureQueriesContext(connection) as with_rules:
        add(key, ruled, link=f"{POST}2")

    assert len(with_rules) == len(without)
    assert Order.objects.count() == 3
