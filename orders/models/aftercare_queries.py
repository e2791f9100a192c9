"""Selections of refills and cancellations, and how a worker takes some of them."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self, TypeVar
from uuid import UUID

from django.db.models import Q

from catalog.models import Provider
from catalog.upstream import BATCH
from lib.row_locks import LockingQuerySet
from orders.models.choices import OPEN_REQUEST, RequestState
from orders.models.limits import CALL_LEASE
from orders.models.orders import Order

if TYPE_CHECKING:
    from orders.models.aftercare import AftercareRequest

Row = TypeVar("Row", bound="AftercareRequest")


class AftercareQuerySet(LockingQuerySet[Row]):
    """Selections of refills or cancellations in business words."""

    def open(self) -> Self:
        """Requests that have not ended."""
        return self.filter(state__in=OPEN_REQUEST)

    def at(self, provider: Provider) -> Self:
        """Requests for this provider."""
        return self.filter(Q(provider=provider))

    def about(self, orders: Collection[Order]) -> Self:
        """Requests of these orders."""
        return self.filter(Q(order__in=orders))

    def with_order(self) -> Self:
        """Read with their orders, whose rows are not locked along with them."""
        return self.select_related("order")

    def requested(self) -> Self:
        """Requests that wait for staff to approve or reject them."""
        return self.filter(state=RequestState.REQUESTED)

    def approved(self) -> Self:
        """Requests that are to be sent, due or not."""
        return self.filter(state=RequestState.APPROVED)

    def unclear(self) -> Self:
        """Requests that the provider may have taken: staff look."""
        return self.filter(state=RequestState.UNCLEAR)

    def running(self) -> Self:
        """Requests that the provider has taken."""
        return self.filter(state=RequestState.RUNNING)

    def under_way(self) -> Self:
        """Requests that go on without staff."""
        states = [RequestState.APPROVED, RequestState.SENDING, RequestState.RUNNING]
        return self.filter(state__in=states)

    def completed(self) -> Self:
        """Requests that were granted."""
        return self.filter(state=RequestState.COMPLETED)

    def rejected(self) -> Self:
        """Requests that staff or the provider turned down."""
        return self.filter(state=RequestState.REJECTED)

    def to_send(self, *, now: datetime) -> Self:
        """Approved requests that are due."""
        return self.approved().filter(send_at__lte=now)

    def sendable(self, *, now: datetime) -> Self:
        """Those of them whose orders are at the provider."""
        return self.to_send(now=now).filter(self.model.SENDABLE)

    def abandoned(self, *, now: datetime) -> Self:
        """Requests whose worker died while it sent them."""
        return self.filter(state=RequestState.SENDING, lease_until__lt=now)

    def held_by(self, owner: UUID) -> Self:
        """Requests that this worker is sending."""
        return self.filter(state=RequestState.SENDING, owner=owner)

    def claim(self, *, owner: UUID, now: datetime) -> list[Row]:
        """Take the 100 that have been due longest; `sent_at` is written before a byte leaves."""
        requests = list(self.free().with_order().order_by("send_at", "pk")[:BATCH])
        self.model._default_manager.filter(pk__in=[request.pk for request in requests]).update(
            state=RequestState.SENDING, owner=owner, lease_until=now + CALL_LEASE, sent_at=now
        )
        return requests

    def give_back(self) -> None:
        """Make requests due again that were certainly not sent."""
        self.update(state=RequestState.APPROVED, sent_at=None, lease_until=None)
