"""Who writes the catalog while others read its price list: nobody waits, and no list outlives what
it was made of.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import PriceListVersion, Service
from catalog.prices.price_list import PriceGroup, PriceList, write_list
from catalog.prices.price_list_cache import NotReady, PriceLists, read_version
from tests.factories import make_service
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

EVERYBODY = PriceGroup.EVERYBODY


def prices(listed: PriceList) -> dict[int, Decimal]:
    return {
        row["service"]: Decimal(row["rate"]) for row in json.loads(listed.variants["identity"].body)
    }


def set_price(service: Service, price: int) -> None:
    """As the catalog's own writers do: with a moment that was taken before the write."""
    Service.objects.filter(pk=service.pk).update(price=price, updated_at=timezone.now())


@contextmanager
def open_write(service: Service, *, price: int) -> Iterator[Callable[[], None]]:
    """A session that has set a price and not committed it; the block is given what commits."""
    has_written, may_commit = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                set_price(service, price)
                has_written.set()
                may_commit.wait(60)
        finally:
            has_written.set()
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        written = thread.submit(write)
        assert has_written.wait(60)

        def commit() -> None:
            may_commit.set()
            written.result(timeout=60)

        try:
            yield commit
        finally:
            commit()


def read_after_a_late_commit(
    version: Callable[[], str | None],
) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """What a process lists after two writers, of whom the one that wrote first committed last;
    and what is true.
    """
    early, late = make_service(cost="0"), make_service(cost="0")
    lists = PriceLists(version=version)
    with open_write(early, price=7) as commit:
        set_price(late, 8)
        assert prices(lists.current(group=EVERYBODY))[late.pk] == 8
        commit()
    return prices(lists.current(group=EVERYBODY)), {early.pk: Decimal(7), late.pk: Decimal(8)}


def newest_moment() -> str:
    """The usual habit: the newest change and the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(updated_at)::text || count(*) FROM catalog_service")
        return str(cursor.fetchone()[0])


def test_a_change_that_is_committed_late_is_in_the_next_list() -> None:
    listed, true = read_after_a_late_commit(read_version)

    assert listed == true


def test_control_by_the_newest_change_a_late_commit_is_never_seen() -> None:
    listed, true = read_after_a_late_commit(newest_moment)

    assert listed != true


def test_writers_of_the_catalog_do_not_wait_for_each_other() -> None:
    first, second = make_service(cost="0"), make_service(cost="0")

    with open_write(first, price=7), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        set_price(second, 8)

    assert prices(PriceLists().current(group=EVERYBODY)) == {
        first.pk: Decimal(7),
        second.pk: Decimal(8),
    }
    assert PriceListVersion.objects.count() == 2


def test_a_list_of_a_change_that_was_rolled_back_is_not_kept() -> None:
    service = make_service(cost="0", price="1")
    lists = PriceLists()

    with transaction.atomic():
        set_price(service, 9)
        assert prices(lists.current(group=EVERYBODY)) == {service.pk: Decimal(9)}
        transaction.set_rollback(True)

    assert prices(lists.current(group=EVERYBODY)) == {service.pk: Decimal(1)}
    set_price(service, 2)
    assert prices(lists.current(group=EVERYBODY)) == {service.pk: Decimal(2)}


def test_many_readers_at_once_have_the_list_written_once() -> None:
    make_service()
    written = []

    def write(group: PriceGroup) -> bytes:
        written.append(group)
        time.sleep(0.2)
        return write_list(group)

    lists = PriceLists(write=write, patience=60)

    answers = at_once(lambda _number: lists.current(group=EVERYBODY), times=8)

    assert len(written) == 1
    assert all(answer is answers[0] for answer in answers)


class SlowWriter:
    """Writes lists that take until somebody lets them be done."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = Event(), Event()

    def __call__(self, group: PriceGroup) -> bytes:
        self.has_begun.set()
        self.may_end.wait(60)
        return write_list(group)

    def begin(self, lists: PriceLists, thread: ThreadPoolExecutor) -> "Future[PriceList]":
        """Have another session want the list; returns when its writing has begun."""

        def want() -> PriceList:
            try:
                return lists.current(group=EVERYBODY)
            finally:
                connection.close()

        self.has_begun.clear()
        self.may_end.clear()
        wanted = thread.submit(want)
        assert self.has_begun.wait(60)
        return wanted


def test_who_has_waited_long_enough_is_given_the_list_before() -> None:
    service = make_service(cost="0", price="1")
    writer = SlowWriter()
    lists = PriceLists(write=writer, patience=0.05)
    with ThreadPoolExecutor(1) as thread:
        first = writer.begin(lists, thread)
        with pytest.raises(NotReady):
            lists.current(group=EVERYBODY)
        writer.may_end.set()
        before = first.result(timeout=60)

        set_price(service, 2)
        second = writer.begin(lists, thread)

        assert lists.current(group=EVERYBODY) is before
        writer.may_end.set()
        assert prices(second.result(timeout=60)) == {service.pk: Decimal(2)}
    assert lists.current(group=EVERYBODY) is second.result()


READERS = (3, 4, 5)  # of six sessions; the others write
LOOKS = 15  # of each reader


def test_what_was_committed_before_a_reader_asked_is_always_listed() -> None:
    services = [make_service(cost="0", price="1") for _ in range(3)]
    lists = PriceLists(patience=60)
    committed = {service.pk: 1 for service in services}
    looks: Counter[int] = Counter()

    def write(number: int) -> None:
        """Each price only ever rises, each by a writer of its own whose commits come late
        by another measure.
        """
        for price in range(2, 100_000):
            with transaction.atomic():
                set_price(services[number], price)
                time.sleep(0.004 * number)
            committed[services[number].pk] = price
            if min(looks[reader] for reader in READERS) >= LOOKS:
                return

    def read(number: int) -> None:
        for _ in range(LOOKS):
            known = dict(committed)
            listed = prices(lists.current(group=EVERYBODY))
            assert all(listed[pk] >= price for pk, price in known.items()), (listed, known)
            looks[number] += 1

    at_once(lambda number: read(number) if number in READERS else write(number), times=6)

    assert prices(lists.current(group=EVERYBODY)) == committed
