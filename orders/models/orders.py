"""Orders: what was asked, what it cost, where it stands."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q

from billing.models import MONEY
from catalog.models import RATE, Provider, Service
from catalog.upstream.service_types import ServiceType, find
from orders.models.choices import ENDED, EventKind, HoldReason, ReviewKind, Status
from orders.models.limits import TEXT_LENGTH
from orders.models.order_queries import OrderQuerySet
from orders.triggers import ORDER_TELLS_ITS_PROGRESS, ORDER_TELLS_ITS_STATUS

if TYPE_CHECKING:
    from accounts.models import User
    from orders.models.timeline import Event


class Order(models.Model):
    """One order: what was asked, what it cost, where it stands."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders"
    )
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="orders")
    # the service's, at placing
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="orders")
    service_name = models.TextField()  # as it was called when it was bought
    # as it was sold; empty: bought before this was kept
    service_type = models.CharField(max_length=60, blank=True)
    link = models.TextField(blank=True)  # shown as text, forwarded as a form value, never fetched
    # as sent; null where the type takes none
    quantity = models.BigIntegerField(null=True, blank=True)
    # the other `add` fields by their protocol names, as text
    fields = models.JSONField(default=dict, blank=True)
    # units that are paid for (quantity × runs, lines, or 1 per order)
    billed_quantity = models.BigIntegerField()
    # NULL: all was charged at once. Else charge, cost and billed quantity grow with each post that
    # was paid; the cost and the billed quantity begin with those of the first post.
    posts = models.PositiveIntegerField(null=True, blank=True)
    rate = models.DecimalField(**RATE)  # provider's currency, when bought
    cost = models.DecimalField(**MONEY)  # what we expect to pay, panel's currency
    price = models.DecimalField(**RATE)  # per 1000 or per order, when bought
    charge = models.DecimalField(**MONEY)  # what the customer paid
    refunded = models.DecimalField(**MONEY, default=0)  # the sum of this order's refund transfers
    # how often staff undid its end, and so took its refunds back
    times_undone = models.PositiveIntegerField(default=0, db_default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    hold_reason = models.CharField(max_length=20, choices=HoldReason.choices, blank=True)
    upstream_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  # NULL: none known
    # Pending, Processing or In progress while running
    upstream_status = models.CharField(max_length=20, blank=True)
    # provider's currency, the last known
    upstream_charge = models.DecimalField(**RATE, null=True, blank=True)
    start_count = models.BigIntegerField(null=True, blank=True)
    remains = models.BigIntegerField(null=True, blank=True)  # clamped to 0…billed quantity
    client_key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  # idempotency key; NULL: none
    # of the parameters that came with client_key
    request_hash = models.CharField(max_length=64, blank=True)
    # when a waiting order is due (back-off)
    submit_at = models.DateTimeField(null=True, blank=True)
    # attempts that certainly did not place it
    submit_failures = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    running_at = models.DateTimeField(null=True, blank=True)  # accepted by the provider
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()
    triggers = (ORDER_TELLS_ITS_STATUS, ORDER_TELLS_ITS_PROGRESS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="order_upstream",
                fields=["provider", "upstream_id"],
                condition=Q(upstream_id__isnull=False),
            ),
            models.UniqueConstraint(
                name="order_client_key",
                fields=["user", "client_key"],
                condition=Q(client_key__isnull=False),
            ),
            models.CheckConstraint(
                name="order_refunded_within_charge",
                condition=Q(refunded__gte=0, refunded__lte=F("charge")),
            ),
            models.CheckConstraint(  # but for a subscription, whose served posts stay paid
                name="order_canceled_is_refunded",
                condition=~Q(status="canceled") | Q(refunded=F("charge")) | Q(posts__isnull=False),
            ),
            models.CheckConstraint(  # nothing is paid before a post was served
                name="order_pays_for_posts",
                condition=Q(posts=None)
                | Q(posts=0, billed_quantity=1, charge=0)
                | Q(billed_quantity=F("posts")),
            ),
            models.CheckConstraint(
                name="order_charge_not_negative", condition=Q(charge__gte=0, cost__gte=0)
            ),
            models.CheckConstraint(
                name="order_billed_quantity_positive", condition=Q(billed_quantity__gt=0)
            ),
            models.CheckConstraint(
                name="order_waiting_has_a_moment",
                condition=~Q(status="waiting") | Q(submit_at__isnull=False),
            ),
            models.CheckConstraint(
                name="order_running_has_an_id",
                condition=~Q(status="running") | Q(upstream_id__isnull=False),
            ),
            models.CheckConstraint(
                name="order_ended_has_a_moment",
                condition=~Q(status__in=["completed", "partial", "canceled"])
                | Q(ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="order_due", fields=["provider", "submit_at"], condition=Q(status="waiting")
            ),
            models.Index(
                name="order_needs_staff",
                fields=["status", "id"],
                condition=Q(status__in=["unclear", "held"]),
            ),
            models.Index(
                name="order_ended",
                fields=["provider", "ended_at"],
                condition=Q(ended_at__isnull=False),
            ),
            models.Index(name="order_user_newest", fields=["user", "-id"]),
            models.Index(name="order_user_status", fields=["user", "status", "-id"]),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def kind(self) -> ServiceType | None:
        """The type that it was sold as, whatever has become of the service since; None for
        one that we do not know.
        """
        return find(self.service_type or self.service.type)

    @property
    def is_per_order(self) -> bool:
        """Whether rate, cost and price are for one order or post instead of 1000 units."""
        return self.kind is not None and self.kind.is_per_order

    @property
    def is_subscription(self) -> bool:
        """Whether it is served and charged post by post."""
        return self.posts is not None

    @property
    def is_ended(self) -> bool:
        """Whether the order has reached its end, which is final for the machine."""
        return self.status in ENDED

    @property
    def customer_status(self) -> str:
        """What the customer reads: Pending, the provider's word while it runs, then the end."""
        if self.status == Status.RUNNING:
            return self.upstream_status or "Pending"
        return Status(self.status).label if self.is_ended else "Pending"

    @property
    def would_be_sent(self) -> bool:
        """Whether a machine would send it by itself: it waits, or is held for a passing reason."""
        return self.status == Status.WAITING or (
            self.status == Status.HELD and self.hold_reason != HoldReason.STAFF
        )

    @property
    def net_charge(self) -> Decimal:
        """What the customer has paid after refunds, panel currency."""
        return self.charge - self.refunded

    # Transitions. The caller holds the row's lock in a transaction; what belongs to them, such as
    # refunds and watches, is moved by orders/lifecycle.

    def submit(self) -> None:
        """WAITING → SUBMITTING: one worker has claimed it.

        A subscription's posts are counted by the rate at which the provider bills from now on.
        """
        if self.is_subscription:
            self.rate = self.service.rate
        self._move(Status.SUBMITTING, "rate")

    def wait(self, *, until: datetime) -> None:
        """Back to WAITING, due at `until`. The caller says why on the timeline."""
        self._move(Status.WAITING, submit_at=until)

    def postpone(self, *, until: datetime) -> None:
        """Back to WAITING after an attempt that certainly did not place it."""
        self.submit_failures += 1
        self._move(Status.WAITING, "submit_failures", submit_at=until)

    def hold(
        self,
        *,
        reason: HoldReason,
        text: str,
        now: datetime,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Set it HELD: nothing is sent or refunded until the reason is gone or staff decide.

        Customers do not read why.
        """
        self._move(Status.HELD, hold_reason=reason)
        self.record(
            kind=EventKind.HELD,
            text=f"Held. {reason.label}. {text}".strip(),
            now=now,
            is_internal=True,
            detail=detail,
        )

    def mark_unclear(self) -> None:
        """Perhaps placed: never resent and never refunded on a guess."""
        self._move(Status.UNCLEAR)

    def start(self, *, upstream_id: str, now: datetime) -> bool:
        """Set it RUNNING as the provider's order `upstream_id`.

        False, and nothing changed, where that id is another order of ours: the unique index
        decides, so that two workers cannot both be right.
        """
        before = self.status, self.hold_reason, self.submit_at, self.upstream_id, self.running_at
        self.upstream_id, self.running_at = upstream_id, now
        try:
            with transaction.atomic():
                self._move(Status.RUNNING, "upstream_id", "running_at")
        except IntegrityError:
            self.status, self.hold_reason, self.submit_at, self.upstream_id, self.running_at = (
                before
            )
            others = Order.objects.filter(provider_id=self.provider_id).exclude(pk=self.pk)
            if others.filter(upstream_id=upstream_id).exists():
                return False
            raise
        return True

    def end(self, *, status: Status, now: datetime) -> None:
        """Reach its end, which is final for the machine; `remains` is saved with it."""
        self.ended_at = now
        self._move(status, "ended_at", "remains")

    def reopen(self) -> None:
        """Back to RUNNING from an end that was a mistake; what remains is the provider's to say."""
        self.ended_at, self.remains, self.refunded = None, None, Decimal(0)
        self.times_undone += 1
        self._move(Status.RUNNING, "ended_at", "remains", "refunded", "times_undone")

    def _move(
        self,
        status: Status,
        *also: str,
        hold_reason: HoldReason | str = "",
        submit_at: datetime | None = None,
    ) -> None:
        self.status, self.hold_reason, self.submit_at = status, hold_reason, submit_at
        self.save(update_fields=["status", "hold_reason", "submit_at", *also])

    def record(
        self,
        *,
        kind: EventKind,
        text: str,
        now: datetime,
        actor: "User | None" = None,
        is_internal: bool = False,
        detail: dict[str, Any] | None = None,
    ) -> "Event":
        """Add one line to the timeline.

        The customer reads `text` unless `is_internal`; `detail` (raw replies, masked) is for staff.
        """
        return self.events.create(
            kind=kind,
            text=text[:TEXT_LENGTH],
            at=now,
            actor=actor,
            is_internal=is_internal,
            detail=detail or {},
        )

    def open_review(
        self, *, kind: ReviewKind, text: str, now: datetime, detail: dict[str, Any] | None = None
    ) -> None:
        """Ask staff to decide; an open review of the same kind stays as it is."""
        _, is_new = self.reviews.get_or_create(
            kind=kind,
            closed_at=None,
            defaults={"text": text[:TEXT_LENGTH], "raised_at": now, "detail": detail or {}},
        )
        if is_new:
            self.record(kind=EventKind.REVIEW, text=text, now=now, is_internal=True, detail=detail)
