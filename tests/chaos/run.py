"""One run: a panel, its providers, its customers; all of it is hurt while they order, and judged
when it is calm.
"""

import itertools
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone

from catalog.models import Provider, Service
from orders.models import Baseline, Order, Status, Watch
from tests.chaos.customers import Customer
from tests.chaos.disturbances import Disturber
from tests.chaos.provider_faults import count_struck, spoil
from tests.double.handle import ProviderDouble
from tests.factories import make_user
from tests.faults.customers import Shopper, open_shop, place
from tests.faults.database import database_of, surely
from tests.faults.oracle import UNDER_WAY, Judgement, judge
from tests.faults.stand import Stand

FEW_PROVIDERS, MANY_PROVIDERS = 3, 10
MANY_ORDERS = 1000  # from which on a run has many: each lane takes only so many doubts at one time
CUSTOMERS = 6
MONEY = "100000000"
STEP = 0.2  # seconds
# Seconds. Two cores forward, track and prove thousands of orders; while an account is read, its
# lane is closed.
CALMER = {
    "SUBMIT_EVERY": "2",
    "TRACK_EVERY": "4",
    "TRACK_MIN_INTERVAL": "6",
    "REFILL_EVERY": "30",
    "RESOLVE_EVERY": "10",
    "AUDIT_EVERY": "60",
}
CALM = 240.0  # seconds that the panel has, after the last fault, to bring everything to an end
STUCK = 45.0  # seconds in which no doubt was settled: those that are left are staff's
FEW = 10  # waiting orders: then the disturbances end
# seconds: a shop goes on selling, and a later order is what closes the bracket of a doubtful one
CLOSING_EVERY = 3.0
FAST_PROVIDER: dict[str, Any] = {
    "speed": 20,
    "partial": 0.03,
    "canceled": 0.02,
    "jitter": 0.3,
    "balance": 1_000_000_000,
}


@dataclass(frozen=True)
class Wanted:
    """What a run shall be like."""

    seed: int
    orders: int
    is_probe_allowed: bool  # else every ambiguous order stays with staff
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    judgement: Judgement
    done: Counter[str]  # what was done to the panel
    struck: int  # orders that met a fault at a provider
    seconds: float
    problems: list[str]  # of the run itself: orders that nobody took, customers that broke off


def run(wanted: Wanted) -> Outcome:
    """Run once. The panel's data are kept where something was wrong, else removed."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="panel-chaos-"))
    with ExitStack() as stack:
        doubles = [
            stack.enter_context(ProviderDouble(seed=wanted.seed * 100 + number, **FAST_PROVIDER))
            for number in range(MANY_PROVIDERS if wanted.orders >= MANY_ORDERS else FEW_PROVIDERS)
        ]
        stand = Stand(folder / "data", env=CALMER if wanted.orders >= MANY_ORDERS else None)
        stack.callback(stand.end)
        stand.start()
        stack.enter_context(database_of(stand.data_dir))
        wanted.tell(
            f"seed {wanted.seed}: the panel serves at {stand.url}, its data are in {folder}"
        )
        outcome = _run(wanted, stand, doubles, began)
    if not outcome.judgement.violations and not outcome.problems:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _run(wanted: Wanted, stand: Stand, doubles: list[ProviderDouble], began: float) -> Outcome:
    services = [_open_shop(wanted, double, number) for number, double in enumerate(doubles, 1)]
    customers = _customers(wanted, stand, services)
    _begin(wanted, services, customers[0])
    for double in doubles:
        spoil(double)
    disturber = Disturber(stand, random.Random(wanted.seed))
    for customer in customers:
        customer.start()
    for moment in _moments(every=5.0):
        disturber.step()
        if not moment:
            continue
        _tell_progress(wanted, disturber)
        is_placed = not any(customer.is_alive() for customer in customers)
        if (
            is_placed
            and disturber.has_done_enough(orders=wanted.orders)
            and surely(_count_waiting) <= FEW
        ):
            break
    disturber.let_go()
    struck = sum(map(count_struck, doubles))
    for double in doubles:
        double.clear_faults()
    _calm_down(wanted, stand, services, customers[0])
    placed = [row for double in doubles for row in double.placed()]
    problems = [f"nobody took {link}" for customer in customers for link in customer.unanswered]
    problems += [
        f"{customer.name}: {customer.problem!r}" for customer in customers if customer.problem
    ]
    judgement = judge(placed)
    if judgement.under_way:
        problems.append(f"{judgement.under_way} orders came to no end")
    return Outcome(judgement, disturber.done, struck, time.monotonic() - began, problems)


def _open_shop(wanted: Wanted, double: ProviderDouble, number: int) -> Service:
    double.settings(gap_share=0.1)
    return open_shop(double, name=f"Provider {number}", is_probe_allowed=wanted.is_probe_allowed)


def _begin(wanted: Wanted, services: list[Service], customer: Customer) -> None:
    """Let the books of every provider be begun and a few orders go well, as in a shop that has
    been open before.
    """
    if not wanted.is_probe_allowed:
        return
    _wait_until(lambda: Baseline.objects.filter(read_at__isnull=False).count() == len(services))
    for number in range(3 * len(services)):
        link = f"https://example.com/{wanted.seed}/first/{number}"
        place(customer.user, services[number % len(services)], link=link, key=link)
    _wait_until(lambda: not Order.objects.filter(status__in=UNDER_WAY).exists())


def _wait_until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + CALM
    while not surely(condition):
        if time.monotonic() > give_up_at:
            raise TimeoutError("the panel did not begin to forward")
        time.sleep(STEP)


def _customers(wanted: Wanted, stand: Stand, services: list[Service]) -> list[Customer]:
    links = [f"https://example.com/{wanted.seed}/{number}" for number in range(wanted.orders)]
    users = [make_user(balance=MONEY) for _ in range(CUSTOMERS)]
    return [
        Customer(
            user=user,
            services=services,
            links=links[number::CUSTOMERS],
            shopper=Shopper.of(stand.url, user),
            seed=wanted.seed * 100 + number,
        )
        for number, user in enumerate(users)
    ]


def _calm_down(wanted: Wanted, stand: Stand, services: list[Service], customer: Customer) -> None:
    """Let the panel come to an end of everything that it can; customers order on meanwhile."""
    give_up_at = time.monotonic() + CALM
    numbers = itertools.count(1)
    hope = _Hope(is_probe_allowed=wanted.is_probe_allowed)
    for moment in _moments(every=CLOSING_EVERY):
        stand.keep_second_beat()
        if not moment:
            continue
        count = surely(_count_open)
        is_hopeful = hope.of(count["unclear"])
        if not count["busy"] and not is_hopeful:
            return
        if time.monotonic() > give_up_at:
            wanted.tell(f"not calm after {CALM:.0f} s: {dict(count)}")
            return
        # hours pass for the order that a killed worker was about to ask for
        surely(
            lambda: Watch.objects.filter(due_at__gt=timezone.now()).update(due_at=timezone.now())
        )
        surely(lambda: Order.objects.filter(status=Status.WAITING).update(submit_at=timezone.now()))
        for service in services if is_hopeful else []:
            link = f"https://example.com/{wanted.seed}/closing/{next(numbers)}"
            surely(partial(place, customer.user, service, link=link, key=link))


@dataclass
class _Hope:
    """Whether the machine may settle what is still unclear: while it goes on doing so."""

    is_probe_allowed: bool
    unclear: int = -1
    since: float = 0.0  # monotonic seconds

    def of(self, unclear: int) -> bool:
        if unclear != self.unclear:
            self.unclear, self.since = unclear, time.monotonic()
        return self.is_probe_allowed and unclear > 0 and time.monotonic() < self.since + STUCK


def _count_waiting() -> int:
    return Order.objects.filter(status=Status.WAITING).count()


def _count_open() -> Counter[str]:
    return Counter(
        busy=Order.objects.filter(status__in=[*UNDER_WAY, Status.RUNNING], reviews=None).count(),
        unclear=Order.objects.filter(status=Status.UNCLEAR).count(),
    )


def _tell_progress(wanted: Wanted, disturber: Disturber) -> None:
    by_status = Counter(surely(lambda: list(Order.objects.values_list("status", flat=True))))
    paused = surely(lambda: Provider.objects.exclude(paused_at=None).count())
    wanted.tell(f"  {dict(by_status)}, {paused} providers paused; {dict(disturber.done)}")


def _moments(*, every: float) -> Iterator[bool]:
    """A tick each STEP seconds, for ever; true where `every` seconds have passed since the last
    true one.
    """
    due_at = time.monotonic() + every
    while True:
        is_due = time.monotonic() >= due_at
        if is_due:
            due_at = time.monotonic() + every
        yield is_due
        time.sleep(STEP)
