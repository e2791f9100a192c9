"""The provider's state in a file: what it knows again after it has ended in whatever way."""

import os
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from tests.double.handle import ProviderDouble


def ask(provider: ProviderDouble, action: str, **fields: object) -> dict[str, Any]:
    answer: dict[str, Any] = requests.post(
        provider.url, data={"key": provider.key, "action": action, **fields}, timeout=60
    ).json()
    return answer


def test_a_killed_provider_knows_its_orders_refills_and_money_again(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with ProviderDouble(state=state) as double:
        service = double.service_of(refill=True, cancel=True)
        fields = {
            "service": service["service"],
            "link": "https://example.com/p/1",
            "quantity": service["min"],
        }
        order = ask(double, "add", **fields)["order"]
        double.set_order(order, status="Partial", remains=service["min"] // 2)
        refill = ask(double, "refill", order=order)["refill"]
        double.fault("add", "nocommit_http502", times=1)
        before = (double.order(order), double.balance())
        os.kill(double.pid, signal.SIGKILL)

    with ProviderDouble(state=state) as again:
        assert (again.order(order), again.balance()) == before
        assert ask(again, "refill_status", refill=refill) == {"status": "Pending"}
        assert [fault["mode"] for fault in again.faults()] == ["nocommit_http502"]
        again.clear_faults()
        assert ask(again, "add", **fields) == {"order": order + 1}


def test_time_goes_on_at_the_provider_while_it_is_away(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with ProviderDouble(state=state, speed=10_000) as double:
        service = double.service_of()
        fields = {
            "service": service["service"],
            "link": "https://example.com/p/1",
            "quantity": service["min"],
        }
        order = ask(double, "add", **fields)["order"]

    with ProviderDouble(state=state, speed=10_000) as again:
        again.set_speed(0)

        # 10,000 of its seconds for each second of the restart
        assert again.order(order).status == "Completed"


def test_an_ended_orders_refund_is_paid_once_over_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with ProviderDouble(state=state) as double:
        service = double.service_of()
        link = "https://example.com/p/1#fate=canceled"
        ask(double, "add", service=service["service"], link=link, quantity=service["min"])
        double.advance(3600)
        paid = double.balance()

    with ProviderDouble(state=state) as again:
        again.advance(3600)

        assert (paid, again.balance()) == (Decimal(10000), Decimal(10000))


def test_a_subscription_goes_on_where_it_was_and_bills_no_post_twice(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with ProviderDouble(state=state) as double:
        service = double.service_of("Subscriptions")
        fields = {"username": "@a", "min": service["min"], "max": service["max"], "delay": 0}
        order = ask(double, "add", service=service["service"], **fields)["order"]
        double.serve_posts(order, count=2)
        before = (double.order(order), double.balance(), double.journal().posts)

    with ProviderDouble(state=state) as again:
        assert (again.order(order), again.balance(), again.journal().posts) == before
        again.serve_posts(order)
        assert [post.number for post in again.journal().posts] == [1, 2, 3]
