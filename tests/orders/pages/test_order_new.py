"""The page of a new order: what it lists, which fields it has, what ordering does."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from orders.models import Order, Status
from tests.factories import (
    fund,
    make_category,
    make_order,
    make_provider,
    make_service,
    make_user,
)
from tests.orders.pages.order_form import assert_nothing_ordered, filled_in

pytestmark = pytest.mark.django_db
URL = "/order"


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_stranger_is_sent_to_log_in() -> None:
    response = Client().get(f"{URL}?service=1")

    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=/order%3Fservice%3D1",
    )


def test_wrong_verb_is_refused(client: Client) -> None:
    assert client.put(URL).status_code == 405


def test_page_lists_what_is_on_sale_by_category(client: Client) -> None:
    make_service(name="Likes", category=make_category(name="Photos"), price="0.90")
    make_service(name="Parcel", type="Package", price="2.50")
    for gone in (make_service(name="Hidden one"), make_service(name="Withdrawn one")):
        Service.objects.filter(pk=gone.pk).update(is_hidden=True)

    page = unescape(client.get(URL).content.decode())

    assert '<optgroup label="Photos">' in page
    assert "Likes\u2069 · $0.90 per 1000" in page
    assert "Parcel\u2069 · $2.50 per order" in page
    assert "Hidden one" not in page
    assert "Withdrawn one" not in page
    assert "data-order-form" not in page


def test_search_takes_every_word_in_any_case_and_ids(client: Client) -> None:
    likes, views = make_service(name="Photo LIKES fast"), make_service(name="Photo views")

    by_words = client.get(URL, {"q": "fast likes"})
    by_id = client.get(URL, {"q": str(views.pk)})

    assert by_words.context["choice"].services == [likes]
    assert by_id.context["choice"].services == [views]


def test_the_note_counts_what_is_listed_without_the_chosen_one(client: Client) -> None:
    category, provider = make_category(), make_provider()
    Service.objects.bulk_create(
        Service(
            provider=provider, category=category,
            upstream_id=str(number), upstream_name=f"Likes {number:03}",
            type="Default", rate=1, cost=1, price=1, min_quantity=1, max_quantity=9,
        )
        for number in range(101)
    )  # fmt: skip
    last = Service.objects.latest("pk")

    page = client.get(URL, {"service": last.pk}).content.decode()

    assert "Showing the first 100." in page
    assert f'<option value="{last.pk}" selected>' in page


def test_category_narrows_the_list_and_drops_a_service_of_another(client: Client) -> None:
    likes, views = make_service(name="Likes"), make_service(name="Views")

    response = client.get(URL, {"category": str(likes.category_id), "service": str(views.pk)})

    assert response.context["choice"].services == [likes]
    assert b"data-order-form" not in response.content


def test_page_without_a_service_offers_what_was_ordered_lately_and_the_categories(
    client: Client, user: User
) -> None:
    photos = make_category(name="Photos")
    likes, views = (
        make_service(name="Likes", category=photos),
        make_service(name="Views", category=photos),
    )
    hidden, other = make_service(name="Hidden one"), make_service(name="Others")
    fund(user=user, amount="90")
    for service in (likes, views, hidden, likes):
        make_order(user=user, service=service)
    make_order(service=other)
    Service.objects.filter(pk=hidden.pk).update(is_hidden=True)

    response = client.get(URL)

    assert response.context["lately"] == [likes, views]
    assert f'href="/order?service={likes.pk}"' in response.content.decode()
    assert f'href="/order?category={photos.pk}"' in response.content.decode()


@pytest.mark.parametrize("text", ["abc", "9" * 30, "-1", "\x00", "1 OR 1=1", "%", "†"])
def test_nonsense_in_the_search_is_only_not_found(client: Client, text: str) -> None:
    make_service(name="Likes")

    response = client.get(URL, {"q": text, "category": text, "service": text})

    assert response.status_code == 200
    assert b"data-order-form" not in response.content


def test_search_script_gets_the_list_and_the_form_alone(client: Client) -> None:
    service = make_service()

    page = client.get(URL, {"service": service.pk}, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert 'id="order-services"' in page
    assert re.search(r'<div id="order-form" hx-swap-oob="true">', page)


@pytest.mark.parametrize(
    ("type_name", "names"),
    [
        ("Default", {"link", "quantity"}),
        ("Package", {"link"}),
        ("Custom Comments", {"link", "comments"}),
        ("Poll", {"link", "quantity", "answer_number"}),
        (
            "Web Traffic",
            {
                "link",
                "quantity",
                "country",
                "device",
                "type_of_traffic",
                "google_keyword",
                "referring_url",
            },
        ),
    ],
)
def test_form_has_the_fields_of_the_services_type(
    client: Client, type_name: str, names: set[str]
) -> None:
    service = make_service(type=type_name)

    form = client.get(URL, {"service": service.pk}).content.decode().partition("data-order-form")[2]

    own = {"csrfmiddlewaretoken", "service", "quote", "idempotency_key", "review"}
    assert set(re.findall(r' name="(\w+)"', form)) == names | own


def test_dripfeed_stands_only_where_the_service_has_it(client: Client) -> None:
    plain, drip = make_service(), make_service(is_dripfeed=True)

    assert b'name="runs"' not in client.get(URL, {"service": plain.pk}).content
    assert b'name="runs"' in client.get(URL, {"service": drip.pk}).content


def test_limits_stand_beside_the_quantity(client: Client) -> None:
    service = make_service(min_quantity=50, max_quantity=12_000)

    page = client.get(URL, {"service": service.pk}).content.decode()

    assert '<span class="optional tabular-nums">50–12,000</span>' in page
    assert 'min="50"' in page
    assert 'max="12000"' in page


def test_form_asks_for_its_charge_and_shows_it_where_nothing_must_be_counted(
    client: Client,
) -> None:
    default, package = make_service(price="0.90"), make_service(type="Package", price="2.50")

    counted = client.get(URL, {"service": default.pk}).content.decode()
    per_order = client.get(URL, {"service": package.pk}).content.decode()

    assert 'hx-post="/order/charge"' in counted
    assert "<dd data-charge>—</dd>" in counted
    assert "<dd data-charge>$2.50</dd>" in per_order
    assert "<dd data-balance-after>$7.50</dd>" in per_order


def test_ordering_charges_and_shows_the_order(client: Client, user: User) -> None:
    service = make_service(price="1.20")

    response = client.post(URL, filled_in(user, service), follow=True)

    order = Order.objects.get()
    assert response.redirect_chain == [(f"/orders/{order.pk}", 302)]
    assert f"Order {order.pk} placed for 1.20 USD." in response.content.decode()
    assert (order.user, order.charge, order.status) == (user, Decimal("1.2"), Status.WAITING)
    assert Account.objects.get(owner=user).balance == Decimal("8.8")


def test_same_form_sent_twice_is_one_order(client: Client, user: User) -> None:
    form = filled_in(user, make_service(price="1.20"))

    first = client.post(URL, form)
    second = client.post(URL, form)

    assert first["Location"] == second["Location"] == f"/orders/{Order.objects.get().pk}"
    assert Account.objects.get(owner=user).balance == Decimal("8.8")


def test_form_changed_after_it_ordered_asks_again_with_a_new_key(
    client: Client, user: User
) -> None:
    form = filled_in(user, make_service(price="1.20"))
    client.post(URL, form)

    response = client.post(URL, form | {"quantity": "2000", "is_overlap_accepted": "on"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "This form has already placed an order. Order again to place another one." in page
    assert form["idempotency_key"] not in page
    assert Order.objects.count() == 1


def test_review_shows_charge_and_balance_after_and_orders_nothing(
    client: Client, user: User
) -> None:
    response = client.post(URL, filled_in(user, make_service(price="1.20"), review="1"))

    page = response.content.decode()
    assert response.status_code == 200
    assert "<dd data-charge>$1.20</dd>" in page
    assert "<dd data-balance-after>$8.80</dd>" in page
    assert_nothing_ordered(user)


def test_review_of_bad_fields_names_them(client: Client, user: User) -> None:
    response = client.post(URL, filled_in(user, make_service(), quantity="9", review="1"))

    assert response.status_code == 422
    assert response.context["form"].errors == {"quantity": ["At least 10."]}


def test_names_and_descriptions_of_providers_are_shown_as_text(client: Client) -> None:
    service = make_service(
        name='<script>alert(1)</script>" onx="', category=make_category(name="<b>c</b>")
    )
    Service.objects.filter(pk=service.pk).update(
        upstream_description="<img src=x onerror=alert(1)>\nline"
    )

    page = client.get(URL, {"service": service.pk}).content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>c</b>" not in page
    assert 'onx="' not in page
    assert "&lt;img src=x onerror=alert(1)&gt;<br>line" in page


@pytest.mark.parametrize("services", [1, 3])
def test_page_asks_the_database_a_fixed_number_of_times(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, services: int
) -> None:
    made = [make_service() for _ in range(services)]

    with django_assert_num_queries(6):
        client.get(URL, {"service": made[0].pk})
