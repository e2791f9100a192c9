"""All that the provider knows; a reset makes a new one."""

import heapq
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.double.catalog import make_catalog
from tests.double.clock import Clock
from tests.double.dialect_replies import Phrasing
from tests.double.dialects import Dialect
from tests.double.faults import Faults
from tests.double.journal import Journal
from tests.double.money import ZERO
from tests.double.options import Options, Settings
from tests.double.orders import OVER, Look, Order, Refill
from tests.double.shop import Shop


@dataclass(slots=True)
class Account:
    """A customer of the provider, with money there."""

    name: str
    key: str
    balance: Decimal


@dataclass(slots=True)
class World:
    """The state of the provider.

    Its books always add up: top-ups = balance + the net charge of every order.
    """

    options: Options
    journal: Journal
    clock: Clock
    shop: Shop
    settings: Settings
    luck: Random
    faults: Faults
    phrasing: Phrasing
    accounts: dict[str, Account]
    next_order: int
    next_refill: int = 1
    orders: dict[int, Order] = field(default_factory=dict)
    refills: dict[int, Refill] = field(default_factory=dict)
    idempotent: dict[tuple[str, str], tuple[dict[str, str], int]] = field(default_factory=dict)
    _ends: list[tuple[float, int]] = field(default_factory=list)
    _feeds: dict[int, Order] = field(default_factory=dict)  # the subscriptions

    def account_of(self, key: str) -> Account | None:
        """Find whose key this is."""
        return next((account for account in self.accounts.values() if account.key == key), None)

    def order_of(self, account: Account, text: str) -> Order | None:
        """Find an account's own order by the id as it was sent; somebody else's is as good as
        none.
        """
        order = self.orders.get(int(text)) if text.isascii() and text.isdigit() else None
        return order if order and order.account == account.name else None

    def refill_of(self, account: Account, text: str) -> Refill | None:
        """Find an account's own refill by the id as it was sent."""
        refill = self.refills.get(int(text)) if text.isascii() and text.isdigit() else None
        return refill if refill and refill.account == account.name else None

    def watch(self, order: Order) -> None:
        """Remember when an order ends, so that its refund is paid then, and whose posts are
        to be served.
        """
        heapq.heappush(self._ends, (order.plan.stops_at, order.id))
        if order.feed:
            self._feeds[order.id] = order

    def watch_all(self) -> None:
        """Remember it of every order: what was paid before is not paid again."""
        for order in self.orders.values():
            self.watch(order)

    def settle(self) -> float:
        """Pay the refunds of all orders that ended by now; answers the moment that was meant."""
        now = self.clock.now()
        while self._ends and self._ends[0][0] <= now:
            moment, number = heapq.heappop(self._ends)
            order = self.orders[number]
            if order.forced is None and order.plan.stops_at == moment:
                self._refund_up_to(order, order.charge - order.look(now).charge)
        for order in self._feeds.values():
            self._serve(order, now=now)
        return now

    def _serve(self, order: Order, *, now: float) -> None:
        """Serve and bill the posts that are due, each at the rate of the day; without money
        the subscription pauses.
        """
        feed, account = order.feed, self.accounts[order.account]
        while feed and order.forced is None and feed.served < feed.due(now):
            service = self.shop.find(str(order.service))
            unit = service.charge(units=1) if service else None
            feed.is_paused = unit is None or unit > account.balance
            if unit is None or feed.is_paused:
                break
            account.balance -= unit
            order.charge += unit
            feed.served += 1
            self.journal.post_served(order, charge=unit)

    def force(self, order: Order, look: Look) -> None:
        """Hold an order in a state whatever the clock says; the books follow its charge."""
        order.forced = look
        self._refund_up_to(order, order.charge - look.charge)

    def release(self, order: Order) -> None:
        """Let a forced order go on by its timetable."""
        order.forced = None
        now = self.clock.now()
        look = order.look(now)
        self._refund_up_to(order, order.charge - look.charge if look.status in OVER else ZERO)
        self.watch(order)

    def _refund_up_to(self, order: Order, owed: Decimal) -> None:
        self.accounts[order.account].balance += owed - order.refunded
        order.refunded = owed


def open_world(*, options: Options, journal: Journal) -> World:
    """Begin anew from the options the process was started with."""
    ours = Account("ours", options.key, options.balance)
    other = Account("other", options.other_key, options.balance)
    return World(
        options=options,
        journal=journal,
        clock=Clock(speed=options.speed),
        shop=Shop(make_catalog(count=options.services, seed=options.seed)),
        settings=Settings(
            partial_share=options.partial, canceled_share=options.canceled, jitter=options.jitter
        ),
        luck=Random(options.seed + 1),
        faults=Faults(luck=Random(options.seed + 2)),
        phrasing=Phrasing(Dialect()),
        accounts={account.name: account for account in (ours, other)},
        next_order=options.first_id,
    )
