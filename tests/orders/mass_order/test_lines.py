"""The lines of a mass order: how they are read, and what is wrong with them."""

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Service
from orders.mass_order.lines import Verdict
from orders.models import Order, Status
from tests.factories import make_order, make_service, make_user, signed_in
from tests.orders.mass_order.form import URL, check, notes, verdicts

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


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
    assert found.lines[2].note == "Same service and link as line 1."
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
        "hello": "Begin the line with a service ID.",
        "| @a | 100": "Begin the line with a service ID.",
        "999999999 | @a | 100": "Service 999999999 is not on sale.",
        "9999999999999999999999 | @a | 100": "Begin the line with a service ID.",
        f"{hidden.pk} | @a | 100": f"Service {hidden.pk} is not on sale.",
        f"{lossy.pk} | @a | 100": "This service is being repriced. Please try again later.",
        f"{service.pk} | @a | 99": "Quantity: At least 100.",
        f"{service.pk} | @a | 1.000": "Quantity: Enter a whole number, digits only.",
        f"{service.pk} | javascript:alert(1) | 100": "Link: Enter the address of a page or profile.",
        f"{service.pk} | @a | 100 | 2 | 30": "Interval: This service has no drip-feed. Leave this empty.",
        f"{poll.pk} | @a | 100": "Answer number: Fill this in.",
        f"{poll.pk} | @a | 100 | 1 | more": "Too many parts: 5 instead of 4.",
    }

    found = notes(client, "\n".join(lines))

    pairs = list(zip(lines.values(), found, strict=True))
    assert [pair for pair in pairs if not pair[1].startswith(pair[0])] == []
    assert found[-1].endswith("Expected: service_id | link | quantity | answer_number")


def test_fields_of_each_type_go_where_they_belong(client: Client) -> None:
    comments = make_service(type="Custom Comments", min_quantity=1)
    poll, traffic = make_service(type="Poll"), make_service(type="Web Traffic", is_dripfeed=True)
    lines = [
        rf"{comments.pk} | @a | nice\nso | so\n ok \\n\r\nyes",
        f"{poll.pk} | @b | 100 | 3",
        f"{traffic.pk} | example.com | 100 | US | 1 | 2 | | https://example.com/from | 2 | 60",
    ]

    client.post(URL, check(client, "\n".join(lines)) | {"order": "ready"})

    first, second, third = Order.objects.order_by("pk")
    assert (first.fields, first.billed_quantity) == ({"comments": "nice\nso | so\nok \\n\nyes"}, 4)
    assert second.fields == {"answer_number": "3"}
    assert (third.billed_quantity, third.fields["referring_url"], third.fields["interval"]) == (
        200,
        "https://example.com/from",
        "60",
    )


def test_a_subscription_needs_the_money_for_a_post_and_is_charged_nothing_yet(
    client: Client, user: User
) -> None:
    service = make_service(type="Subscriptions", price="5", min_quantity=10, max_quantity=500)
    over = f"{service.pk} | ben | 50 | 100 | 0 | | | 01/01/2020"
    text = f"{service.pk} | ann | 50 | 100 | 0\n{service.pk} | bob | 50 | 100 | 0 | 3\n{over}"
    form = check(client, text)

    found = client.post(URL, {"text": text}).context["check"]

    assert [(str(line.verdict), line.charge, line.needed) for line in found.lines[:2]] == [
        ("Ready", 0, 5)
    ] * 2
    assert found.lines[2].note == "Expiry: This date is in the past."
    assert verdicts(client, form, order="ready") == ["Ordered", "Ordered", "Wrong"]
    assert [order.fields["username"] for order in Order.objects.order_by("pk")] == ["ann", "bob"]


def test_subscriptions_are_covered_together(client: Client) -> None:
    service = make_service(type="Subscriptions", price="4", min_quantity=10, max_quantity=500)
    text = "\n".join(f"{service.pk} | {name} | 50 | 100 | 0" for name in ("ann", "bob", "cat"))
    form = check(client, text)

    found = client.post(URL, {"text": text}).context["check"]

    assert [str(line.verdict) for line in found.lines] == ["Ready", "Ready", str(Verdict.SHORT)]
    assert found.lines[2].note == "Needs 12.00; 10.00 would be left."
    assert verdicts(client, form, order="ready") == ["Ordered", "Ordered", str(Verdict.SHORT)]


def test_columns_of_a_spreadsheet_need_no_bars(client: Client) -> None:
    service = make_service()

    line = client.post(URL, {"text": f"\ufeff{service.pk}\t@a\t1000"}).context["check"].lines[0]

    assert (str(line.verdict), line.values) == ("Ready", {"link": "@a", "quantity": "1000"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This field is required."),
        (" \r\n \n", "Enter one order per line."),
        ("1|a|1\n" * 501, "You can submit up to 500 lines (you have 501)."),
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
    assert "Remove line breaks and invisible control characters." in page
