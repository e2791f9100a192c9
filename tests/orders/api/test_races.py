"""Programs that ask all at once, over real HTTP: the wallet is never overspent, a key never orders
twice.
"""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from billing.models import Account, Transfer, TransferKind
from orders.models import Order
from orders.placing.place_once_per_link import place_alone
from tests.factories import NOW, make_service, make_user
from tests.guards_off import Guard, at_once_without
from tests.orders.api.api_client import ADDRESS, key_of

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 20
REPEATS = 100
ORDERS, MONEY_FOR = 200, 50


@pytest.fixture(autouse=True)
def _patient_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sessions that are begun now wait for a lock as long as it takes: who gets it is
    tested, not how soon.
    """
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c lock_timeout=60s")


def at_once(server: LiveServer, forms: list[dict[str, object]]) -> Counter[bytes]:
    """How often each answer came."""

    def send(form: dict[str, object]) -> bytes:
        answer = requests.post(f"{server.url}{ADDRESS}", data=form, timeout=120)
        assert answer.status_code == requests.codes.ok, answer.text
        return answer.content

    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(threads.map(send, forms))


@pytest.mark.slow
def test_200_orders_at_once_on_money_for_50_are_exactly_50(live_server: LiveServer) -> None:
    user, service = make_user(balance="60"), make_service(price="1.20")
    form: dict[str, object] = {
        "key": key_of(user),
        "action": "add",
        "service": service.pk,
        "quantity": 1000,
    }

    answers = at_once(live_server, [{**form, "link": f"@n{number}"} for number in range(ORDERS)])

    refused = answers.pop(b'{"error":"neworder.error.not_enough_funds"}')
    assert (refused, len(answers)) == (ORDERS - MONEY_FOR, MONEY_FOR)
    assert (
        Order.objects.count()
        == Transfer.objects.filter(kind=TransferKind.CHARGE).count()
        == MONEY_FOR
    )
    assert Account.objects.get(owner=user).balance == 0


def test_one_key_sent_100_times_at_once_is_one_order_and_one_charge(
    live_server: LiveServer,
) -> None:
    user, service = make_user(balance="100"), make_service()
    form: dict[str, object] = {
        "key": key_of(user),
        "action": "add",
        "service": service.pk,
        "link": "@one",
        "quantity": 1000,
        "idempotency_key": "k1",
    }

    answers = at_once(live_server, [form] * REPEATS)

    assert answers == {b'{"order":%d}' % Order.objects.get().pk: REPEATS}
    assert Transfer.objects.filter(kind=TransferKind.CHARGE).count() == 1
    assert str(Account.objects.get(owner=user).balance) == "98.80000"


def test_one_order_sent_twice_at_once_without_a_key_is_placed_once(live_server: LiveServer) -> None:
    user, service = make_user(balance="100"), make_service()
    form: dict[str, object] = {
        "key": key_of(user),
        "action": "add",
        "service": service.pk,
        "link": "@one",
        "quantity": 1000,
    }

    answers = at_once(live_server, [form] * THREADS)

    assert answers == {
        b'{"order":%d}' % Order.objects.get().pk: 1,
        b'{"error":"neworder.error.link_duplicate"}': THREADS - 1,
    }


def test_control_without_waiting_for_its_turn_an_order_sent_twice_is_placed_twice() -> None:
    user, service = make_user(balance="100"), make_service()
    turn = Guard(re.compile(r"pg_advisory_xact_lock\(hashtextextended\(%s, 0\)\)"), "%s")

    at_once_without(
        lambda _: place_alone(
            customer=user,
            service=service,
            values={"link": "@one", "quantity": "1000"},
            now=NOW,
            client_key=None,
        ),
        times=2,
        off=[turn],
        meet=re.compile(r'"orders_order"\."link" IN'),
    )

    assert user.orders.count() == 2


def test_orders_for_other_links_are_all_placed(live_server: LiveServer) -> None:
    user, service = make_user(balance="100"), make_service()
    form: dict[str, object] = {
        "key": key_of(user),
        "action": "add",
        "service": service.pk,
        "quantity": 1000,
    }

    answers = at_once(live_server, [{**form, "link": f"@n{number}"} for number in range(THREADS)])

    assert len(answers) == Order.objects.count() == THREADS
