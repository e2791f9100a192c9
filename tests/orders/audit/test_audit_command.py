"""`manage.py audit` prints the audit and exits with 1 on findings."""

import json

import pytest
from django.core.management import call_command

from tests.factories import make_order
from tests.row_damage import damage

pytestmark = pytest.mark.django_db


def test_command_prints_an_audit(capsys: pytest.CaptureFixture[str]) -> None:
    make_order()

    call_command("audit")

    assert capsys.readouterr().out.splitlines() == [
        "1 wallets hold 0.00000 USD",
        "2 transfers",
        "  house account sales: 1.20000 USD",
        "  house account topups:test: -1.20000 USD",
        "1 orders",
        "  charged 1.20000 USD, refunded 0.00000 USD",
        "Everything adds up.",
    ]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_command_fails_and_says_what_does_not_add_up(
    flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    order = make_order()
    damage("UPDATE orders_order SET charge = 5 WHERE id = %s", order.pk)

    with pytest.raises(SystemExit) as caught:
        call_command("audit", *flags)

    assert caught.value.code == 1
    assert (
        f"order {order.pk}: its charge is 5.00000, but 1.20000 was booked"
        in capsys.readouterr().out
    )


def test_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "--json")

    printed = json.loads(capsys.readouterr().out)
    assert (printed["is_sound"], printed["findings"], printed["figures"]["orders"]) == (True, [], 0)
