"""The documented API, byte for byte."""

from decimal import Decimal

from tests.double.handle import ProviderDouble
from tests.test_double.conftest import Ask

SERVICE = {"service": 1, "name": "Followers", "rate": "0.90", "min": 50, "max": 10000}
LINK = "https://example.com/p/1"


def test_services_come_with_the_documented_keys_in_their_order(
    provider: ProviderDouble, ask: Ask
) -> None:
    provider.set_services([SERVICE])

    reply = ask("services")

    assert reply.headers["Content-Type"] == "application/json"
    assert reply.content.startswith(
        b'[{"service":1,"name":"Followers","type":"Default","category":"First Category",'
        b'"rate":"0.90","min":"50","max":"10000","refill":true,"cancel":true,'
    )
    assert list(reply.json()[0])[9:] == ["dripfeed", "average_time", "description"]


def test_add_answers_the_number_alone_and_takes_the_charge(
    provider: ProviderDouble, ask: Ask
) -> None:
    provider.set_services([SERVICE])

    reply = ask("add", service=1, link=LINK, quantity=101)

    assert reply.content == b'{"order":23501}'
    (placed,) = provider.placed()
    assert (placed.order, placed.service, placed.link, placed.quantity) == (23501, 1, LINK, 101)
    assert placed.fields == {"link": LINK, "quantity": "101"}
    assert placed.charge == Decimal("0.09090")
    assert ask("balance").content == b'{"balance":"9999.9091","currency":"USD"}'


def test_status_of_one_has_five_text_fields(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=1000)
    provider.set_order(23501, status="Partial", remains=157, start_count=3572, charge="0.7587")

    assert ask("status", order=23501).content == (
        b'{"charge":"0.7587","start_count":"3572","status":"Partial","remains":"157","currency":"USD"}'
    )


def test_status_of_many_is_keyed_by_the_ids_as_sent(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=1000)

    row = (
        b'{"charge":"0.90","start_count":"0","status":"Pending","remains":"1000","currency":"USD"}'
    )
    error = b'{"error":"Incorrect order ID"}'
    assert (
        ask("status", orders="23501,10,x").content
        == b'{"23501":' + row + b',"10":' + error + b',"x":' + error + b"}"
    )
    assert ask("status", order=10).content == error


def test_refill_and_its_status_in_both_forms(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    for _ in range(2):
        ask("add", service=1, link=LINK, quantity=1000)
    provider.advance(3600)

    assert ask("refill", order=23501).content == b'{"refill":"1"}'
    assert ask("refill", orders="23502,3").content == (
        b'[{"order":23502,"refill":2},{"order":3,"refill":{"error":"Incorrect order ID"}}]'
    )
    assert ask("refill", order=23501).content == b'{"error":"The order is already being refilled"}'
    assert ask("refill_status", refill=1).content == b'{"status":"Pending"}'
    provider.advance(3600)
    assert ask("refill_status", refills="1,7").content == (
        b'[{"refill":1,"status":"Completed"},{"refill":7,"status":{"error":"Refill not found"}}]'
    )
    assert [(refill.refill, refill.order) for refill in provider.journal().refills] == [
        (1, 23501),
        (2, 23502),
    ]


def test_cancel_is_a_request_that_ends_the_order_later(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", service=1, link=LINK, quantity=1000)

    assert ask("cancel", orders="9,23501").content == (
        b'[{"order":9,"cancel":{"error":"Incorrect order ID"}},{"order":23501,"cancel":1}]'
    )

    assert provider.order(23501).status == "Pending"
    provider.advance(60)
    assert provider.order(23501).status in ("Canceled", "Partial")
    assert [cancel.order for cancel in provider.journal().cancels] == [23501]
