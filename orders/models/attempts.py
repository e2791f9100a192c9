"""The attempts to forward an order."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from catalog.models import RATE, Provider
from catalog.upstream import Exchange
from lib.row_locks import LockingQuerySet
from orders.models.evidence import Evidence, EvidenceField
from orders.models.limits import REASON_LENGTH
from orders.models.orders import Order

if TYPE_CHECKING:
    from accounts.models import User


class AttemptState(models.TextChoices):
    """How far one attempt to forward an order came."""

    PREPARED = "prepared", "Prepared"  # claimed; no byte may be sent
    SENT = "sent", "Sent"  # written down immediately before the first byte
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Rejected"
    NOT_SENT = "not_sent", "Not sent"
    UNKNOWN = "unknown", "Unknown"  # perhaps placed
    PLACED = "placed", "Placed"  # found at the provider
    NOT_PLACED = "not_placed", "Not placed"


IN_FLIGHT: Final = [AttemptState.PREPARED, AttemptState.SENT]
OPEN_ATTEMPT: Final = [*IN_FLIGHT, AttemptState.UNKNOWN]
POSSIBLY_PLACED: Final = [*OPEN_ATTEMPT, AttemptState.ACCEPTED, AttemptState.PLACED]


class AttemptQuerySet(LockingQuerySet["Attempt"]):
    """Selections of attempts in business words, and the one order in which they are locked."""

    def open(self) -> Self:
        """Attempts whose outcome is not known yet."""
        return self.filter(state__in=OPEN_ATTEMPT)

    def possibly_placed(self) -> Self:
        """What the unique index allows once for each order: nothing is sent beside one of these."""
        return self.filter(state__in=POSSIBLY_PLACED)

    def unknown(self) -> Self:
        """Attempts that were perhaps placed."""
        return self.filter(state=AttemptState.UNKNOWN)

    def sent_or_unknown(self) -> Self:
        """Attempts whose request may have reached the provider and was not answered for sure."""
        return self.filter(state__in=[AttemptState.SENT, AttemptState.UNKNOWN])

    def decided_not_placed(self) -> Self:
        """Attempts that staff took for not placed; they may have been wrong."""
        return self.filter(state=AttemptState.NOT_PLACED, decided_by__isnull=False)

    def refused(self) -> Self:
        """Attempts that the provider turned down."""
        return self.filter(state=AttemptState.REFUSED)

    def accepted(self) -> Self:
        """Attempts that the provider answered with an order id."""
        return self.filter(state=AttemptState.ACCEPTED)

    def in_flight(self) -> Self:
        """Attempts that a worker has claimed and nobody has settled yet."""
        return self.filter(state__in=IN_FLIGHT)

    def resending(self) -> Self:
        """Unknown attempts that a machine sends again, now or later."""
        return self.unknown().filter(resend_at__isnull=False)

    def due_for_resend(self, *, now: datetime) -> Self:
        """Unknown attempts that may be sent again now: only where the provider honours keys."""
        return self.unknown().filter(resend_at__lte=now, provider__is_idempotent=True)

    def leased(self, *, attempt_id: int, owner: UUID) -> Self:
        """The attempt, while this worker's lease lasts by the database's clock."""
        return self.filter(pk=attempt_id, owner=owner, lease_until__gt=Now())

    def mark_sent(self, *, account: str) -> bool:
        """PREPARED → SENT, for one `leased` attempt; False where it must not be sent."""
        prepared = self.filter(state=AttemptState.PREPARED)
        return bool(prepared.update(state=AttemptState.SENT, sent_at=Now(), account=account))

    def mark_resent(self) -> bool:
        """Count one more sending of a `leased` unknown attempt; False where it must not be sent."""
        return bool(self.unknown().update(resends=F("resends") + 1, resent_at=Now()))

    def locked_with_order(self, attempt_id: int) -> tuple[Order, "Attempt"]:
        """The attempt and its order, locked: the order row first, as everywhere."""
        order = Order.objects.locked().select_related("user").get(attempts=attempt_id)
        return order, self.locked().get(pk=attempt_id)


class Attempt(models.Model):
    """One attempt to forward an order with `add`, written down before the first byte leaves."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="attempts")
    state = models.CharField(
        max_length=12, choices=AttemptState.choices, default=AttemptState.PREPARED
    )
    cost = models.DecimalField(**RATE)  # what it should charge, provider's currency
    owner = models.UUIDField()  # of the worker that claimed it
    lease_until = models.DateTimeField()
    prepared_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    upstream_id = models.CharField(max_length=64, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    reply = models.TextField(blank=True)  # at most 2 KB, the key blanked out
    problem = models.CharField(max_length=REASON_LENGTH, blank=True)  # what went wrong, in words
    # what is known of an unknown attempt, for staff to read
    evidence = EvidenceField(default=Evidence, blank=True)
    # when staff were told that it has been unknown for too long
    alarmed_at = models.DateTimeField(null=True, blank=True)
    # What a resend needs, where the provider places one order for one key (forwarding/resend_claim)
    idempotency_key = models.CharField(max_length=64, blank=True)  # as sent; empty: none
    asked = models.JSONField(default=dict, blank=True)  # the fields that were sent with the key
    # a digest of the provider's address and our key there
    account = models.CharField(max_length=64, blank=True)
    # when an unknown attempt is sent again; null: never
    resend_at = models.DateTimeField(null=True, blank=True)
    # of the last resend, written before the first byte
    resent_at = models.DateTimeField(null=True, blank=True)
    resends = models.PositiveIntegerField(default=0)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    objects = AttemptQuerySet.as_manager()

    class Meta:
        constraints = [
            # At most one attempt per order is open or possibly placed: nothing is placed twice.
            models.UniqueConstraint(
                name="attempt_at_most_once",
                fields=["order"],
                condition=Q(state__in=["prepared", "sent", "unknown", "accepted", "placed"]),
            ),
            # Without a key, a resend is a second order.
            models.CheckConstraint(
                name="attempt_resent_with_a_key",
                condition=~Q(idempotency_key="") | Q(resend_at=None, resent_at=None, resends=0),
            ),
            models.CheckConstraint(
                name="attempt_resend_while_unknown",
                condition=Q(resend_at=None) | Q(state="unknown"),
            ),
        ]
        indexes = [
            models.Index(
                name="attempt_open",
                fields=["provider", "state"],
                condition=Q(state__in=["prepared", "sent", "unknown"]),
            ),
            models.Index(
                name="attempt_resend",
                fields=["provider", "resend_at"],
                condition=Q(resend_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk} of order {self.order_id}: {self.state}"

    @property
    def last_sent_at(self) -> datetime | None:
        """When a request of it left last; it may still be on its way."""
        return self.resent_at or self.sent_at

    @property
    def is_open(self) -> bool:
        """Whether an outcome may still change it."""
        return self.state in OPEN_ATTEMPT

    # Transitions. The caller holds the row's lock in a transaction.

    def finish(
        self, *, state: AttemptState, problem: str, exchange: Exchange, now: datetime
    ) -> None:
        """Keep how the attempt ended and the provider's reply; it is not sent again.

        `now` is the database's time: known orders are compared with it to the millisecond.
        """
        self.resend_at = None
        self._keep(state, problem=problem, exchange=exchange, now=now)

    def leave_unknown(
        self,
        *,
        problem: str,
        exchange: Exchange,
        now: datetime,
        resend_at: datetime | None = None,
        next_step: str = "",
    ) -> None:
        """Perhaps placed; `now` is the database's time, `next_step` what staff read meanwhile."""
        self.resend_at = resend_at
        if next_step:
            self.evidence = replace(self.evidence, next_step=next_step)
        self._keep(AttemptState.UNKNOWN, problem=problem, exchange=exchange, now=now)

    def lease(self, *, owner: UUID, until: datetime) -> None:
        """Give it to one worker, who may send it again until then."""
        self.owner, self.lease_until = owner, until
        self.save(update_fields=["owner", "lease_until"])

    def plan_resend(self, *, at: datetime, problem: str, exchange: Exchange | None) -> None:
        """Stay unknown and be sent again at `at`; `exchange` is None where nothing was sent."""
        self.resend_at = at
        self.problem = problem[:REASON_LENGTH]
        if exchange is not None:
            self.http_status, self.reply = exchange.http_status, exchange.body
        self.save(update_fields=["resend_at", "problem", "http_status", "reply"])

    def stop_resending(self, *, problem: str) -> None:
        """Stay unknown and be sent no more: staff decide, or the resolver by evidence."""
        self.resend_at = None
        self.problem = problem[:REASON_LENGTH]
        self.evidence = replace(self.evidence, next_step=problem)
        self.save(update_fields=["resend_at", "problem", "evidence"])

    def _keep(
        self, state: AttemptState, *, problem: str, exchange: Exchange, now: datetime
    ) -> None:
        self.state, self.problem, self.finished_at = state, problem[:REASON_LENGTH], now
        self.http_status, self.reply = exchange.http_status, exchange.body
        self.save(
            update_fields=[
                "state",
                "resend_at",
                "http_status",
                "reply",
                "problem",
                "finished_at",
                "upstream_id",
                "evidence",
            ]
        )

    def settle(
        self,
        state: AttemptState,
        *,
        evidence: Evidence,
        upstream_id: str = "",
        decided_by: "User | None" = None,
    ) -> None:
        """PLACED or NOT_PLACED, by evidence or a person's decision: it is not sent again.

        The caller holds the order's row lock and this one.
        """
        self.state, self.evidence, self.resend_at = state, evidence, None
        self.upstream_id = upstream_id or self.upstream_id
        self.decided_by = decided_by or self.decided_by
        self.save(update_fields=["state", "evidence", "resend_at", "upstream_id", "decided_by"])


def quiet() -> timedelta:
    """After this long, a sent request has been placed or never will be."""
    return timedelta(seconds=settings.UNCLEAR_QUIET)
