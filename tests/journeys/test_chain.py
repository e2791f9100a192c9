"""Panel → panel → provider, over a line that loses and repeats requests, with workers killed:
exactly once.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.double.handle import ProviderDouble
from tests.journeys.faulty_line import FAULTS, FaultyLine
from tests.stack import Stack
from tests.waiting import wait_for

pytestmark = pytest.mark.stack

ORDERS = 60
KILLS = {20: "first", 40: "second"}  # after so many orders, whose workers
MONEY = Decimal(1000)
# seconds until everything has ended, on a machine that does much else; it takes about 20
LIMIT = 480.0
QUICK = {
    "STATIC_STORAGE": "plain",
    "PROVIDER_TIMEOUT": "3",
    "CLAIM_LEASE": "4",
    "REAP_EVERY": "1",
    "RESOLVE_EVERY": "1",
    "REFILL_EVERY": "60",  # nothing of this is asked for
    "API_REQUESTS_PER_MINUTE": "100000",
    "API_IP_REQUESTS_PER_MINUTE": "100000",
    "API_ORDERS_PER_MINUTE": "100000",
    "LOG_LEVEL": "ERROR",
}
# A third gives money back: 20 of the orders, since more at one time than `guarding.MOST_ENDINGS`
# would wait for staff
FATES = (
    "",
    "#fate=partial:40",
    "",
    "#fate=canceled",
    "",
    "",
    "",
    "#fate=partial:7",
    "",
    "#fate=canceled",
    "",
    "",
)
SHOP = """
from django.conf import settings
from django.core.management import call_command as manage
settings.PROVIDER_TIMEOUT = 20  # the other panel answers its first request
manage("add_provider", "Upstream", url="%(url)s", key="%(key)s", idempotent=True)
manage("sync_catalog", provider="Upstream")
manage("create_user", "%(email)s", role="customer", balance="%(money)s", api_key=True)
"""
BOOKS = """
import json
from django.core.management import call_command as manage
from django.db.models import Sum
from billing.models import Account
from orders.models import Attempt, Order
fields = ("pk", "link", "status", "upstream_id", "remains", "charge", "refunded", "upstream_charge")
print(json.dumps({
    "orders": list(Order.objects.order_by("pk").values(*fields)),
    "attempts": list(Attempt.objects.filter(state="accepted").values_list("order_id", flat=True)),
    "resends": Attempt.objects.aggregate(Sum("resends"))["resends__sum"],
    "asked_again": Attempt.objects.filter(resends__gt=0).count(),
    "balance": Account.objects.get(owner__email="%s").balance,
}, default=str))
manage("audit")
"""


@dataclass(frozen=True)
class Chain:
    """Customers of `first` order what `second` sells, who buys it from the provider."""

    first: Stack
    second: Stack
    line: FaultyLine
    provider: ProviderDouble
    key: str  # of the customer of the first panel


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Two panels as operators run them, connected as their manuals say: by address and key."""
    with ExitStack() as stack:
        provider = stack.enter_context(ProviderDouble(speed=60))
        provider.settings(is_idempotent=True)
        usual = {"category": "Chain", "rate": "2.00", "min": 10, "max": 10_000, "cancel": True}
        provider.set_services([{**usual, "service": 1, "name": "Followers"}])
        first, second = panels = [Stack(tmp_path / name, env=QUICK) for name in ("first", "second")]
        stack.callback(_both, Stack.end, panels)
        _both(Stack.start, panels)
        reseller = _open_shop(second, "reseller@chain.example", url=provider.url, key=provider.key)
        line = stack.enter_context(FaultyLine(second.url))
        key = _open_shop(first, "customer@chain.example", url=f"{line.url}/api/v2", key=reseller)
        yield Chain(first, second, line, provider, key)


def _both(act: Callable[[Stack], None], panels: list[Stack]) -> None:
    with ThreadPoolExecutor(len(panels)) as threads:
        list(threads.map(act, panels))


def _open_shop(panel: Stack, email: str, *, url: str, key: str) -> str:
    """Sell what that provider sells, to a customer with money; the customer's API key."""
    said = panel.ask(SHOP % {"url": url, "key": key, "email": email, "money": MONEY})
    return said.splitlines()[-1]


def test_chain_of_two_panels_is_exactly_once(chain: Chain) -> None:
    links = [
        f"https://example.com/chain/{number}{FATES[number % len(FATES)]}"
        for number in range(ORDERS)
    ]
    shop = requests.Session()
    api = f"{chain.first.url}/api/v2"
    [service] = shop.post(api, data={"key": chain.key, "action": "services"}, timeout=120).json()

    numbers = []
    for position, link in enumerate(links):
        form = {
            "key": chain.key,
            "action": "add",
            "service": service["service"],
            "link": link,
            "quantity": 1000,
        }
        numbers.append(shop.post(api, data=form, timeout=120).json()["order"])
        if position in KILLS:
            _kill_workers(getattr(chain, KILLS[position]))
    _wait_for_the_end(shop, api, chain.key, numbers)
    shop.close()

    placed = {row.link: row for row in chain.provider.placed()}
    first, second = _books(chain.first, "customer"), _books(chain.second, "reseller")
    assert len(chain.line.orders) == 0.45 * ORDERS
    assert set(chain.line.struck) == set(FAULTS)
    assert first["asked_again"] >= 10
    assert sorted(placed) == sorted(row.link for row in chain.provider.placed()) == sorted(links)
    _compare_orders(first["orders"], second["orders"], placed)
    _compare_ledgers(first, second, chain.provider)
    for account_balance in (first, second):
        assert sorted(account_balance["attempts"]) == [
            row["pk"] for row in account_balance["orders"]
        ]


def _kill_workers(panel: Stack) -> None:
    """As a power cut of those who forward: `up` starts new ones."""
    for pid in panel.pids("-Q submit"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _wait_for_the_end(shop: requests.Session, api: str, key: str, numbers: list[int]) -> None:
    form = {"key": key, "action": "status", "orders": ",".join(map(str, numbers))}

    def open_orders() -> list[str]:
        answer = shop.post(api, data=form, timeout=120).json()
        ended = {"Completed", "Partial", "Canceled"}
        return [name for name, row in answer.items() if row["status"] not in ended]

    wait_for(lambda: not open_orders(), limit=LIMIT, every=0.3, tell=open_orders)


def _books(panel: Stack, name: str) -> dict[str, Any]:
    """What a panel believes; fails where its audit does not exit with 0."""
    said = panel.ask(BOOKS % f"{name}@chain.example")
    account_balance: dict[str, Any] = json.loads(said.splitlines()[0])
    return account_balance


def _compare_orders(
    first: list[dict[str, Any]], second: list[dict[str, Any]], placed: dict[str, Any]
) -> None:
    """Each order of the first panel is one of the second is one of the provider, and ended as
    that did.
    """
    by_link = {row["link"]: row for row in second}
    assert len(first) == len(second) == len(by_link) == ORDERS
    for ours in first:
        theirs, true = by_link[ours["link"]], placed[ours["link"]]
        assert ours["upstream_id"] == str(theirs["pk"])
        assert theirs["upstream_id"] == str(true.order)
        assert (ours["status"], theirs["status"]) == (true.status.lower(),) * 2
        if true.status == "Partial":
            assert ours["remains"] == theirs["remains"] == true.remains > 0
        for row in (ours, theirs):
            refund = {
                "Canceled": Decimal(row["charge"]),
                "Partial": Decimal(row["charge"]) * true.remains / 1000,
            }
            assert Decimal(row["refunded"]) == refund.get(true.status, 0)


def _compare_ledgers(
    first: dict[str, Any], second: dict[str, Any], provider: ProviderDouble
) -> None:
    """What each paid is what the next one took."""
    paid = {
        name: MONEY - Decimal(account_balance["balance"])
        for name, account_balance in (("first", first), ("second", second))
    }
    costs = [
        sum(Decimal(row["upstream_charge"]) for row in account_balance["orders"])
        for account_balance in (first, second)
    ]
    charges = [
        sum(Decimal(row["charge"]) - Decimal(row["refunded"]) for row in account_balance["orders"])
        for account_balance in (first, second)
    ]
    taken = sum((row.net_charge for row in provider.placed()), Decimal(0))
    assert charges == [paid["first"], paid["second"]]
    assert costs == [paid["second"], taken]
    assert Decimal(10_000) - provider.balance() == taken
