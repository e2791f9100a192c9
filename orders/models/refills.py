"""Refills: requests to deliver again what dropped, followed by the provider's id."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.db import models
from django.db.models import Q

from catalog.models import Provider, Service
from catalog.upstream import BATCH, BatchOutcome, Client
from orders.models.aftercare import AftercareRequest
from orders.models.aftercare_queries import AftercareQuerySet
from orders.models.choices import EventKind, RequestState
from orders.models.limits import CALL_LEASE, REASON_LENGTH
from orders.models.orders import Order
from orders.triggers import REFILL_TELLS_ITS_END, REFILL_TELLS_ITS_REQUEST

if TYPE_CHECKING:
    from accounts.models import User

MAX_ERRORS: Final = 5  # looks in a row at which the provider does not know it: then staff look


class RefillQuerySet(AftercareQuerySet["Refill"]):
    """Selections of refills in business words."""

    def due(self, *, now: datetime) -> Self:
        """Refills that the provider is to be asked about now."""
        return self.running().filter(due_at__lte=now)

    def silent(self, *, since: datetime, requested_before: datetime) -> Self:
        """Running ones of which nothing was understood since then, or that run for too long."""
        return self.running().filter(Q(heard_at__lt=since) | Q(requested_at__lt=requested_before))

    def claim_due(self, *, now: datetime) -> list["Refill"]:
        """Take the 100 that have been due longest: nobody else asks about them meanwhile."""
        refills = list(self.due(now=now).free().order_by("due_at", "pk")[:BATCH])
        claimed = Refill.objects.filter(pk__in=[refill.pk for refill in refills])
        claimed.update(due_at=now + CALL_LEASE)
        return refills


class Refill(AftercareRequest):
    """A customer's request to deliver again what dropped. One open refill per order."""

    NOUN = "Refill"
    EVENT_KIND = EventKind.REFILL
    SENDABLE = Q(order__upstream_id__isnull=False)
    MAX_LOST_ANSWERS = 1  # a second one would be delivered, too
    HAS_UPSTREAM_ID = True

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refills")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="refills")
    upstream_id = models.CharField(max_length=64, blank=True)
    upstream_status = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # when its status is asked next
    errors = models.PositiveIntegerField(default=0)  # per-id errors in a row
    heard_at = models.DateTimeField(null=True, blank=True)  # when its status was last understood

    triggers = (REFILL_TELLS_ITS_REQUEST, REFILL_TELLS_ITS_END)

    objects: ClassVar = RefillQuerySet.as_manager()

    @staticmethod
    def mode_of(service: Service) -> str:
        """As AftercareRequest.mode_of."""
        return service.refill_mode

    @classmethod
    def send(
        cls, client: Client, upstream_ids: Sequence[str], *, ambiguous_phrases: Sequence[str]
    ) -> BatchOutcome:
        """As AftercareRequest.send."""
        return client.refill(upstream_ids, ambiguous_phrases=ambiguous_phrases)

    def update_progress(self, *, upstream_status: str, now: datetime) -> None:
        """The provider knows it and it goes on."""
        self.errors, self.upstream_status, self.reason = 0, upstream_status, ""
        self.heard_at = now
        self._look(RequestState.RUNNING, "heard_at")

    def puzzle(self, *, reason: str) -> None:
        """The provider knows it, and nobody can tell what it says; staff read `reason`."""
        self.errors, self.reason = 0, reason[:REASON_LENGTH]
        self._look(RequestState.RUNNING)

    def note_silence(self, *, reason: str) -> None:
        """For too long nothing was heard of it; staff read `reason`."""
        self.reason = reason[:REASON_LENGTH]
        self.save(update_fields=["reason"])

    def miss(self, *, now: datetime) -> None:
        """The provider does not know it: after a few looks in a row staff decide."""
        self.errors += 1
        if self.errors < MAX_ERRORS:
            self._look(RequestState.RUNNING)
            return
        self.reason = f"The provider did not recognize this refill in the last {self.errors} checks"
        self._look(RequestState.UNCLEAR)
        self.order.record(kind=self.EVENT_KIND, text=self.reason, now=now, is_internal=True)

    def end(self, state: RequestState, *, text: str, now: datetime) -> None:
        """The provider says how it ended."""
        self.errors, self.upstream_status, self.ended_at = 0, "", now
        self.reason = "" if state == RequestState.COMPLETED else text
        self._look(state, "ended_at")
        self.order.record(kind=self.EVENT_KIND, text=text, now=now)

    def end_by_staff(
        self, state: RequestState, *, actor: "User", reason: str, now: datetime
    ) -> None:
        """Staff say how it ended; the customer reads the reason of a rejection."""
        self.errors, self.upstream_status, self.ended_at = 0, "", now
        self.reason = reason[:REASON_LENGTH] if state == RequestState.REJECTED else ""
        fields = ("errors", "upstream_status", "ended_at", "reason")
        self._decide(state, *fields, actor=actor, now=now)
        if state == RequestState.REJECTED:
            self._record(f"rejected: {reason}", now=now, actor=actor)
            return
        self._record("completed", now=now, actor=actor)
        self._record(f"completed, as staff say: {reason}", now=now, actor=actor, is_internal=True)

    def _follow(self, upstream_id: str, *, now: datetime) -> Sequence[str]:
        self.upstream_id, self.due_at, self.errors = upstream_id, now, 0
        self.heard_at = now
        return "upstream_id", "due_at", "errors", "heard_at"

    def _look(self, state: RequestState, *fields: str) -> None:
        self._move(state, "due_at", "errors", "upstream_status", "reason", *fields)
