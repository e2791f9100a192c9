"""Cancellations: requests to stop an order, which end together with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from catalog.models import Provider, Service
from catalog.upstream import BatchOutcome, Client
from orders.models.aftercare import AftercareRequest
from orders.models.aftercare_queries import AftercareQuerySet
from orders.models.choices import ENDED, EventKind, RequestState, Status
from orders.models.orders import Order
from orders.triggers import CANCELLATION_TELLS_ITS_REJECTION, CANCELLATION_TELLS_ITS_REQUEST


class CancellationQuerySet(AftercareQuerySet["Cancellation"]):
    """Selections of cancellations in business words, and how they end with their order."""

    def not_sent(self) -> Self:
        """Cancellations that the provider has not been asked for."""
        return self.filter(state__in=[RequestState.REQUESTED, RequestState.APPROVED])

    def possibly_taken(self) -> Self:
        """Cancellations that the provider took, or may have taken."""
        return self.filter(state__in=[RequestState.RUNNING, RequestState.UNCLEAR])

    def overtaken(self) -> Self:
        """Cancellations, approved or sent, whose order has ended meanwhile."""
        states = [RequestState.APPROVED, RequestState.RUNNING, RequestState.UNCLEAR]
        return self.filter(state__in=states, order__status__in=ENDED)

    def drop(self, *, now: datetime) -> int:
        """The order ended before they were sent."""
        return self.update(
            state=RequestState.REJECTED, reason="The order ended before", ended_at=now
        )

    def end_with_order(self, status: Status, *, now: datetime) -> int:
        """The order ended as `status`: of a completed one there was nothing left to cancel."""
        if status == Status.COMPLETED:
            return self.update(
                state=RequestState.REJECTED, reason="The provider delivered it all", ended_at=now
            )
        return self.update(state=RequestState.COMPLETED, reason="", ended_at=now)


class Cancellation(AftercareRequest):
    """A customer's request to stop an order.

    Never moves money: the order's later status decides what is refunded.
    """

    NOUN = "Cancellation"
    EVENT_KIND = EventKind.CANCEL
    SENDABLE = Q(order__upstream_id__isnull=False, order__status=Status.RUNNING)
    MAX_LOST_ANSWERS = 5  # asking twice to stop an order does no harm
    HAS_UPSTREAM_ID = False

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cancellations")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="cancellations")

    triggers = (CANCELLATION_TELLS_ITS_REQUEST, CANCELLATION_TELLS_ITS_REJECTION)

    objects: ClassVar = CancellationQuerySet.as_manager()

    @staticmethod
    def mode_of(service: Service) -> str:
        """As AftercareRequest.mode_of."""
        return service.cancel_mode

    @classmethod
    def send(
        cls, client: Client, upstream_ids: Sequence[str], *, ambiguous_phrases: Sequence[str]
    ) -> BatchOutcome:
        """As AftercareRequest.send."""
        return client.cancel(upstream_ids, ambiguous_phrases=ambiguous_phrases)
