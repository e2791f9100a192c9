"""The page of a mass order: lines are checked first, then ordered, each exactly once."""

from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import Account, Transfer, TransferKind
from catalog.models import Service
from orders.models import Order
from tests.factories import fund, make_order, make_service, make_user, signed_in
from tests.orders.mass_order.form import URL, check, offer_in, verdicts

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def balance_of(user: User) -> Decimal:
    return Account.objects.get(owner=user).balance


def test_wrong_verb_is_refused(client: Client) -> None:
    assert client.put(URL).status_code == 405


def test_page_tells_how_a_line_of_each_type_is_written(client: Client) -> None:
    page = client.get(URL).content.decode()

    assert "service_id | link | quantity | [runs] | [interval]" in page
    assert "service_id | link | quantity | answer_number" in page
    assert "1 Desktop, 2 Mobile (Android)" in page


def test_check_prices_every_line_and_orders_nothing(client: Client, user: User) -> None:
    service, parcel = make_service(price="1.20"), make_service(type="Package", price="2.50")

    response = client.post(
        URL, {"text": f"{service.pk}|@a|1000\n\n {service.pk}\t|  @b | 500 \n{parcel.pk}|@c"}
    )

    found = response.context["check"]
    assert response.status_code == 200
    assert [(line.line.number, line.link, line.units, line.charge) for line in found.lines] == [
        (1, "@a", 1000, Decimal("1.2")),
        (3, "@b", 500, Decimal("0.6")),
        (4, "@c", 1, Decimal("2.5")),
    ]
    assert (found.charge, found.balance_after) == (Decimal("4.3"), Decimal("5.7"))
    page = response.content.decode()
    assert "3 of 3 lines ready" in page
    assert "Order 3 lines" in page
    assert not Order.objects.exists()
    assert balance_of(user) == 10


def test_ordering_places_and_charges_every_line_and_links_to_it(client: Client, user: User) -> None:
    service = make_service(price="1.20")
    form = check(client, f"{service.pk} | @a | 1000\n{service.pk} | @b | 2000")

    page = client.post(URL, form | {"order": "ready"}).content.decode()

    first, second = Order.objects.order_by("pk")
    assert [(first.link, first.charge), (second.link, second.charge)] == [
        ("@a", Decimal("1.2")),
        ("@b", Decimal("2.4")),
    ]
    assert f'href="/orders/{first.pk}"' in page
    assert f'href="/orders/{second.pk}"' in page
    assert "2 of 2 lines ordered" in page
    assert "<textarea" not in page
    assert balance_of(user) == Decimal("6.4")


def test_same_form_sent_twice_is_the_same_orders(client: Client, user: User) -> None:
    service = make_service(price="1.20")
    form = check(client, f"{service.pk}|@a|1000\n{service.pk}|@b|1000") | {"order": "ready"}

    first, second = client.post(URL, form), client.post(URL, form)

    assert [line.order for line in first.context["check"].lines] == list(
        Order.objects.order_by("pk")
    )
    assert [line.order for line in second.context["check"].lines] == list(
        Order.objects.order_by("pk")
    )
    assert Order.objects.count() == 2
    assert balance_of(user) == Decimal("7.6")


def test_same_form_gives_the_same_orders_when_money_and_service_are_gone(
    client: Client, user: User
) -> None:
    service = make_service(price="10")
    form = check(client, f"{service.pk}|@a|1000") | {"order": "ready"}
    client.post(URL, form)
    Service.objects.update(is_hidden=True, price="20")

    assert verdicts(client, form) == ["Ordered"]
    assert Order.objects.count() == 1


def test_lines_changed_after_the_check_are_shown_again_before_they_are_ordered(
    client: Client,
) -> None:
    service = make_service()
    form = check(client, f"{service.pk}|@a|1000")

    response = client.post(URL, form | {"order": "ready", "text": f"{service.pk}|@a|2000"})

    assert response.status_code == 422
    assert "Nothing was ordered. Please check and order again." in response.content.decode()
    assert not Order.objects.exists()


def test_lines_moved_after_they_were_ordered_are_not_ordered_again(client: Client) -> None:
    service = make_service()
    form = check(client, f"{service.pk}|@a|100\n{service.pk}|@b|100") | {"order": "ready"}
    client.post(URL, form)

    moved = client.post(URL, form | {"text": "\n" + form["text"]})
    same = client.post(URL, form | {"text": form["text"].replace("\n", "\r\n") + "\r\n"})

    assert [str(line.verdict) for line in moved.context["check"].lines] == ["Repeat", "Repeat"]
    assert [str(line.verdict) for line in same.context["check"].lines] == ["Ordered", "Ordered"]
    assert Order.objects.count() == 2


@pytest.mark.parametrize("offer", ["", "nonsense", "a:b:c"])
def test_damaged_offer_orders_nothing(client: Client, offer: str) -> None:
    service = make_service()

    response = client.post(URL, {"text": f"{service.pk}|@a|1000", "offer": offer, "order": "ready"})

    assert response.status_code == 422
    assert not Order.objects.exists()


def test_offer_of_somebody_else_orders_nothing(client: Client) -> None:
    service = make_service()
    form = check(signed_in(make_user(balance="10")), f"{service.pk}|@a|1000")

    assert client.post(URL, form | {"order": "ready"}).status_code == 422
    assert not Order.objects.exists()


def test_risen_price_asks_again_and_a_fallen_one_charges_less(client: Client, user: User) -> None:
    service = make_service(price="1.20")
    form = check(client, f"{service.pk}|@a|1000")
    Service.objects.update(price="1.30")

    response = client.post(URL, form | {"order": "ready"})

    message = f"The price of service {service.pk} rose from 1.20 to 1.30 USD per 1000."
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Order.objects.exists()
    Service.objects.update(price="1.10")
    client.post(
        URL, {"text": form["text"], "offer": offer_in(response.content.decode()), "order": "ready"}
    )
    assert balance_of(user) == Decimal("8.9")


def test_balance_that_ends_in_the_middle_orders_what_fits_and_gives_the_rest_back(
    client: Client, user: User
) -> None:
    service = make_service(price="4")
    lines = [
        f"{service.pk}|@a|1000",
        f"{service.pk}|@b|2000",
        f"{service.pk}|@c|1500",
        f"{service.pk}|@d|100",
    ]
    form = check(client, "\n".join(lines))

    response = client.post(URL, form | {"order": "ready"})

    assert [str(line.verdict) for line in response.context["check"].lines] == [
        "Ordered",
        "No balance",
        "Ordered",
        "No balance",
    ]
    page = unescape(response.content.decode())
    assert "Needs 8.00; 6.00 would be left." in page
    assert "<textarea" in page
    assert f"\n{lines[1]}\n{lines[3]}</textarea>" in page
    assert balance_of(user) == 0
    assert Transfer.objects.filter(kind=TransferKind.CHARGE).count() == 2


def test_balance_that_went_elsewhere_after_the_check_is_told_line_by_line(
    client: Client, user: User
) -> None:
    service = make_service(price="4")
    form = check(client, f"{service.pk}|@a|1000\n{service.pk}|@b|1000")
    make_order(user=user, service=service, quantity=1500)

    assert verdicts(client, form, order="ready") == ["Ordered", "No balance"]
    assert balance_of(user) == 0


def test_script_gets_the_check_alone(client: Client) -> None:
    service = make_service()

    page = client.post(
        URL, {"text": f"{service.pk}|@a|1000"}, headers={"HX-Request": "true"}
    ).content.decode()
    refused = client.post(URL, {"text": ""}, headers={"HX-Request": "true"})

    assert "<html" not in page
    assert "<textarea" not in page
    assert '<div class="stack" id="mass-check">' in page
    assert refused.status_code == 422
    assert "This field is required." in refused.content.decode()


@pytest.mark.parametrize("lines", [1, 3])
def test_a_check_asks_the_database_as_often_for_many_lines(
    client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries, lines: int
) -> None:
    fund(user=user, amount="10")
    services = [make_service() for _ in range(lines)]
    text = "\n".join(f"{service.pk}|@{service.pk}|1000" for service in services)

    with django_assert_num_queries(8):
        client.post(URL, {"text": text})
