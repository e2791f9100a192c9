"""One test's shop on the stand: a provider of its own, a customer, and the oracle over both."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from django.utils import timezone

from accounts.models import User
from billing.models import Account
from catalog.models import Provider, Service
from orders.models import (
    Attempt,
    AttemptState,
    Baseline,
    Order,
    ProviderAccount,
    Status,
    Sweep,
    Watch,
)
from tests.double.handle import ProviderDouble
from tests.factories import make_user
from tests.faults.customers import Shopper, open_shop, place
from tests.faults.database import surely
from tests.faults.oracle import UNDER_WAY, Judgement, judge
from tests.faults.stand import Stand
from tests.waiting import PATIENCE, wait_for

T = TypeVar("T")
QUIET = 7.0  # UNCLEAR_QUIET of the stand in the tests

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Shop:
    """A provider that is the double, one service of it, and one customer with money."""

    stand: Stand
    double: ProviderDouble
    service: Service
    customer: User

    @classmethod
    def open(cls, stand: Stand, double: ProviderDouble) -> "Shop":
        """Open one whose provider may not be probed: what is unclear there stays with staff."""
        service = open_shop(double, name=f"Provider {next(_numbers)}")
        return cls(stand, double, service, make_user(balance="1000000"))

    def allow_proof(self) -> None:
        """Let the provider be probed, its books be begun, and a few orders go well: all
        that a proof rests on.
        """
        Provider.objects.filter(pk=self.service.provider_id).update(is_probe_allowed=True)
        account_balance = Baseline.objects.filter(
            provider_id=self.service.provider_id, read_at__isnull=False
        )
        self.wait(account_balance.exists)
        for _ in range(3):
            self.run()

    def go_on_until_clear(self, *, limit: float = PATIENCE) -> None:
        """Go on selling until nothing is unclear: a later order is what closes the bracket
        of a lost one.
        """
        give_up_at = time.monotonic() + limit
        self.settle(limit=limit)
        while Status.UNCLEAR in surely(self.statuses):
            assert time.monotonic() < give_up_at, [attempt.evidence for attempt in self.unclear()]
            self.order("good")
            time.sleep(2.0)
        self.settle()

    def unclear(self) -> list[Attempt]:
        """The attempts that are not settled."""
        return list(
            Attempt.objects.filter(provider_id=self.service.provider_id, state=AttemptState.UNKNOWN)
        )

    @property
    def provider(self) -> Provider:
        """As it stands now."""
        return Provider.objects.get(pk=self.service.provider_id)

    @property
    def account(self) -> ProviderAccount:
        """As it stands now."""
        return ProviderAccount.objects.of(self.provider)

    @property
    def browser(self) -> Shopper:
        """The customer's browser."""
        return Shopper.of(self.stand.url, self.customer)

    def link(self, mark: str = "") -> str:
        """A link that no other order has."""
        return f"https://example.com/{next(_numbers)}/{mark}"

    def order(self, mark: str = "", *, quantity: int | None = None) -> Order:
        """Place one order; quantities differ, so that costs do."""
        number = next(_numbers)
        return place(
            self.customer, self.service, link=self.link(mark), quantity=quantity or 1000 + number
        )

    def run(self, mark: str = "") -> Order:
        """An order that runs at the provider."""
        order = self.order(mark)
        self.wait(lambda: self.status(order) == Status.RUNNING)
        order.refresh_from_db()
        return order

    def orders(self) -> list[Order]:
        """All orders of this shop as they stand now, oldest first."""
        return list(Order.objects.filter(provider_id=self.service.provider_id).order_by("pk"))

    def statuses(self) -> set[str]:
        """The statuses that occur."""
        return {order.status for order in self.orders()}

    def status(self, order: Order) -> str:
        """One order's status now."""
        return Order.objects.get(pk=order.pk).status

    def sent(self) -> Attempt | None:
        """An attempt whose answer is still awaited."""
        return Attempt.objects.filter(
            provider_id=self.service.provider_id, state=AttemptState.SENT
        ).first()

    def balance(self) -> Decimal:
        """What the customer has."""
        return Account.objects.get(owner=self.customer).balance

    def wait(self, condition: Callable[[], object], *, limit: float = PATIENCE) -> None:
        """Wait until `condition()` holds, also over a restart of the database; fail after
        `limit` seconds.
        """
        wait_for(lambda: surely(condition), limit=limit, every=0.1, tell=self._tell)

    def _tell(self) -> object:
        orders = [(order.pk, order.status, order.link) for order in surely(self.orders)]
        return self.provider.pause_reason, orders

    def let_job_end(self, name: str) -> None:
        """Wait until a job has ended since: also one that is under way now, since it runs alone."""
        began = timezone.now()
        self.wait(Sweep.objects.filter(name=name, ran_at__gt=began).exists)

    def settle(self, *, limit: float = PATIENCE) -> None:
        """Wait until no order is on its way any more."""
        self.wait(lambda: not self.statuses() & set(UNDER_WAY), limit=limit)

    def skip_back_off(self) -> None:
        """Let the waiting orders be due, as if their back-off were over."""
        Order.objects.filter(provider_id=self.service.provider_id, status=Status.WAITING).update(
            submit_at=timezone.now()
        )

    def put_off(self) -> None:
        """Let the waiting orders be due tomorrow."""
        Order.objects.filter(provider_id=self.service.provider_id, status=Status.WAITING).update(
            submit_at=timezone.now() + timedelta(days=1)
        )

    def pause(self) -> None:
        """Pause the provider as a person does; only a person lifts it."""
        Provider.objects.filter(pk=self.service.provider_id).update(
            paused_at=timezone.now(), pause_reason="by hand", is_pause_automatic=False
        )

    def resume(self) -> None:
        """Lift a pause."""
        Provider.objects.filter(pk=self.service.provider_id).update(
            paused_at=None, pause_reason="", is_pause_automatic=False, failures_in_row=0
        )

    def adds(self) -> int:
        """How many `add` requests have reached the provider."""
        return len(self.double.journal().asked("add"))

    def judge(self) -> Judgement:
        """The oracle's word on this shop."""
        orders = Order.objects.filter(provider_id=self.service.provider_id)
        return judge(
            (row for row in self.double.placed() if "somebody-else" not in row.link), orders=orders
        )

    def assert_sound(self) -> None:
        """Nothing that must never be has been: no double, no wrong id, no cent astray."""
        violations = surely(self.judge).violations
        assert not violations, violations

    def close(self) -> None:
        """Take the shop out of the way of the next test; what is unclear here stays so for ever."""
        self.pause()
        Watch.objects.filter(provider_id=self.service.provider_id).delete()
        self.put_off()


@contextmanager
def shop_of(stand: Stand, double: ProviderDouble) -> Iterator[Shop]:
    """A shop that is judged at the end of the test, whatever the test looked at itself."""
    shop = surely(lambda: Shop.open(stand, double))
    try:
        yield shop
        double.clear_faults()
        shop.assert_sound()
    finally:
        surely(shop.close)
