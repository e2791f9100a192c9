"""Every dialect says the same in other words."""

import pytest

from tests.double.handle import ControlError, ProviderDouble
from tests.test_double.conftest import Ask

SERVICE = {
    "service": 1,
    "name": "Likes",
    "rate": "1234.50",
    "min": 50,
    "max": 10000,
    "type": "Custom Comments",
}
PLAIN = {"service": 1, "name": "Likes", "rate": "0.90", "min": 50, "max": 10000}
ROW = {
    "charge": "0.90",
    "start_count": "0",
    "status": "Pending",
    "remains": "1000",
    "currency": "USD",
}
INCORRECT = {"error": "Incorrect order ID"}
NINE = ["service", "name", "type", "category", "rate", "min", "max", "refill", "cancel"]


def place(ask: Ask, *, times: int = 1) -> None:
    for _ in range(times):
        ask("add", service=1, link="https://example.com/p/1", quantity=1000)


def test_a_bom_and_a_php_warning_come_before_the_json(provider: ProviderDouble, ask: Ask) -> None:
    provider.dialect(bom=True, php_warning=True, content_type="text/html; charset=UTF-8")

    reply = ask("balance")

    assert reply.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert reply.content.startswith(
        b"\xef\xbb\xbf<br />\n<b>Warning</b>:  Undefined variable $order in "
    )
    assert reply.content.endswith(b'<br />\n{"balance":"10000.00","currency":"USD"}')


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("documented", b'{"error":"Incorrect order ID"}'),
        ("status_code", b'{"error":"Incorrect order ID","status":"102"}'),
        ("status_msg", b'{"status":"error","msg":"Incorrect order ID"}'),
        ("status_message", b'{"status":"error","message":"Incorrect order ID"}'),
        ("success_false", b'{"success":false,"error":"Incorrect order ID"}'),
        ("errors", b'{"errors":{"link":["Incorrect order ID"]}}'),
        (
            "detail",
            b'{"detail":[{"loc":["body","link"],"msg":"Incorrect order ID","type":"value_error"}]}',
        ),
    ],
)
def test_error_shapes(provider: ProviderDouble, ask: Ask, shape: str, body: bytes) -> None:
    provider.dialect(error_shape=shape)

    assert ask("status", order=7).content == body


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_errors_may_come_with_a_status_code(
    provider: ProviderDouble, ask: Ask, status: int
) -> None:
    provider.dialect(error_status=status)

    assert (ask("status", order=7).status_code, ask("balance").status_code) == (status, 200)


def test_errors_may_be_keys(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    provider.dialect(error_words="keys")
    provider.set_balance("0.5")

    errors = [
        ask("add", service=1, link="x", quantity=quantity).json()["error"]
        for quantity in (49, 10001, 1000)
    ]

    assert errors == [
        "neworder.error.min_quantity",
        "neworder.error.max_quantity",
        "neworder.error.not_enough_funds",
    ]


@pytest.mark.parametrize(
    ("parts", "seen"),
    [
        ({"ids": "text"}, {"service": "1"}),
        ({"booleans": "number"}, {"refill": 1, "cancel": 0}),
        ({"booleans": "digit_text"}, {"refill": "1", "cancel": "0"}),
        ({"booleans": "word_text"}, {"refill": "true", "cancel": "false"}),
        ({"booleans": "yes_no"}, {"refill": "yes", "cancel": "no"}),
        ({"booleans": "null"}, {"refill": True, "cancel": None}),
        ({"null_category": True}, {"category": None}),
        ({"types": "lower"}, {"type": "custom comments"}),
        ({"types": "upper"}, {"type": "CUSTOM COMMENTS"}),
        ({"types": "underscore"}, {"type": "custom_comments"}),
        ({"rates": "number"}, {"rate": 1234.5}),
        ({"rates": "eight"}, {"rate": "1234.50000000"}),
        ({"rates": "thousands"}, {"rate": "1,234.50"}),
        ({"limits": "number"}, {"min": 50, "max": 10000}),
        ({"description_key": "desc"}, {"desc": ""}),
    ],
)
def test_service_fields(
    provider: ProviderDouble, ask: Ask, parts: dict[str, object], seen: dict[str, object]
) -> None:
    provider.set_services([{**SERVICE, "cancel": False}])
    provider.dialect(**parts)

    (row,) = ask("services").json()

    assert {name: row[name] for name in seen} == seen


def test_false_flags_may_be_absent(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([{**SERVICE, "cancel": False}])
    provider.dialect(booleans="absent", plain_services=True)

    assert list(ask("services").json()[0]) == NINE[:-1]


def test_services_may_be_wrapped_plain_broken_or_doubled(
    provider: ProviderDouble, ask: Ask
) -> None:
    provider.set_services([SERVICE])
    for wrap in ("data", "services"):
        provider.dialect(wrap=wrap)
        assert list(ask("services").json()) == [wrap]

    provider.dialect(wrap="none", plain_services=True, duplicate_ids=True, broken_rows=True)

    rows = ask("services").json()
    assert list(rows[0]) == NINE
    assert (rows[1]["service"], rows[1]["rate"]) == (1, "77.70")
    assert [row["rate"] for row in rows[2:9]] == [
        "NaN",
        "-0.50",
        "",
        None,
        "free",
        "Infinity",
        "1e999",
    ]
    assert rows[-3:] == ["not a row", None, {"name": "No id"}]


def test_empty_catalogs(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([])
    assert ask("services").content == b"[]"

    provider.dialect(empty="status_data")

    assert ask("services").content == b'{"status":"success","data":"Empty Data"}'


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("lower", ["pending", "in progress", "completed", "partial", "canceled"]),
        ("upper", ["PENDING", "IN PROGRESS", "COMPLETED", "PARTIAL", "CANCELED"]),
        ("compact", ["Pending", "Inprogress", "Complete", "Partial", "Canceled"]),
        ("underscore", ["pending", "in_progress", "completed", "partial", "canceled"]),
        ("hyphen", ["pending", "in-progress", "completed", "partial", "canceled"]),
        ("british", ["Pending", "In progress", "Completed", "Partial", "Cancelled"]),
        ("refunded", ["Pending", "In progress", "Completed", "Partially refunded", "Refunded"]),
        ("queued", ["Awaiting", "In progress", "Completed", "Partial", "Canceled"]),
        ("failed", ["Pending", "In progress", "Completed", "Partial", "Fail"]),
    ],
)
def test_status_words(provider: ProviderDouble, ask: Ask, words: str, seen: list[str]) -> None:
    provider.set_services([PLAIN])
    place(ask, times=5)
    for number, status in enumerate(
        ("Pending", "In progress", "Completed", "Partial", "Canceled"), start=23501
    ):
        provider.set_order(number, status=status)
    provider.dialect(words=words)

    rows = ask("status", orders="23501,23502,23503,23504,23505").json()

    assert [row["status"] for row in rows.values()] == seen


@pytest.mark.parametrize(
    ("parts", "orders", "seen"),
    [
        ({"status_shape": "list"}, "23501,7", [{"order": 23501, **ROW}, {"order": 7, **INCORRECT}]),
        ({"status_shape": "list", "ids": "text"}, "23501", [{"order": "23501", **ROW}]),
        ({"status_shape": "flat"}, "23501", ROW),
        ({"status_shape": "flat"}, "23501,23502", {"23501": ROW, "23502": ROW}),
        ({"bare_errors": True}, "23501,7", {"23501": ROW, "7": "Incorrect order ID"}),
        ({"unknown_left_out": True}, "23501,7", {"23501": ROW}),
        ({"unknown_left_out": True}, "7", {}),
        ({"unknown_left_out": True, "empty_object": "list"}, "7", []),
        ({"start_counts": "null"}, "23501", {"23501": {**ROW, "start_count": None}}),
        ({"start_counts": "empty"}, "23501", {"23501": {**ROW, "start_count": ""}}),
        ({"start_counts": "number"}, "23501", {"23501": {**ROW, "start_count": 0}}),
        ({"remains": "number"}, "23501", {"23501": {**ROW, "remains": 1000}}),
        ({"charges": "number"}, "23501", {"23501": {**ROW, "charge": 0.9}}),
        ({"charges": "null"}, "23501", {"23501": {**ROW, "charge": None}}),
    ],
)
def test_status_shapes(
    provider: ProviderDouble, ask: Ask, parts: dict[str, object], orders: str, seen: object
) -> None:
    provider.set_services([PLAIN])
    place(ask, times=2)
    provider.dialect(**parts)

    assert ask("status", orders=orders).json() == seen


def test_status_keys_may_be_sorted_anew(provider: ProviderDouble, ask: Ask) -> None:
    provider.dialect(resorted=True)

    assert list(ask("status", orders="30,9,200").json()) == ["9", "30", "200"]


def test_start_count_and_charge_may_be_absent(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.dialect(start_counts="absent", charges="absent")

    assert list(ask("status", order=23501).json()) == ["status", "remains", "currency"]


def test_refill_may_know_only_the_single_form(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask, times=2)
    provider.advance(3600)
    provider.dialect(refill_shape="single")

    assert ask("refill", orders="23501,23502").content == b'{"refill":"1"}'

    assert [refill.order for refill in provider.journal().refills] == [23501]


def test_only_the_single_forms_may_be_known(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask, times=2)
    provider.dialect(multi_unknown=True)
    many = {
        "status": {"orders": "23501,23502"},
        "refill": {"orders": "23501"},
        "refill_status": {"refills": "1"},
    }

    answers = [ask(action, **fields).json() for action, fields in many.items()]

    assert answers == [INCORRECT] * 3
    assert ask("cancel", orders="23501,23502").json() == INCORRECT
    assert ask("status", order=23501).json()["status"] == "Pending"
    assert ask("cancel", orders="23501").json()[0]["order"] == 23501


def test_refill_may_answer_no_id(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.advance(3600)
    provider.dialect(refill_shape="success")

    assert ask("refill", order=23501).content == b'{"status":"success"}'

    assert [refill.order for refill in provider.journal().refills] == [23501]


def test_refill_status_may_be_nested(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.advance(3600)
    ask("refill", order=23501)
    provider.dialect(refill_status_shape="nested")

    assert ask("refill_status", refill=1).json() == {"status": {"status": "Pending"}}
    assert ask("refill_status", refills="1,2").json() == [
        {"refill": 1, "status": {"status": "Pending"}},
        {"refill": 2, "status": {"error": "Refill not found"}},
    ]


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("object", b'{"cancel":1}'),
        ("success", b'{"status":"success"}'),
        ("no_order", b'[{"cancel":1}]'),
        ("null_order", b'[{"order":null,"cancel":1}]'),
    ],
)
def test_cancel_shapes(provider: ProviderDouble, ask: Ask, shape: str, body: bytes) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.dialect(cancel_shape=shape)

    assert ask("cancel", orders=23501).content == body

    assert [cancel.order for cancel in provider.journal().cancels] == [23501]


def test_ids_may_be_text_everywhere(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    provider.dialect(ids="text")

    assert ask("add", service=1, link="x", quantity=100).content == b'{"order":"23501"}'
    provider.set_order(23501, status="Completed")
    assert ask("refill", orders=23501).content == b'[{"order":"23501","refill":"1"}]'
    assert ask("cancel", orders=23501).json()[0]["order"] == "23501"


def test_balance_and_refill_may_be_numbers(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.set_order(23501, status="Completed")
    provider.dialect(balances="number", ids="number")

    assert ask("balance").content == b'{"balance":9999.1,"currency":"USD"}'
    assert ask("refill", order=23501).content == b'{"refill":1}'


def test_dialects_combine_with_faults(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.dialect(status_shape="list", bom=True)
    provider.fault("status", "remains_null")

    assert ask("status", orders="23501").content.startswith(
        b'\xef\xbb\xbf[{"order":23501,"charge":"0.90"'
    )


def test_an_unknown_dialect_is_refused_whole(provider: ProviderDouble, ask: Ask) -> None:
    with pytest.raises(ControlError, match="no such dialect: accent"):
        provider.dialect(bom=True, accent="thick")
    with pytest.raises(ControlError, match="dialect wrap knows"):
        provider.dialect(bom=True, wrap="paper")

    assert ask("balance").content.startswith(b"{")


@pytest.mark.parametrize(
    ("said", "named"), [("", ["USD"] * 2), ("EUR", ["EUR"] * 2), ("absent", [None] * 2)]
)
def test_the_currency_of_its_money_may_be_another_or_not_named(
    provider: ProviderDouble, ask: Ask, said: str, named: list[str | None]
) -> None:
    provider.set_services([PLAIN])
    place(ask)
    provider.dialect(currency=said)

    replies = [ask("balance").json(), ask("status", order=23501).json()]

    assert [reply.get("currency") for reply in replies] == named
