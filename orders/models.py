"""What was bought: orders, the attempts to forward them, what is being watched, refills, cancellations, the timeline.

The row is the queue: a worker finds what is due by a row's status and moments, never by a message.
"""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models import MONEY
from catalog.models import RATE, Provider, Service
from orders.books import Baseline, Orphan, Proposal, TopUp

__all__ = ["Baseline", "Orphan", "Proposal", "TopUp"]  # of orders/books.py, beside all that stands here


class Status(models.TextChoices):
    """Where an order stands; customers read `Order.customer_status`."""

    WAITING = "waiting", "Waiting"  # paid, not sent yet
    SUBMITTING = "submitting", "Submitting"  # a worker holds it
    UNCLEAR = "unclear", "Unclear"  # perhaps placed: never resent and never refunded on a guess
    HELD = "held", "Held"  # the reason is ours: waits for staff or for our balance at the provider
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    PARTIAL = "partial", "Partial"
    CANCELED = "canceled", "Canceled"


OPEN = [Status.WAITING, Status.SUBMITTING, Status.UNCLEAR, Status.HELD, Status.RUNNING]
ENDED = [Status.COMPLETED, Status.PARTIAL, Status.CANCELED]


class HoldReason(models.TextChoices):
    """Why an order is held."""

    PROVIDER_FUNDS = "provider_funds", "Our balance at the provider is empty"
    PROVIDER_KEY = "provider_key", "The provider refuses our key"
    LOSS = "loss", "The cost rose above the charge"
    STAFF = "staff", "Held by staff"


class OrderQuerySet(models.QuerySet["Order"]):
    """Selections of orders in business words."""

    def newest_first(self) -> "OrderQuerySet":
        """By id, falling: the order of lists and of keyset pages."""
        return self.order_by("-pk")


class Order(models.Model):
    """One order: what was asked, what it cost, where it stands."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="orders")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="orders")  # the service's, at placing
    service_name = models.TextField()  # as it was called when it was bought
    link = models.TextField(blank=True)  # shown as text, forwarded as a form value, never fetched
    quantity = models.BigIntegerField(null=True, blank=True)  # as sent; null where the type takes none
    fields = models.JSONField(default=dict, blank=True)  # the other `add` fields by their protocol names, as text
    billed_quantity = models.BigIntegerField()  # units that are paid for (quantity × runs, lines, or 1 per order)
    rate = models.DecimalField(**RATE)  # provider's currency, when bought
    cost = models.DecimalField(**MONEY)  # what we expect to pay, panel's currency
    price = models.DecimalField(**RATE)  # per 1000 or per order, when bought
    charge = models.DecimalField(**MONEY)  # what the customer paid
    refunded = models.DecimalField(**MONEY, default=0)  # the sum of this order's refund transfers
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    hold_reason = models.CharField(max_length=20, choices=HoldReason.choices, blank=True)
    upstream_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  # NULL: none known
    upstream_status = models.CharField(max_length=20, blank=True)  # Pending, Processing or In progress while running
    upstream_charge = models.DecimalField(**RATE, null=True, blank=True)  # provider's currency, the last known
    start_count = models.BigIntegerField(null=True, blank=True)
    remains = models.BigIntegerField(null=True, blank=True)  # clamped to 0…billed quantity
    client_key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  # idempotency key; NULL: none
    request_hash = models.CharField(max_length=64, blank=True)  # of the parameters that came with client_key
    submit_at = models.DateTimeField(null=True, blank=True)  # when a waiting order is due (back-off)
    submit_failures = models.PositiveIntegerField(default=0)  # attempts that certainly did not place it
    created_at = models.DateTimeField()
    running_at = models.DateTimeField(null=True, blank=True)  # accepted by the provider
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="order_upstream", fields=["provider", "upstream_id"], condition=Q(upstream_id__isnull=False)
            ),
            models.UniqueConstraint(
                name="order_client_key", fields=["user", "client_key"], condition=Q(client_key__isnull=False)
            ),
            models.CheckConstraint(
                name="order_refunded_within_charge", condition=Q(refunded__gte=0, refunded__lte=F("charge"))
            ),
            models.CheckConstraint(
                name="order_canceled_is_refunded", condition=~Q(status="canceled") | Q(refunded=F("charge"))
            ),
            models.CheckConstraint(name="order_charge_not_negative", condition=Q(charge__gte=0, cost__gte=0)),
            models.CheckConstraint(name="order_billed_quantity_positive", condition=Q(billed_quantity__gt=0)),
            models.CheckConstraint(
                name="order_waiting_has_a_moment", condition=~Q(status="waiting") | Q(submit_at__isnull=False)
            ),
            models.CheckConstraint(
                name="order_running_has_an_id", condition=~Q(status="running") | Q(upstream_id__isnull=False)
            ),
            models.CheckConstraint(
                name="order_ended_has_a_moment",
                condition=~Q(status__in=["completed", "partial", "canceled"]) | Q(ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="order_due", fields=["provider", "submit_at"], condition=Q(status="waiting")),
            models.Index(
                name="order_needs_staff", fields=["status", "id"], condition=Q(status__in=["unclear", "held"])
            ),
            models.Index(name="order_user_newest", fields=["user", "-id"]),
            models.Index(name="order_user_status", fields=["user", "status", "-id"]),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def is_ended(self) -> bool:
        """Whether the order has reached its end, which is final for the machine."""
        return self.status in ENDED

    @property
    def customer_status(self) -> str:
        """What the customer reads: Pending until it runs, then the provider's word, then the end."""
        if self.status == Status.RUNNING:
            return self.upstream_status or "Pending"
        return Status(self.status).label if self.is_ended else "Pending"

    @property
    def net_charge(self) -> Decimal:
        """What the customer has paid after refunds, panel currency."""
        return self.charge - self.refunded


class AttemptState(models.TextChoices):
    """How far one attempt to forward an order came."""

    PREPARED = "prepared", "Prepared"  # claimed; no byte may be sent
    SENT = "sent", "Sent"  # written down immediately before the first byte
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    NOT_SENT = "not_sent", "Not sent"
    UNKNOWN = "unknown", "Unknown"  # perhaps placed
    PLACED = "placed", "Proved placed"
    NOT_PLACED = "not_placed", "Proved not placed"


class Attempt(models.Model):
    """One attempt to forward an order with `add`, written down before the first byte leaves."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="attempts")
    state = models.CharField(max_length=12, choices=AttemptState.choices, default=AttemptState.PREPARED)
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
    evidence = models.JSONField(default=dict, blank=True)  # what a verdict on an unknown attempt rests on
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        constraints = [
            # One live or possibly placed attempt per order, ever: the rule that carries everything.
            models.UniqueConstraint(
                name="attempt_at_most_once",
                fields=["order"],
                condition=Q(state__in=["prepared", "sent", "unknown", "accepted", "placed"]),
            ),
        ]
        indexes = [
            models.Index(
                name="attempt_open",
                fields=["provider", "state"],
                condition=Q(state__in=["prepared", "sent", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk} of order {self.order_id}: {self.state}"


class Watch(models.Model):
    """When a running order is looked at next. Narrow, since it is written at every look; gone when the order ends."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="watch")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="watches")
    due_at = models.DateTimeField()
    observed_at = models.DateTimeField(null=True, blank=True)  # database time before the request of the newest look
    errors = models.PositiveIntegerField(default=0)  # per-id errors in a row
    ending = models.CharField(max_length=10, blank=True)  # a refundable end that was seen once: partial or canceled
    ending_remains = models.BigIntegerField(null=True, blank=True)
    ending_seen_at = models.DateTimeField(null=True, blank=True)  # the second look must be REFUND_CONFIRM later

    class Meta:
        indexes = [models.Index(name="watch_due", fields=["provider", "due_at"])]

    def __str__(self) -> str:
        return f"watch on order {self.order_id}"


class EventKind(models.TextChoices):
    """What happened on an order's timeline."""

    PLACED = "placed", "Placed"
    SUBMITTED = "submitted", "Sent to the provider"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    POSTPONED = "postponed", "Not sent"
    UNCLEAR = "unclear", "Unclear"
    HELD = "held", "Held"
    RELEASED = "released", "Released"
    STATUS = "status", "Status"
    REFUNDED = "refunded", "Refunded"
    ENDED = "ended", "Ended"
    DOUBT = "doubt", "Doubt"
    REFILL = "refill", "Refill"
    CANCEL = "cancel", "Cancel"
    DECISION = "decision", "Staff decision"
    VERDICT = "verdict", "Proved"  # the machine settled an unclear order by evidence


class Event(models.Model):
    """One line of an order's timeline; written once. `detail` is for staff (raw replies, keys blanked out)."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    text = models.CharField(max_length=500)  # plain words, safe to show to the customer unless is_internal
    is_internal = models.BooleanField(default=False)  # for staff only
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(name="event_timeline", fields=["order", "id"])]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class DoubtKind(models.TextChoices):
    """What a machine must not decide."""

    NO_REMAINS = "no_remains", "Partial without usable remains"
    UNKNOWN_STATUS = "unknown_status", "Unknown status word"
    UNKNOWN_ORDER = "unknown_order", "The provider does not know the order"
    CONTRADICTION = "contradiction", "A report contradicts the end"
    MASS_CANCEL = "mass_cancel", "Too many ends at once"
    PER_ORDER_PARTIAL = "per_order_partial", "Partial on a service sold per order"
    DUPLICATE_ID = "duplicate_id", "The provider gave an id that is already ours"


class Doubt(models.Model):
    """Something about an order that staff must look at; open until someone closes it with a reason."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="doubts")
    kind = models.CharField(max_length=20, choices=DoubtKind.choices)
    text = models.CharField(max_length=500)
    detail = models.JSONField(default=dict, blank=True)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decision = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="doubt_open_once", fields=["order", "kind"], condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on order {self.order_id}"


class RequestState(models.TextChoices):
    """Where a refill or a cancellation stands."""

    REQUESTED = "requested", "Requested"  # waits for staff
    APPROVED = "approved", "Approved"  # to be sent
    SENDING = "sending", "Sending"  # a worker holds it
    UNCLEAR = "unclear", "Unclear"  # perhaps received: never resent by a machine
    RUNNING = "running", "In progress"  # the provider took it
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Rejected"  # by staff or by the provider


OPEN_REQUEST = ["requested", "approved", "sending", "unclear", "running"]


class AftercareRequest(models.Model):
    """What refills and cancellations share."""

    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # why it was rejected, by staff or the provider
    owner = models.UUIDField(null=True, blank=True)  # of the worker that sends it
    lease_until = models.DateTimeField(null=True, blank=True)
    send_at = models.DateTimeField(null=True, blank=True)  # when an approved request is due (back-off)
    sent_at = models.DateTimeField(null=True, blank=True)  # written down before the first byte
    ended_at = models.DateTimeField(null=True, blank=True)
    reply = models.TextField(blank=True)  # at most 2 KB, the key blanked out

    class Meta:
        abstract = True


class Refill(AftercareRequest):
    """A customer's request to deliver again what dropped. One open refill per order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refills")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="refills")
    upstream_id = models.CharField(max_length=64, blank=True)
    upstream_status = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # when its status is asked next
    errors = models.PositiveIntegerField(default=0)  # per-id errors in a row

    class Meta:
        constraints = [
            models.UniqueConstraint(name="refill_one_open", fields=["order"], condition=Q(state__in=OPEN_REQUEST)),
        ]
        indexes = [
            models.Index(name="refill_open", fields=["provider", "state"], condition=Q(state__in=OPEN_REQUEST)),
        ]

    def __str__(self) -> str:
        return f"refill {self.pk} of order {self.order_id}"


class Cancellation(AftercareRequest):
    """A customer's request to stop an order. Never moves money: the order's later status decides what is refunded."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cancellations")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="cancellations")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="cancellation_one_open", fields=["order"], condition=Q(state__in=OPEN_REQUEST)
            ),
        ]
        indexes = [
            models.Index(name="cancellation_open", fields=["provider", "state"], condition=Q(state__in=OPEN_REQUEST)),
        ]

    def __str__(self) -> str:
        return f"cancellation {self.pk} of order {self.order_id}"


class Proof(models.Model):
    """The result of one audit of all money, shown to staff."""

    made_at = models.DateTimeField()
    is_sound = models.BooleanField()
    figures = models.JSONField(default=dict)  # how many wallets, transfers and orders were checked, and sums
    findings = models.JSONField(default=list)  # one sentence per thing that does not add up

    def __str__(self) -> str:
        return f"proof {self.made_at:%Y-%m-%d %H:%M}: {'sound' if self.is_sound else 'NOT SOUND'}"


class Sweep(models.Model):
    """When a periodic job last ran, so that staff see one that has stopped."""

    name = models.CharField(max_length=40, primary_key=True)
    ran_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name
