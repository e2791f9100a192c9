"""Orders that get lost on their way to the provider double: what the tests of the resolver have in
common.
"""

from datetime import timedelta

from django.db.models import F

from catalog.models import Provider, Service
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, Baseline, Order, ProviderAccount, Status, TopUp
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import make_order, make_service
from tests.orders.attempts import make_lane

QUIET_IS_OVER = timedelta(minutes=5)


class Lane:
    """A provider with a full profile, a baseline, and orders that went well."""

    def __init__(self, double: ProviderDouble, *, orders: int = 3, **fields: object) -> None:
        self.double = double
        self.service = make_lane(double, **{"is_probe_allowed": True, **fields})
        self._count = 0
        resolve_due()  # reads the baseline
        self.accepted = [self.accept() for _ in range(orders)]
        pass_time()

    @property
    def provider(self) -> Provider:
        return Provider.objects.get(pk=self.service.provider_id)

    @property
    def account(self) -> ProviderAccount:
        return ProviderAccount.objects.of(self.provider)

    def order(self, *, quantity: int | None = None, service: Service | None = None) -> Order:
        """A paid order that is due; without a quantity none that costs the same as another."""
        self._count += 1
        quantity = quantity or 1000 + 7 * self._count**3 % 997
        return make_order(
            service=service or self.service,
            quantity=quantity,
            link=f"https://example.com/p?n={self._count}",
        )

    def accept(self, **wanted: int) -> Order:
        """An order that the provider accepts."""
        order = self.order(**wanted)  # type: ignore[arg-type]  # quantity alone
        submit_due()
        order.refresh_from_db()
        assert order.status == Status.RUNNING
        return order

    def lose(self, fault: str, *, quantity: int | None = None, **details: object) -> Order:
        """An order whose answer never came."""
        self.double.fault("add", fault, times=1, **details)
        order = self.order(quantity=quantity)
        submit_due()
        order.refresh_from_db()
        assert order.status == Status.UNCLEAR
        return order

    def go_on(self) -> Order:
        """Time passes, and a later order is accepted."""
        pass_time()
        return self.accept()

    def second_service(self) -> Service:
        """Another service of the same provider."""
        row = self.double.services()[1]
        service = make_service(
            provider=self.provider, cost=row["rate"], price="1000", max_quantity=row["max"]
        )
        service.upstream_id = str(row["service"])
        service.save(update_fields=["upstream_id"])
        return service


def pass_time(by: timedelta = QUIET_IS_OVER) -> None:
    """Do as if all that happened had happened so much earlier."""
    Attempt.objects.update(
        prepared_at=F("prepared_at") - by,
        sent_at=F("sent_at") - by,
        finished_at=F("finished_at") - by,
        lease_until=F("lease_until") - by,
    )
    Baseline.objects.update(read_at=F("read_at") - by)
    TopUp.objects.update(entered_at=F("entered_at") - by)


def verdict(order: Order) -> tuple[str, str]:
    """Status of the order and state of the attempt that was lost."""
    order.refresh_from_db()
    attempt = Attempt.objects.filter(order=order).earliest("pk")
    return str(order.status), str(attempt.state)


PLACED = (Status.RUNNING.value, AttemptState.PLACED.value)
NOT_PLACED = (Status.WAITING.value, AttemptState.NOT_PLACED.value)
UNDECIDED = (Status.UNCLEAR.value, AttemptState.UNKNOWN.value)


def unmet(order: Order) -> list[str]:
    """The conditions that are not met, as staff read them."""
    kept = Attempt.objects.filter(order=order).earliest("pk").evidence
    return [each.name for each in kept.unmet]
