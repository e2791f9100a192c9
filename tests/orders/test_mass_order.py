"""The page of a mass order: lines are checked first, then ordered, each exactly once."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import Account, Transfer, TransferKind
from catalog.models import Service
from orders.models import Order, Status
from tests.factories import fund, make_order, make_service, make_user, signed_in

pytestmark = pytest.mark.django_db

URL = "/orders/mass"


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def offer_in(page: str) -> str:
    found = re.search(r'name="offer" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def check(client: Client, text: str) -> dict[str, str]:
    """The form as the page that checked the lines holds it."""
    return {"text": text, "offer": offer_in(client.post(URL, {"text": text}).content.decode())}


def verdicts(client: Client, form: dict[str, str], **more: str) -> list[str]:
    response = client.post(URL, form | more)
    return [str(line.verdict) for line in response.context["check"].lines]


def notes(client: Client, text: str) -> list[str]:
    return [line.note for line in client.post(URL, {"text": text}).context["check"].lines]


def balance_of(user: User) -> Decimal:
    return Account.objects.get(owner=user).balance


def test_stranger_is_sent_to_log_in() -> None:
    response = Client().post(URL, {"text": "1|a|1"})

    assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={URL}")


def test_wrong_verb_is_refused(client: Client) -> None:
    assert client.put(URL).status_code == 405


def test_page_tells_how_a_line_of_each_type_is_written(client: Client) -> None:
    page = client.get(URL).content.decode()

    assert "service_id | link | quantity | [runs] | [interval]" in page
    assert "service_id | link | quantity | answer_number" in page
    assert "1 Desktop, 2 Mobile (Android)" in page


def test_check_prices_every_line_and_orders_nothing(client: Client, user: User) -> None:
    service, parcel = make_service(price="1.20"), make_service(type="Package", price="2.50")

    response = client.post(URL, {"text": f"{service.pk}|@a|1000\n\n {service.pk}\t|  @b | 500 \n{parcel.pk}|@c"})

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

    assert [line.order for line in first.context["check"].lines] == list(Order.objects.order_by("pk"))
    assert [line.order for line in second.context["check"].lines] == list(Order.objects.order_by("pk"))
    assert Order.objects.count() == 2
    assert balance_of(user) == Decimal("7.6")


def test_same_form_gives_the_same_orders_when_money_and_service_are_gone(client: Client, user: User) -> None:
    service = make_service(price="10")
    form = check(client, f"{service.pk}|@a|1000") | {"order": "ready"}
    client.post(URL, form)
    Service.objects.update(is_hidden=True, price="20")

    assert verdicts(client, form) == ["Ordered"]
    assert Order.objects.count() == 1


def test_lines_changed_after_the_check_are_shown_again_before_they_are_ordered(client: Client) -> None:
    service = make_service()
    form = check(client, f"{service.pk}|@a|1000")

    response = client.post(URL, form | {"order": "ready", "text": f"{service.pk}|@a|2000"})

    assert response.status_code == 422
    assert "Nothing was ordered: look at them and order again." in response.content.decode()
    assert not Order.objects.exists()


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
    client.post(URL, {"text": form["text"], "offer": offer_in(response.content.decode()), "order": "ready"})
    assert balance_of(user) == Decimal("8.9")


def test_balance_that_ends_in_the_middle_orders_what_fits_and_gives_the_rest_back(client: Client, user: User) -> None:
    service = make_service(price="4")
    lines = [f"{service.pk}|@a|1000", f"{service.pk}|@b|2000", f"{service.pk}|@c|1500", f"{service.pk}|@d|100"]
    form = check(client, "\n".join(lines))

    response = client.post(URL, form | {"order": "ready"})

    assert [str(line.verdict) for line in response.context["check"].lines] == [
        "Ordered",
        "No balance",
        "Ordered",
        "No balance",
    ]
    page = unescape(response.content.decode())
    assert "8.00 is needed, 6.00 would be left." in page
    assert "<textarea" in page
    assert f"\n{lines[1]}\n{lines[3]}</textarea>" in page
    assert balance_of(user) == 0
    assert Transfer.objects.filter(kind=TransferKind.CHARGE).count() == 2


def test_balance_that_went_elsewhere_after_the_check_is_told_line_by_line(client: Client, user: User) -> None:
    service = make_service(price="4")
    form = check(client, f"{service.pk}|@a|1000\n{service.pk}|@b|1000")
    make_order(user=user, service=service, quantity=1500)

    assert verdicts(client, form, order="ready") == ["Ordered", "No balance"]
    assert balance_of(user) == 0


def test_repeats_are_ordered_only_when_the_customer_says_so(client: Client, user: User) -> None:
    service, other = make_service(price="1"), make_service(price="1")
    running = make_order(user=user, service=service, link="https://example.com/x/")
    lines = [
        f"{service.pk}|@a|1000",
        f"{other.pk}|@a|1000",
        f"{service.pk}|@a/|500",
        f"{other.pk}|https://example.com/x|100",
    ]
    form = check(client, "\n".join(lines))

    found = client.post(URL, {"text": form["text"]}).context["check"]
    ready = verdicts(client, form, order="ready")

    assert [str(line.verdict) for line in found.lines] == ["Ready", "Ready", "Repeat", "Repeat"]
    assert found.lines[2].note == "Line 1 orders the same for this link."
    assert found.lines[3].order == running
    assert ready == ["Ordered", "Ordered", "Repeat", "Repeat"]
    assert verdicts(client, form, order="all") == ["Ordered"] * 4
    assert Order.objects.count() == 5


def test_link_of_an_ended_or_a_strangers_order_is_no_repeat(client: Client, user: User) -> None:
    service = make_service()
    make_order(user=user, service=service, link="@a", status=Status.COMPLETED)
    make_order(service=service, link="@a")

    assert verdicts(client, {"text": f"{service.pk}|@a|1000"}) == ["Ready"]


def test_every_wrong_line_says_what_is_wrong(client: Client) -> None:
    service, poll = make_service(min_quantity=100), make_service(type="Poll")
    hidden, lossy = make_service(), make_service(cost="2", price="1")
    Service.objects.filter(pk=hidden.pk).update(is_hidden=True)
    lines = {
        "hello": "Begin the line with the number of a service.",
        "| @a | 100": "Begin the line with the number of a service.",
        "999999999 | @a | 100": "Service 999999999 is not on sale.",
        "9999999999999999999999 | @a | 100": "Begin the line with the number of a service.",
        f"{hidden.pk} | @a | 100": f"Service {hidden.pk} is not on sale.",
        f"{lossy.pk} | @a | 100": "This service is being repriced. Please try again later.",
        f"{service.pk} | @a | 99": "Quantity: At least 100.",
        f"{service.pk} | @a | 1,000": "Quantity: Enter a whole number, digits only.",
        f"{service.pk} | javascript:alert(1) | 100": "Link: Enter the address of a page or profile.",
        f"{service.pk} | @a | 100 | 2 | 30": "Interval: This service has no drip-feed: leave this empty.",
        f"{poll.pk} | @a | 100": "Answer number: Fill this in.",
        f"{poll.pk} | @a | 100 | 1 | more": "There are 5 parts instead of 4.",
    }

    found = notes(client, "\n".join(lines))

    pairs = list(zip(lines.values(), found, strict=True))
    assert [pair for pair in pairs if not pair[1].startswith(pair[0])] == []
    assert found[-1].endswith("A line of this service: service_id | link | quantity | answer_number")


def test_fields_of_each_type_go_where_they_belong(client: Client) -> None:
    comments = make_service(type="Custom Comments", min_quantity=1)
    poll, traffic = make_service(type="Poll"), make_service(type="Web Traffic", is_dripfeed=True)
    lines = [
        rf"{comments.pk} | @a | nice\nso | so\n ok ",
        f"{poll.pk} | @b | 100 | 3",
        f"{traffic.pk} | example.com | 100 | US | 1 | 2 | | https://example.com/from | 2 | 60",
    ]

    client.post(URL, check(client, "\n".join(lines)) | {"order": "ready"})

    first, second, third = Order.objects.order_by("pk")
    assert (first.fields, first.billed_quantity) == ({"comments": "nice\nso | so\nok"}, 3)
    assert second.fields == {"answer_number": "3"}
    assert (third.billed_quantity, third.fields["referring_url"], third.fields["interval"]) == (
        200,
        "https://example.com/from",
        "60",
    )


def test_columns_of_a_spreadsheet_need_no_bars(client: Client) -> None:
    service = make_service()

    line = client.post(URL, {"text": f"\ufeff{service.pk}\t@a\t1000"}).context["check"].lines[0]

    assert (str(line.verdict), line.values) == ("Ready", {"link": "@a", "quantity": "1000"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This field is required."),
        (" \r\n \n", "Write one order a line."),
        ("1|a|1\n" * 501, "At most 500 lines at once; these are 501."),
        ("x" * 65537, "Ensure this value has at most 65536 characters (it has 65537)."),
        ("1|a\x00|1", "Null characters are not allowed."),
    ],
)
def test_text_that_cannot_be_read_is_refused(client: Client, text: str, message: str) -> None:
    response = client.post(URL, {"text": text})

    assert response.status_code == 422
    assert response.context["form"].errors["text"] == [message]


def test_hostile_lines_are_text_on_the_page(client: Client) -> None:
    service = make_service(name="<b>Likes</b>")
    links = ['"><script>alert(1)</script>', "a\u2028b", "{{ 1 }}"]
    text = "\n".join(["</textarea><script>|1|2", *(f"{service.pk}|{link}|1000" for link in links)])

    page = client.post(URL, {"text": text}).content.decode()

    assert "<script>alert" not in page
    assert "</textarea><script>" not in page
    assert "<b>Likes" not in page
    assert "Take out the line breaks and invisible control characters." in page


def test_script_gets_the_check_alone(client: Client) -> None:
    service = make_service()

    page = client.post(URL, {"text": f"{service.pk}|@a|1000"}, headers={"HX-Request": "true"}).content.decode()
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
