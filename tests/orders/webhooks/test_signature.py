"""Signatures as the Standard Webhooks specification has them."""

import base64

import pytest

from orders.webhooks.signature import make_secret, sign

# The specification's own example, which its libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_example_of_the_specification_is_met() -> None:
    assert sign(keys=[SECRET], message_id=MESSAGE, timestamp=1614265330, body=BODY) == SIGNATURE


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": 1614265331},
        {"message_id": "msg_p5jXN8AQM9LWM0D4loKWxJel"},
        {"body": BODY + b" "},
    ],
)
def test_everything_is_signed(changed: dict[str, object]) -> None:
    values = {"message_id": MESSAGE, "timestamp": 1614265330, "body": BODY} | changed

    assert sign(keys=[SECRET], **values) != SIGNATURE  # type: ignore[arg-type]  # one value of each type


def test_two_secrets_give_two_signatures() -> None:
    other = make_secret()

    both = sign(keys=[other, SECRET], message_id=MESSAGE, timestamp=1614265330, body=BODY)

    assert both.split(" ")[1] == SIGNATURE
    assert both.split(" ")[0] == sign(
        keys=[other], message_id=MESSAGE, timestamp=1614265330, body=BODY
    )


def test_secrets_have_32_bytes_and_are_never_the_same() -> None:
    first, second = make_secret(), make_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
