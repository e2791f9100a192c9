"""Faults 21–25: PostgreSQL restarts, loses a session, takes nothing down, has no room, or makes one
wait.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from uuid import uuid4

import psycopg
import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone

from billing.models import Account
from orders.jobs.sender_locks import ATTEMPTS
from orders.models import Attempt, Order, Status
from panel.embedded import Paths
from panel.embedded.paths import DATABASE, OWNER
from tests.faults.database import surely
from tests.faults.shop import Shop
from tests.faults.stand import Stand
from tests.faults.test_killed_processes import assert_forwarded_once
from tests.waiting import PATIENCE

pytestmark = pytest.mark.stack

ORDERED, AWAY, BROKEN = 302, 503, 0
CUSTOMERS = 3


def order_until_taken(shop: Shop, *, count: int) -> set[int]:
    """Order by the page; what got no success is sent again with the same key.

    The status codes that were seen.
    """
    seen: set[int] = set()
    try:
        browser = surely(lambda: shop.browser)
        for _ in range(count):
            form = surely(lambda: browser.form(shop.service, link=shop.link()))
            give_up_at = time.monotonic() + PATIENCE
            while (code := browser.send(form)) != ORDERED:
                seen.add(code)
                assert time.monotonic() < give_up_at
                time.sleep(0.2)
            seen.add(code)
    finally:
        connection.close()
    return seen


def health(shop: Shop) -> requests.Response:
    return requests.get(f"{shop.stand.url}/health", timeout=60)


def session(stand: Stand) -> "psycopg.Connection[tuple[object, ...]]":
    folder = Paths.of(stand.data_dir).postgres_sockets
    return psycopg.connect(host=str(folder), user=OWNER, dbname=DATABASE, autocommit=True)


def test_fault_21_immediate_restart_under_load_loses_nothing_and_is_over_soon(shop: Shop) -> None:
    with ThreadPoolExecutor(CUSTOMERS) as threads:
        loads = [threads.submit(order_until_taken, shop, count=12) for _ in range(CUSTOMERS)]
        shop.wait(lambda: len(shop.orders()) >= CUSTOMERS)
        assert shop.stand.restart_postgres() is not None
        began, answers = time.monotonic(), [health(shop)]
        while answers[-1].status_code != 200 or len(answers) < 2:
            time.sleep(0.1)
            answers.append(health(shop))
        took = time.monotonic() - began
        seen = set().union(*(load.result() for load in loads))
    shop.settle()

    assert took < 180  # 10 on a machine that does nothing else
    assert {
        answer.headers.get("Retry-After") for answer in answers if answer.status_code == AWAY
    } <= {"5"}
    assert seen <= {ORDERED, AWAY}
    assert len(shop.orders()) == CUSTOMERS * 12
    assert_forwarded_once(shop, unclear=True)


def test_fault_22_answer_of_a_worker_whose_session_is_ended_is_recorded_on_a_new_one(
    shop: Shop,
) -> None:
    shop.double.fault("add", "held")
    order = shop.order()
    shop.wait(shop.sent)

    with connection.cursor() as cursor:
        # a bigint lock shows its upper half as classid
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks"
            " WHERE locktype = 'advisory' AND classid = %s",
            [ATTEMPTS >> 32],
        )
        ended = cursor.fetchone()[0]
    shop.double.clear_faults()
    shop.settle()

    assert ended >= 1
    assert shop.status(order) == Status.RUNNING
    assert len(shop.double.placed()) == 1


@contextmanager
def read_only(stand: Stand) -> Iterator[None]:
    """Every session of the panel may only read, as on a full disk."""
    with session(stand) as admin:
        admin.execute("SET default_transaction_read_only = off")
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
            admin.execute("SELECT pg_reload_conf()")


def refusals_of(stand: Stand) -> int:
    """How often PostgreSQL has refused to write since it began."""
    return stand.log("postgres").count("in a read-only transaction")


def test_fault_23_nothing_is_sent_that_the_database_did_not_take_down(shop: Shop) -> None:
    shop.double.fault("add", "delayed", seconds=0.3)
    for _ in range(12):
        shop.order()
    shop.wait(shop.sent)
    before = refusals_of(shop.stand)
    with read_only(shop.stand):
        shop.wait(lambda: refusals_of(shop.stand) >= before + 2)  # so often was it tried
        written = set(Attempt.objects.exclude(sent_at=None).values_list("order__link", flat=True))
        asked = {request.parameters["link"] for request in shop.double.journal().asked("add")}
    shop.settle()

    assert asked <= written
    assert_forwarded_once(shop, unclear=True)


def test_fault_24_without_a_free_connection_pages_say_so_and_change_nothing(shop: Shop) -> None:
    browser = shop.browser
    form = browser.form(shop.service, link=shop.link())
    with ExitStack() as taken:
        seen, give_up_at = set[int](), time.monotonic() + PATIENCE
        while AWAY not in seen:
            assert time.monotonic() < give_up_at, seen
            # one that has sessions already would go on with them
            for pid in shop.stand.pids("web child"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for _ in range(5):  # theirs are free a moment later
                take_all(shop.stand, taken)
                time.sleep(0.1)
            seen |= {browser.send(form) for _ in range(3)}
    shop.wait(lambda: browser.send(form) == ORDERED)
    shop.settle()

    assert AWAY in seen
    assert seen <= {AWAY, ORDERED, BROKEN}
    assert len(shop.orders()) == 1
    assert_forwarded_once(shop)


def take_all(stand: Stand, taken: ExitStack) -> None:
    """Open sessions until there is room for no more."""
    while True:
        try:
            taken.enter_context(session(stand))
        except psycopg.OperationalError:
            return


def test_fault_25_wallet_that_is_locked_too_long_says_so_and_the_same_form_succeeds_later(
    shop: Shop,
) -> None:
    browser = shop.browser
    form = browser.form(shop.service, link=shop.link())
    with session(shop.stand) as other, other.transaction():
        other.execute(
            "SELECT 1 FROM billing_account WHERE owner_id = %s FOR UPDATE", [shop.customer.pk]
        )
        first = browser.send(form)
        orders_then = Order.objects.filter(user=shop.customer).count()
    second, third = browser.send(form), browser.send(form)
    shop.settle()

    assert (first, orders_then, second, third) == (AWAY, 0, ORDERED, ORDERED)
    assert len(shop.orders()) == 1
    assert_forwarded_once(shop)


def test_fault_25_deadlock_is_broken_by_the_database_and_the_same_form_succeeds(shop: Shop) -> None:
    browser, key = shop.browser, str(uuid4())
    form = browser.form(shop.service, link=shop.link(), key=key)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            let_the_other_break_off()
            Account.objects.select_for_update().get(owner=shop.customer)
            # has inserted its order when it waits for the wallet
            sent = threads.submit(browser.send, form)
            shop.wait(is_somebody_waiting)
            insert_order(shop, client_key=key)  # waits for that order: a circle
            transaction.set_rollback(True)
        first = sent.result()
    second = browser.send(form)
    shop.settle()

    assert (first, second) == (AWAY, ORDERED)
    assert len(shop.orders()) == 1
    assert_forwarded_once(shop)


def insert_order(shop: Shop, *, client_key: str) -> None:
    """A free order in the present transaction."""
    now = timezone.now()
    Order.objects.create(
        user=shop.customer,
        service=shop.service,
        provider_id=shop.service.provider_id,
        client_key=client_key,
        billed_quantity=1,
        rate=0,
        cost=0,
        price=0,
        charge=0,
        submit_at=now,
        created_at=now,
    )


def let_the_other_break_off() -> None:
    """In the present transaction, wait longer than any session of the panel does."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL deadlock_timeout = '20s'")
        cursor.execute("SET LOCAL lock_timeout = '25s'")


def is_somebody_waiting() -> bool:
    """Whether a session of the panel waits for a lock of this one."""
    with connection.cursor() as cursor:
        # a transaction keeps the list of sessions as it first saw it
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
