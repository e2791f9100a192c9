"""What the reply to an `add` is taken for: definite only where the provider was."""

import json
from typing import Any

import pytest

from catalog.upstream import (
    AMBIGUOUS_PHRASES,
    Accepted,
    AddOutcome,
    Exchange,
    KeyMask,
    NotSent,
    Reason,
    Rejected,
    Unclear,
)
from catalog.upstream.add_reply import judge_add
from outbound.reply import Reply
from tests.raw_provider import KEY

MASK = KeyMask(KEY)
NOTICE = (
    b"<br />\n<b>Warning</b>:  Undefined variable $order in <b>/var/www/api/v2.php</b>"
    b" on line <b>217</b><br />\n"
)

REASONS = {
    "Not enough funds": Reason.NO_FUNDS,
    "Not enough funds on balance": Reason.NO_FUNDS,
    "neworder.error.not_enough_funds": Reason.NO_FUNDS,
    "You don't have enough balance": Reason.NO_FUNDS,
    "Insufficient balance.": Reason.NO_FUNDS,
    "Low balance": Reason.NO_FUNDS,
    "Balance is not enough": Reason.NO_FUNDS,
    "Your balance is insufficient": Reason.NO_FUNDS,
    "Insufficient credits": Reason.NO_FUNDS,
    "Please add funds": Reason.NO_FUNDS,
    "Invalid API key": Reason.BAD_KEY,
    "Incorrect API Key": Reason.BAD_KEY,
    "API key is invalid": Reason.BAD_KEY,
    "api_key not found": Reason.BAD_KEY,
    "Wrong key": Reason.BAD_KEY,
    "Unauthorized": Reason.BAD_KEY,
    "This API key may only read": Reason.BAD_KEY,
    "Your account is suspended": Reason.BAD_KEY,
    "Too many requests": Reason.THROTTLED,
    "Rate limit exceeded": Reason.THROTTLED,
    "Incorrect service ID": Reason.CUSTOMER,
    "Invalid link": Reason.CUSTOMER,
    "Invalid keywords": Reason.CUSTOMER,
    "Account is private": Reason.CUSTOMER,
    "Account not found": Reason.CUSTOMER,
    "Not enough comments": Reason.CUSTOMER,
    "neworder.error.link_duplicate": Reason.CUSTOMER,
    "neworder.error.min_quantity": Reason.CUSTOMER,
    (
        "You have active order with this link. Please wait until order being completed."
    ): Reason.CUSTOMER,
}
EVERYTHING_ELSE: list[bytes | str] = [
    "",
    " ",
    "null",
    "true",
    "23501",
    '"23501"',
    "[]",
    "{}",
    '{"order":null}',
    '{"order":true}',
    '{"order":0}',
    '{"order":"0"}',
    '{"order":"000"}',
    '{"order":-5}',
    '{"order":5.0}',
    '{"order":1e3}',
    '{"order":"5.0"}',
    '{"order":" 5"}',
    '{"order":"+5"}',
    '{"order":"\\u0665"}',  # a digit to Python, none to us
    '{"order":"abc"}',
    '{"order":""}',
    '{"order":"  "}',
    '{"order":"error-5"}',
    '{"order":"E 102"}',
    '{"order":"not found 5"}',
    '{"order":"invalid_5"}',
    '{"order":"1e3"}',
    '{"order":"-5"}',
    '{"order":"0-0"}',
    '{"order":"5,6"}',
    '{"order":"5/6"}',
    '{"order":"5\\n6"}',
    '{"order":[5]}',
    '{"order":{"id":5}}',
    '{"order":' + "9" * 65 + "}",
    '{"order":NaN}',
    '{"order":1e999999999999999999999}',
    '{"Order":5}',
    '{"id":5}',
    '{"order":5,"error":"Bad link"}',
    '{"order":5,"error":true}',
    '{"order":5,"error":102}',
    '{"order":5,"errors":{"link":["Bad link"]}}',
    '{"order":5,"success":false}',
    '{"order":5,"status":"fail"}',
    '{"order":5,"error":{"code":7}}',
    '{"order":0,"error":"Bad link"}',  # an id that was lost, perhaps
    '{"order":null}',
    '{"order":null,"error":""}',
    '{"order":null,"error":"Bad link","order_id":5}',
    '{"order":null,"error":"Bad link","data":{"order":5}}',
    '{"order_id":6,"data":{"order":5}}',
    '{"status":"error","data":{"order":5}}',
    '{"success":true,"data":{"error":"Bad link"}}',
    '{"data":[{"order":5},{"order":6}]}',
    '[{"order":5},{"error":"Bad link"}]',
    "[[5]]",
    '{"data":5}',
    '{"orders":[5]}',
    '{"orders":{"5":{}}}',
    '{"data":{},"result":{}}',
    '{"error":"0"}',
    '{"error":"false"}',
    '{"error":"true"}',
    '{"error":false,"message":"Order placed"}',
    '{"error":"0","message":"Order placed"}',
    '{"order":5,"status":"error","msg":"Bad link"}',
    '{"order":5,"order":6}',
    '{"error":"Bad link","error":"Bad link"}',
    '{"order":5',
    '{"order":5}}',
    '{"order":5}{"order":6}',
    '{"order":5} trailing',
    'x{"order":5}',
    b'{"order":5,"x":"\xff"}',
    b"\xff\xfe" + '{"order":5}'.encode("utf-16-le"),
    b"<br /><b>Fatal error</b>: x in <b>y</b> on line <b>1</b><br />" + b'{"order":5}',
    NOTICE + b'{"error":"Bad link"}',
    NOTICE,
    '{"error":""}',
    '{"error":null}',
    '{"error":true}',
    '{"error":1}',
    '{"error":{}}',
    '{"success":false}',
    '{"status":"error"}',
    '{"status":"success"}',
    '{"status":"success","message":"Order placed"}',
    '{"message":"Bad link"}',
    '{"error":"Bad link","status":"success"}',
    '{"error":"Bad link","success":true}',
    '{"error":"Bad link","order_id":5}',
    '{"error":"Bad link","data":{"orderId":5}}',
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"error":' + "[" * 500 + '"x"' + "]" * 500 + "}",
    "<html><body>maintenance</body></html>",
]


def judge(body: bytes | str, *, status: int = 200, **options: Any) -> AddOutcome:
    raw = body.encode() if isinstance(body, str) else body
    reply = Reply(status=status, body=raw, retry_after=None, exchange=Exchange(http_status=status))
    return judge_add(reply, mask=MASK, **options)


@pytest.mark.parametrize(
    ("body", "order_id"),
    [
        ('{"order":23501}', "23501"),
        ('{"order":"23501"}', "23501"),
        ('{"order":99999999999999999999}', "99999999999999999999"),
        (b'\xef\xbb\xbf\r\n {"order": 7}\n', "7"),
        ('{"order":"ORD-2024-17"}', "ORD-2024-17"),
        ('{"order":"65f1c0ffee65f1c0ffee65f1"}', "65f1c0ffee65f1c0ffee65f1"),
        (
            '{"order":"8c7e1f0a-0000-4000-8000-00805f9b34fb"}',
            "8c7e1f0a-0000-4000-8000-00805f9b34fb",
        ),
        ('{"order":"a_7"}', "a_7"),
        ('{"order":7,"error":""}', "7"),
        ('{"order":7,"error":null,"errors":[]}', "7"),
        ('{"order":7,"error":false,"message":"Order placed"}', "7"),
        ('{"order":7,"error":[]}', "7"),
        ('{"order":7,"error":0}', "7"),
        ('{"order":7,"error":"0"}', "7"),
        ('[{"order":7}]', "7"),
        ('{"data":{"order":7}}', "7"),
        ('{"status":"success","data":{"order":7}}', "7"),
        ('{"status":200,"error":"","data":[{"order":"7"}]}', "7"),
        ('{"orders":[{"order":7}]}', "7"),
        ('{"orders":{"order":7}}', "7"),
        ('{"success":true,"result":{"orders":[{"order":7}]}}', "7"),
        ('{"order":7,"status":"success","charge":"0.1","currency":"USD"}', "7"),
        (NOTICE + b'{"order":7}', "7"),
        (
            b"PHP Notice:  Undefined index: runs in /srv/x.php on line 3\n"
            + NOTICE
            + b'{"order":7}',
            "7",
        ),
    ],
)
def test_order_id_is_accepted(body: bytes | str, order_id: str) -> None:
    outcome = judge(body)

    assert isinstance(outcome, Accepted)
    assert outcome.order_id == order_id


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"error":"Quantity less than minimal"}', "Quantity less than minimal"),
        ('{"error":"Bad link","status":"102"}', "Bad link"),
        ('{"status":"error","msg":"Bad link"}', "Bad link"),
        ('{"status":"error","message":"Bad link"}', "Bad link"),
        ('{"status":"fail","message":"Bad link"}', "Bad link"),
        ('{"success":false,"message":"Bad link"}', "Bad link"),
        ('{"success":0,"error":"Bad link"}', "Bad link"),
        (
            '{"errors":{"link":["Bad link"],"quantity":"too small"}}',
            "link: Bad link; quantity: too small",
        ),
        ('{"detail":[{"loc":["body","link"],"msg":"field required"}]}', "link: field required"),
        ('{"error":{"message":"Bad link"}}', "Bad link"),
        ('{"error":true,"message":"Bad link"}', "Bad link"),
        ('{"error":"true","msg":"Bad link"}', "Bad link"),
        ('{"error":1,"message":"Bad link"}', "Bad link"),
        ('{"error":"102","message":"Bad link"}', "Bad link"),
        ('{"error":102,"error_message":"Bad link"}', "Bad link"),
        ('{"status":false,"message":"Bad link"}', "Bad link"),
        ('{"status":"false","msg":"Bad link"}', "Bad link"),
        ('{"order":null,"error":"Bad link"}', "Bad link"),
        ('{"order":"","error":"Bad link"}', "Bad link"),
        ('{"order":false,"status":"fail","message":"Bad link"}', "Bad link"),
        ('{"error":"Bad link","order_id":null,"orders":[]}', "Bad link"),
        ('[{"error":"Bad link"}]', "Bad link"),
        ('{"data":{"error":"Bad link"}}', "Bad link"),
        ('{"status":"error","data":{"message":"Bad link"}}', "Bad link"),
        ('{"status":"fail","data":[],"message":"Bad link"}', "Bad link"),
        ('{"orders":[{"order":null,"error":"Bad link"}]}', "Bad link"),
        ('{"error":"  Bad\\u0000 link \\ud800"}', "Bad link"),
    ],
)
def test_plain_error_is_refused(body: str, text: str) -> None:
    for status in (200, 201, 400, 422):
        outcome = judge(body, status=status)

        assert isinstance(outcome, Rejected), status
        assert (outcome.text, outcome.reason, outcome.reason.is_ours) == (
            text,
            Reason.CUSTOMER,
            False,
        ), status


def test_reason_of_a_refusal_is_told_apart() -> None:
    outcomes = {text: judge(json.dumps({"error": text})) for text in REASONS}

    assert {
        text: outcome.reason if isinstance(outcome, Rejected) else outcome
        for text, outcome in outcomes.items()
    } == REASONS


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (401, "Nope", Reason.BAD_KEY),
        (401, "Bad link", Reason.BAD_KEY),
        (402, "Nope", Reason.NO_FUNDS),
        (403, "Nope", Reason.BAD_KEY),
        (403, "Bad link", Reason.CUSTOMER),
    ],
)
def test_http_status_is_about_our_account_unless_a_known_panel_says_this_of_orders(
    status: int, text: str, reason: Reason
) -> None:
    said, stated = (
        judge(json.dumps({"error": text}), status=status),
        judge(json.dumps({"error": text, "code": status})),
    )

    assert isinstance(said, Rejected)
    assert isinstance(stated, Rejected)
    assert (said.reason, stated.reason) == (reason, reason)


def test_body_that_states_a_server_error_is_unclear() -> None:
    assert isinstance(judge('{"error":"Bad link","code":"500"}'), Unclear)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Bakiyeniz YETERSİZ", Reason.NO_FUNDS),
        ("На балансе недостаточно средств.", Reason.NO_FUNDS),
        ("Saldo insuficiente", Reason.NO_FUNDS),
        ("رصيد غير كافٍ", Reason.NO_FUNDS),
        ("余额不足", Reason.NO_FUNDS),
        ("Your IP 10.0.0.1 is not on the whitelist", Reason.BAD_KEY),
        ("API access is disabled for your account", Reason.BAD_KEY),
        ("Неверная ссылка!", Reason.CUSTOMER),
        ("Link inválido", Reason.CUSTOMER),
        ("Quantity less than minimal 100", Reason.CUSTOMER),
        ("Minimum quantity is 1,000", Reason.CUSTOMER),
        ("link: не подходит; quantity: za mało", Reason.CUSTOMER),
        ("Quantity less than minimal, and our panel is closed", Reason.UNKNOWN),
        ("Nope", Reason.UNKNOWN),
        ("Ödeme bekleniyor", Reason.UNKNOWN),
    ],
)
def test_message_of_any_language_is_the_customers_only_where_it_is_known_to_be(
    text: str, reason: Reason
) -> None:
    outcome = judge(json.dumps({"error": text}))

    assert isinstance(outcome, Rejected)
    assert outcome.reason is reason
    assert outcome.reason.is_ours is (reason is not Reason.CUSTOMER)


@pytest.mark.parametrize(
    "text",
    [
        "Внутренняя ошибка",
        "Попробуйте позже",
        "Erro interno do servidor",
        "Inténtelo más tarde",
        "Sunucu hatası",
        "Panelimiz bakımda",
        "Kesalahan sistem",
        "Lỗi hệ thống",
        "Erreur interne",
        "Wartungsarbeiten",
        "خطأ داخلي",
        "服务器错误",
    ],
)
def test_trouble_of_the_provider_in_any_language_is_unclear_and_keeps_its_message(
    text: str,
) -> None:
    outcome = judge(json.dumps({"error": text}))

    assert isinstance(outcome, Unclear)
    assert outcome.text == text


@pytest.mark.parametrize(
    "text",
    [
        "Internal error",
        "Server busy",
        "InternalServerError",
        "Exception in Order.php",
        "Database is locked",
        "Bad gateway",
        "Temporary failure",
        "service temporarily unavailable",
        "TIME_OUT",
        "Time-out",
        "Timed out",
        "Please try  again",
        "Please do it later",
        "Unknown",
        "SQLSTATE[HY000]",
        "cURL error 28",
    ],
)
def test_word_of_doubt_is_unclear(text: str) -> None:
    assert isinstance(judge(json.dumps({"error": text})), Unclear)
    assert isinstance(judge(json.dumps({"status": "error", "msg": text}), status=400), Unclear)
    assert isinstance(judge(json.dumps({"error": "Bad link", "hint": {"deep": [text]}})), Unclear)


def test_words_of_doubt_are_the_providers_own() -> None:
    body = '{"error":"Der Dienst schläft"}'

    assert isinstance(judge(body), Rejected)
    assert isinstance(judge(body, ambiguous_phrases=[*AMBIGUOUS_PHRASES, "schläft"]), Unclear)
    assert isinstance(judge('{"error":"Unknown service"}', ambiguous_phrases=[]), Rejected)


def test_everything_else_is_unclear() -> None:
    outcomes = [(body, judge(body)) for body in EVERYTHING_ELSE]

    assert [pair for pair in outcomes if not isinstance(pair[1], Unclear)] == []


@pytest.mark.parametrize("status", [201, 202])
def test_an_order_that_was_created_or_taken_is_accepted(status: int) -> None:
    assert isinstance(judge('{"order":5}', status=status), Accepted)


@pytest.mark.parametrize(
    "status", [100, 203, 204, 206, 301, 302, 304, 400, 404, 500, 502, 503, 520]
)
def test_order_with_any_other_status_is_unclear(status: int) -> None:
    assert isinstance(judge('{"order":5}', status=status), Unclear)


@pytest.mark.parametrize("status", [100, 301, 302, 307, 500, 502, 503, 504, 520, 999])
def test_error_with_3xx_or_5xx_is_unclear(status: int) -> None:
    assert isinstance(judge('{"error":"Bad link"}', status=status), Unclear)


def test_429_is_not_sent_unless_the_provider_is_known_to_place_before_it() -> None:
    body = '{"error":"Too many requests"}'

    assert isinstance(judge(body, status=429), NotSent)
    assert isinstance(judge("<html>", status=429), NotSent)
    assert isinstance(judge(body, status=429, is_429_unclear=True), Unclear)
    assert isinstance(judge('{"order":5}', status=429), Unclear)
