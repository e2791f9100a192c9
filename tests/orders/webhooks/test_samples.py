"""The samples of docs/webhooks.md tell genuine deliveries from forged ones."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orders.webhooks.sweep import deliver_due
from tests.orders.webhooks.endpoints import make_delivery, make_endpoint, secret_of
from tests.orders.webhooks.receiver import Received, Receiver
from tests.sample_languages import installed

pytestmark = pytest.mark.django_db

DOCUMENT = Path(__file__).parents[3] / "docs" / "webhooks.md"
CALLS = {
    "python": """import json, sys
for s, h, b in json.load(sys.stdin):
    print(int(is_genuine(s, h, b.encode())))""",
    "js": """for (const [s, h, b] of JSON.parse(require("fs").readFileSync(0)))
    console.log(Number(isGenuine(s, h, b)));""",
    "php": """foreach (json_decode(file_get_contents('php://stdin'), true) as $c)
    echo (int) is_genuine(...$c), ' ';""",
}
PROGRAMS = {"python": sys.executable, "js": "node", "php": "php"}
SWITCHES = {"python": "-c", "js": "-e", "php": "-r"}  # before a program on the command line


def verdicts(language: str, cases: list[tuple[str, dict[str, str], str]]) -> list[str]:
    """What the sample of that language says of each case: 1 or 0."""
    match = re.search(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert match is not None
    program = f"{match[1]}\n{CALLS[language]}"
    ran = subprocess.run(
        [PROGRAMS[language], SWITCHES[language], program],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return ran.stdout.split()


def cases_of(got: Received, secret: str) -> list[tuple[str, dict[str, str], str]]:
    """The delivery itself, one with two signatures, and everything that must not pass."""
    headers, body = dict(got.headers), got.body.decode()
    signature = headers["webhook-signature"]
    other = secret[:-5] + ("AAAA=" if not secret.endswith("AAAA=") else "BBBB=")
    return [
        (secret, headers, body),
        (secret, {**headers, "webhook-signature": f"v1,{'A' * 43}= {signature}"}, body),
        (secret, headers, body.replace("1.08000", "0.08000")),
        (secret, {**headers, "webhook-id": headers["webhook-id"] + "0"}, body),
        (
            secret,
            {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)},
            body,
        ),
        (secret, {**headers, "webhook-signature": signature.removeprefix("v1,")}, body),
        (other, headers, body),
    ]


@pytest.mark.parametrize("language", installed(PROGRAMS))
def test_sample_believes_the_genuine_alone(language: str, receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)
    make_delivery(endpoint)
    deliver_due()

    said = verdicts(language, cases_of(receiver.received[0], secret_of(endpoint)))

    assert said == ["1", "1", "0", "0", "0", "0", "0"]
