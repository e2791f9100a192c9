"""Programs that others wrote for any panel of this kind work against ours: nothing but address and
key is changed.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django.live_server_helper import LiveServer
from safesmm import SafeSMM, SafeSMMError
from smm import SMM, SMMAPIError

from accounts.api_keys import issue_key
from accounts.models import User
from billing.models import Account
from catalog.models import Service
from orders.aftercare.requests import request_refill
from orders.models import Cancellation, Order, Refill, Status
from tests.factories import NOW, make_category, make_order, make_service, make_user

pytestmark = pytest.mark.django_db(transaction=True)

LINK = "https://example.com/page"
COMMENTS = "nice\r\nvery nice\r\n\r\n"
ANYBODYS = "00000000000000000000000000000000"


@pytest.fixture
def user() -> User:
    return make_user(balance="100")


@pytest.fixture
def key(user: User) -> str:
    return issue_key(user=user, name="program", now=NOW)


@pytest.fixture
def babismm(live_server: LiveServer, key: str) -> Iterator[SMM]:
    with SMM(f"{live_server.url}/api/v2", key) as client:
        yield client


@pytest.fixture
def safesmm(live_server: LiveServer, key: str) -> SafeSMM:
    return SafeSMM(key, api_url=f"{live_server.url}/api/v2/")


def only_order(answer: object) -> Order:
    """The one order there is, which the answer must name as a number and with nothing beside it."""
    order = Order.objects.get()
    assert answer == {"order": order.pk}
    return order


def test_both_read_the_services(babismm: SMM, safesmm: SafeSMM) -> None:
    category = make_category(name="Instagram ✨")
    service = make_service(
        category=category, name="Followers & friends", cost="0.5", price="0.90", is_refill=True
    )
    row = {
        "service": service.pk,
        "name": "Followers & friends",
        "type": "Default",
        "category": "Instagram ✨",
        "rate": "0.90",
        "min": "10",
        "max": "10000",
        "refill": True,
        "cancel": False,
    }

    answers = [babismm.get_services(), safesmm.services()]

    assert answers == [[row], [row]]
    assert [list(each) for each in answers[0]] == [list(row)]


def test_both_read_the_balance(babismm: SMM, safesmm: SafeSMM) -> None:
    told = {"balance": "100.00000", "currency": "USD"}

    assert [babismm.get_balance(), safesmm.balance()] == [told, told]


def test_babismm_orders_a_default(babismm: SMM, user: User) -> None:
    service = make_service(price="0.90")

    order = only_order(babismm.add_order(service.pk, link=LINK, quantity=1000))

    assert (order.user, order.service, order.link, order.quantity) == (user, service, LINK, 1000)
    assert (order.charge, Account.objects.get(owner=user).balance) == (
        Decimal("0.9"),
        Decimal("99.1"),
    )


def test_safesmm_orders_a_default(safesmm: SafeSMM, user: User) -> None:
    service = make_service(price="0.90")

    order = only_order(safesmm.add_order(service.pk, LINK, 1000))

    assert (order.user, order.link, order.quantity, order.charge) == (
        user,
        LINK,
        1000,
        Decimal("0.9"),
    )


def test_both_order_a_drip_feed(babismm: SMM, safesmm: SafeSMM) -> None:
    service = make_service(price="1", is_dripfeed=True)

    babismm.add_order(service.pk, link=f"{LINK}/1", quantity=100, runs=5, interval=30)
    safesmm.add_order(service.pk, f"{LINK}/2", 100, runs=5, interval=30)

    rows = Order.objects.order_by("pk").values_list("billed_quantity", "fields")
    assert list(rows) == [(500, {"runs": "5", "interval": "30"})] * 2


def test_both_order_custom_comments(babismm: SMM, safesmm: SafeSMM) -> None:
    service = make_service(type="Custom Comments", price="10", min_quantity=1)

    babismm.add_order(service.pk, link=f"{LINK}/1", comments=COMMENTS)
    safesmm.add_order(service.pk, f"{LINK}/2", comments=COMMENTS)

    rows = Order.objects.order_by("pk").values_list("billed_quantity", "charge")
    assert list(rows) == [(2, Decimal("0.02"))] * 2


def test_both_order_a_package_without_a_quantity(babismm: SMM, safesmm: SafeSMM) -> None:
    service = make_service(type="Package", price="2.50", min_quantity=1, max_quantity=1)

    babismm.add_order(service.pk, link=f"{LINK}/1")
    safesmm.add_order(service.pk, f"{LINK}/2")

    rows = Order.objects.order_by("pk").values_list("quantity", "charge")
    assert list(rows) == [(None, Decimal("2.5"))] * 2


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Poll", {"answer_number": "7"}),
        ("Mentions User Followers", {"username": "https://example.com/somebody"}),
        ("SEO", {"keywords": "one\ntwo"}),
    ],
)
def test_both_pass_on_the_fields_of_other_types(
    babismm: SMM, safesmm: SafeSMM, kind: str, fields: dict[str, str]
) -> None:
    service = make_service(type=kind, price="1")

    babismm.add_order(service.pk, link=f"{LINK}/1", quantity=100, **fields)
    safesmm.add_order(service.pk, f"{LINK}/2", 100, **fields)

    assert [order.fields for order in Order.objects.order_by("pk")] == [fields, fields]


def test_both_follow_one_order_and_many(babismm: SMM, safesmm: SafeSMM, user: User) -> None:
    service = make_service(price="0.90")
    waiting = make_order(user=user, service=service)
    running = make_order(user=user, service=service, status=Status.RUNNING)
    Order.objects.filter(pk=running.pk).update(
        upstream_status="In progress", start_count=3572, remains=157
    )
    strangers = make_order(service=service)

    pending = {
        "charge": "0.90000",
        "start_count": "0",
        "status": "Pending",
        "remains": "1000",
        "currency": "USD",
    }
    moving = {**pending, "start_count": "3572", "status": "In progress", "remains": "157"}
    unknown = {"error": "Incorrect order ID"}
    many = {str(waiting.pk): pending, str(running.pk): moving, str(strangers.pk): unknown}
    for single, multi in [
        (babismm.get_status, babismm.get_multi_status),
        (safesmm.status, safesmm.multi_status),
    ]:
        assert single(running.pk) == moving
        assert multi([waiting.pk, running.pk, strangers.pk]) == many


def test_both_ask_for_refills(babismm: SMM, safesmm: SafeSMM, user: User) -> None:
    service = make_service(is_refill=True)
    orders = [make_order(user=user, service=service, status=Status.COMPLETED) for _ in range(3)]

    first = babismm.create_refill(orders[0].pk)
    second = safesmm.refill(orders[1].pk)
    third = babismm.create_multi_refill([orders[2].pk, orders[0].pk, "no"])

    refills = [str(number) for number in Refill.objects.order_by("pk").values_list("pk", flat=True)]
    assert [first, second] == [{"refill": refills[0]}, {"refill": refills[1]}]
    assert third[0] == {"order": orders[2].pk, "refill": int(refills[2])}
    assert set(third[1]["refill"]) == {"error"}
    assert third[2] == {"order": "no", "refill": {"error": "Incorrect order ID"}}


def test_babismm_follows_refills(babismm: SMM, user: User) -> None:
    order = make_order(user=user, service=make_service(is_refill=True), status=Status.COMPLETED)
    refill = request_refill(order=order, actor=user, now=NOW)

    one, many = (
        babismm.get_refill_status(refill.pk),
        babismm.get_multi_refill_status([refill.pk, 999]),
    )

    assert one == {"status": "Pending"}
    assert many == [
        {"refill": refill.pk, "status": "Pending"},
        {"refill": 999, "status": {"error": "Refill not found"}},
    ]


def test_both_cancel(babismm: SMM, safesmm: SafeSMM, user: User) -> None:
    service = make_service(is_cancel=True)
    first, second = (
        make_order(user=user, service=service, status=Status.RUNNING) for _ in range(2)
    )
    strangers = make_order(service=service, status=Status.RUNNING)

    answers = [babismm.cancel_orders([first.pk, strangers.pk]), safesmm.cancel(second.pk)]

    assert answers == [
        [
            {"order": first.pk, "cancel": 1},
            {"order": strangers.pk, "cancel": {"error": "Incorrect order ID"}},
        ],
        [{"order": second.pk, "cancel": 1}],
    ]
    assert list(Cancellation.objects.order_by("pk").values_list("order", flat=True)) == [
        first.pk,
        second.pk,
    ]


@pytest.mark.parametrize(
    ("quantity", "word"),
    [(9, "neworder.error.min_quantity"), (10_001, "neworder.error.max_quantity")],
)
def test_both_are_told_what_is_wrong_in_the_words_they_know(
    babismm: SMM, safesmm: SafeSMM, quantity: int, word: str
) -> None:
    service = make_service()

    with pytest.raises(SMMAPIError) as first:
        babismm.add_order(service.pk, link=LINK, quantity=quantity)
    with pytest.raises(SafeSMMError) as second:
        safesmm.add_order(service.pk, LINK, quantity)

    assert (str(first.value), str(second.value)) == (word, word)
    assert not Order.objects.exists()


def test_both_are_told_that_the_money_is_short(babismm: SMM, safesmm: SafeSMM, user: User) -> None:
    service = make_service(price="99999")

    with pytest.raises(SMMAPIError, match=r"^neworder\.error\.not_enough_funds$"):
        babismm.add_order(service.pk, link=LINK, quantity=10_000)
    with pytest.raises(SafeSMMError, match=r"^neworder\.error\.not_enough_funds$"):
        safesmm.add_order(service.pk, LINK, 10_000)

    assert Account.objects.get(owner=user).balance == 100


def test_wrong_key_is_an_error_that_both_understand(live_server: LiveServer) -> None:
    with (
        SMM(f"{live_server.url}/api/v2", ANYBODYS) as client,
        pytest.raises(SMMAPIError, match="Invalid API key"),
    ):
        client.get_balance()
    with pytest.raises(SafeSMMError, match="Invalid API key"):
        SafeSMM(ANYBODYS, api_url=f"{live_server.url}/api/v2").balance()


def test_every_refusal_is_an_answer_and_no_network_error(babismm: SMM) -> None:
    for ask in (babismm.get_status, babismm.create_refill):
        with pytest.raises(SMMAPIError, match=r"^Incorrect order ID$"):
            ask("no number")
    with pytest.raises(SMMAPIError, match=r"^Refill not found$"):
        babismm.get_refill_status("no number")


def test_service_that_nobody_sells_cannot_be_ordered(babismm: SMM) -> None:
    service = make_service()
    Service.objects.update(is_hidden=True)

    with pytest.raises(SMMAPIError, match="Incorrect service ID"):
        babismm.add_order(service.pk, link=LINK, quantity=100)
