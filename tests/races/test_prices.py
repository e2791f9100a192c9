"""Who writes prices at the same time: a margin must not be undone by a repricing that had read the
margin before.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction

from catalog.models import Service
from catalog.prices.reprice import open_rulebook, reprice
from catalog.prices.set_margin import set_margin
from catalog.prices.write_lock import lock_catalog
from tests.factories import NOW, make_service

pytestmark = pytest.mark.django_db(transaction=True)

# seconds in which the margin may overtake if the lock does not hold it back; fewer prove less,
# never fail
CHANCE = 0.7
AGES = 20  # seconds for what must come; a transaction may not idle for longer than 30


def race(*, lock: Callable[[], None], chance: float) -> Decimal:
    """The price after a slow repricing (of a rate that moved) and a new margin of 50 % between
    its two halves.
    """
    make_service(cost="1", price="1")
    set_margin(target=None, percent=Decimal(25), fixed=Decimal(0), actor=None, now=NOW)
    has_read, is_set = Event(), Event()

    def reprice_slowly() -> None:
        with transaction.atomic():
            lock()
            book = open_rulebook()
            has_read.set()
            is_set.wait(chance)
            Service.objects.update(rate=2)
            reprice(services=Service.objects.all(), book=book, now=NOW)
        connection.close()

    def set_meanwhile() -> None:
        has_read.wait(AGES)
        set_margin(target=None, percent=Decimal(50), fixed=Decimal(0), actor=None, now=NOW)
        is_set.set()
        connection.close()

    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(reprice_slowly), threads.submit(set_meanwhile)]:
            future.result(timeout=3 * AGES)
    return Service.objects.get().price


def test_a_margin_set_during_a_repricing_holds() -> None:
    assert race(lock=lock_catalog, chance=CHANCE) == Decimal(3)


def test_control_without_the_lock_the_margin_is_lost() -> None:
    assert race(lock=lambda: None, chance=AGES) == Decimal("2.5")
