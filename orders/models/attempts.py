"""The attempts to forward an order, and when a running order is looked at next."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import RATE, Provider
from lib.row_locks import LockingQuerySet
from orders.models.evidence import Evidence, EvidenceField
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


OPEN_ATTEMPT: Final = [AttemptState.PREPARED, AttemptState.SENT, AttemptState.UNKNOWN]
POSSIBLY_PLACED: Final = [*OPEN_ATTEMPT, AttemptState.ACCEPTED, AttemptState.PLACED]


class AttemptQuerySet(LockingQuerySet["Attempt"]):
    """Selections of attempts in business words."""

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
    problem = models.CharField(max_length=300, blank=True)  # what went wrong, in words
    # what is known of an unknown attempt, for staff to read
    evidence = EvidenceField(default=Evidence, blank=True)
    # when staff were told that it is unknown for too long
    alarmed_at = models.DateTimeField(null=True, blank=True)
    # Where the provider promises that a key gives one order, however often it is asked
    # (orders/repeating.py)
    idempotency_key = models.CharField(max_length=64, blank=True)  # that went along; empty: none
    asked = models.JSONField(default=dict, blank=True)  # the fields that went along with the key
    # a digest of the address and our key there
    account = models.CharField(max_length=64, blank=True)
    # when an unknown attempt is sent again; null: never
    resend_at = models.DateTimeField(null=True, blank=True)
    # the last time, written down before the first byte
    resent_at = models.DateTimeField(null=True, blank=True)
    resends = models.PositiveIntegerField(default=0)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    objects = AttemptQuerySet.as_manager()

    class Meta:
        constraints = [
            # One live or possibly placed attempt per order, ever: the rule that carries everything.
            models.UniqueConstraint(
                name="attempt_at_most_once",
                fields=["order"],
                condition=Q(state__in=["prepared", "sent", "unknown", "accepted", "placed"]),
            ),
            # Without a key a second sending is a second order.
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
        """When it left us last: as long ago as that, it may still be on its way."""
        return self.resent_at or self.sent_at

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


class Watch(models.Model):
    """When a running order is looked at next.

    Narrow, since it is written at every look; gone when the order ends.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="watches")
    due_at = models.DateTimeField()
    # database time before the request of the newest look
    observed_at = models.DateTimeField(null=True, blank=True)
    errors = models.PositiveIntegerField(default=0)  # per-id errors in a row
    # a refundable end that was seen once: partial or canceled
    ending = models.CharField(max_length=10, blank=True)
    ending_remains = models.BigIntegerField(null=True, blank=True)
    # the second look must be REFUND_CONFIRM later
    ending_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(name="watch_due", fields=["provider", "due_at"])]

    def __str__(self) -> str:
        return f"watch on order {self.order_id}"


def quiet() -> timedelta:
    """After so long a request that was sent is either placed or never will be."""
    return timedelta(seconds=settings.UNCLEAR_QUIET)
