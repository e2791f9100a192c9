"""The limit of orders that cost nothing: so many of a service per customer in 24 hours."""

from datetime import datetime, timedelta
from typing import Final

from accounts.models import User
from catalog.models import LOWEST_PRICE, Service
from lib.advisory_locks import wait_in_transaction_for
from orders.placing.check_fields import FieldErrors, Problem

DAY: Final = timedelta(days=1)


class FreeLimitReached(FieldErrors):
    """The customer has placed as many free orders of this service as a day allows."""

    def __init__(self, limit: int) -> None:
        times = "once" if limit == 1 else f"{limit:,} times"
        text = f"This free service can be ordered {times} in 24 hours."
        super().__init__({"service": Problem(text)})
        self.args = (text,)  # pages say it without the field


def check_free_limit(*, customer: User, service: Service, now: datetime) -> None:
    """Raise FreeLimitReached where a free order more would exceed the service's limit.

    Orders of one customer and service take turns until the caller's transaction ends, so that the
    next one counts this one. Canceled orders count, too.
    """
    wait_in_transaction_for(f"free:{customer.pk}:{service.pk}")
    limit = service.free_per_day or 0
    placed = customer.orders.filter(
        service=service, price__lt=LOWEST_PRICE, created_at__gt=now - DAY
    ).count()
    if placed >= limit:
        raise FreeLimitReached(limit)
