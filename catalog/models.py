"""What can be bought: providers, categories, services, exchange rates, margin rules, and the record of each sync.

Words: a *rate* is what a provider asks, in the provider's currency; a *cost* is that in the panel's currency; a *price*
is what a customer pays. Each is per 1000, except for types that are sold per order (catalog/service_types.py).
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class Digits(TypedDict):
    """How many digits a DecimalField keeps."""

    max_digits: int
    decimal_places: int


RATE: Digits = {"max_digits": 20, "decimal_places": 8}


class ProviderQuerySet(models.QuerySet["Provider"]):
    """Selections of providers in business words."""

    def to_sync(self, *, now: datetime, older_than: timedelta) -> "ProviderQuerySet":
        """Whose catalog was not read since so long ago, or whom the admin wants synced; in the order of their ids."""
        return self.filter(
            Q(synced_at=None) | Q(synced_at__lt=now - older_than) | Q(sync_wanted_at__isnull=False)
        ).order_by("pk")


class Provider(models.Model):
    """An upstream panel that we buy from."""

    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=300)
    sealed_key = models.TextField()  # encrypted; see catalog/sealing.py
    currency = models.CharField(max_length=3)
    is_review_first = models.BooleanField(default=False)  # new services wait for the admin
    is_probe_allowed = models.BooleanField(default=False)  # foreign ids may be read to resolve unclear orders
    is_idempotent = models.BooleanField(default=False)  # honours Idempotency-Key on `add`
    is_429_unclear = models.BooleanField(default=False)  # may have placed an order that it answers with 429
    doubtful_words = models.JSONField(default=list, blank=True)  # added to the client's own list
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=300, blank=True)
    is_pause_automatic = models.BooleanField(default=False)  # lifts by itself when the cause is gone
    failures_in_row = models.PositiveIntegerField(default=0)  # of order calls
    fenced_until = models.DateTimeField(null=True, blank=True)  # no claims while the resolver reads
    balance = models.DecimalField(**RATE, null=True, blank=True)  # provider's currency
    balance_checked_at = models.DateTimeField(null=True, blank=True)
    # How it behaves, found out by a read-only self-test (orders/profiling.py); None: not known yet.
    ids_monotonic = models.BooleanField(null=True)  # order ids grow with time
    foreign_id_is_error = models.BooleanField(null=True)  # `status` of an id that is not ours is an error
    charge_is_net = models.BooleanField(null=True)  # `charge` falls when an order is refunded
    balance_exact = models.BooleanField(null=True)  # the balance shows every decimal of a charge
    remains_exact = models.BooleanField(null=True)  # all of a canceled order remains
    profile = models.JSONField(default=list, blank=True)  # what the self-test saw, a sentence each
    profiled_at = models.DateTimeField(null=True, blank=True)
    # Our money there changed without an explanation: nothing is taken for "not placed" until staff explain it.
    verdicts_paused_at = models.DateTimeField(null=True, blank=True)
    verdicts_pause_reason = models.CharField(max_length=300, blank=True)
    unexplained = models.DecimalField(**RATE, null=True, blank=True)  # what was missing at the last reading
    synced_at = models.DateTimeField(null=True, blank=True)  # the last sync that was applied
    sync_wanted_at = models.DateTimeField(null=True, blank=True)  # the admin asked for one now
    accepted_gone = models.PositiveIntegerField(null=True, blank=True)  # so many may go at the next sync
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProviderQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Whether orders for this provider wait."""
        return self.paused_at is not None


class ExchangeRate(models.Model):
    """How many units of the panel's currency one unit of another currency costs."""

    currency = models.CharField(max_length=3, unique=True)
    rate = models.DecimalField(**RATE)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(name="exchange_rate_positive", condition=Q(rate__gt=0))]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate}"


class Category(models.Model):
    """A heading under which services are listed; mirrored by name, renamed and ordered by the admin."""

    upstream_name = models.CharField(max_length=300, unique=True)
    own_name = models.CharField(max_length=300, blank=True)  # set by the admin; never overwritten by a sync
    position = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What customers read."""
        return self.own_name or self.upstream_name


class AftercareMode(models.TextChoices):
    """What happens to a customer's refill or cancel request."""

    STAFF = "staff", "Waits for staff"
    AUTOMATIC = "automatic", "Goes to the provider at once"


class ServiceQuerySet(models.QuerySet["Service"]):
    """Selections of services in business words."""

    def on_sale(self) -> "ServiceQuerySet":
        """What a customer may buy now."""
        return self.filter(withdrawn_at=None, review_reason="", is_hidden=False, is_sellable=True)

    def listed(self) -> "ServiceQuerySet":
        """What stands in the provider's catalog now, sold or not."""
        return self.filter(withdrawn_at=None)

    def in_shop_order(self) -> "ServiceQuerySet":
        """By category, then position, then id."""
        return self.order_by("category__position", "category_id", "position", "pk")


class Service(models.Model):
    """One thing that a provider sells, mirrored; its primary key is the service id that our customers use."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="services")
    upstream_id = models.CharField(max_length=64)
    upstream_name = models.TextField()
    upstream_description = models.TextField(blank=True)
    own_name = models.TextField(blank=True)  # set by the admin; never overwritten by a sync
    own_description = models.TextField(blank=True)  # likewise
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="services")
    is_category_own = models.BooleanField(default=False)  # the admin moved it: a sync leaves the category alone
    position = models.IntegerField(default=0)
    type = models.CharField(max_length=60)  # canonical name of service_types, or the provider's own word
    upstream_type = models.CharField(max_length=60, blank=True)  # the provider's own word, where the admin mapped it
    is_sellable = models.BooleanField(default=True)  # false for a type that we do not know how to sell
    rate = models.DecimalField(**RATE)  # provider's currency
    cost = models.DecimalField(**RATE)  # panel's currency
    price = models.DecimalField(**RATE)  # panel's currency, after the margin rule
    margin_rule = models.ForeignKey(
        "MarginRule", on_delete=models.SET_NULL, related_name="priced_services", null=True, blank=True
    )  # why this price
    min_quantity = models.BigIntegerField()
    max_quantity = models.BigIntegerField()
    is_refill = models.BooleanField(default=False)
    is_cancel = models.BooleanField(default=False)
    is_dripfeed = models.BooleanField(default=False)
    is_dripfeed_own = models.BooleanField(default=False)  # the admin decided on it: a sync leaves it alone
    average_time = models.CharField(max_length=100, blank=True)
    refill_mode = models.CharField(max_length=10, choices=AftercareMode.choices, default=AftercareMode.STAFF)
    cancel_mode = models.CharField(max_length=10, choices=AftercareMode.choices, default=AftercareMode.STAFF)
    digest = models.BinaryField(max_length=32, default=b"")  # of the provider's raw row: unchanged rows are not decoded
    review_reason = models.CharField(max_length=300, blank=True)  # not empty: off sale until the admin has looked
    is_hidden = models.BooleanField(default=False)  # taken off sale by the admin
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # gone from the provider's catalog
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="service_upstream", fields=["provider", "upstream_id"]),
            models.CheckConstraint(
                name="service_rate_not_negative", condition=Q(rate__gte=0, cost__gte=0, price__gte=0)
            ),
            models.CheckConstraint(
                name="service_quantities_in_order",
                condition=Q(min_quantity__gte=0, max_quantity__gte=F("min_quantity")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"

    @property
    def name(self) -> str:
        """What customers read; untrusted text."""
        return self.own_name or self.upstream_name

    @property
    def description(self) -> str:
        """What customers read; untrusted text."""
        return self.own_description or self.upstream_description

    @property
    def is_on_sale(self) -> bool:
        """Whether a customer may buy it now; the same rule as `ServiceQuerySet.on_sale`."""
        return self.withdrawn_at is None and not self.review_reason and not self.is_hidden and self.is_sellable

    @property
    def is_below_cost(self) -> bool:
        """Whether each sale would lose money."""
        return self.price < self.cost


class PriceListVersion(models.Model):
    """A token of the price list's version; only the database's triggers write it (catalog/price_list_keeping.py)."""

    token = models.UUIDField()

    def __str__(self) -> str:
        return str(self.token)


class TypeMapping(models.Model):
    """The admin's word that services of a type which only this provider knows are sold as one that we know."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="type_mappings")
    word = models.CharField(max_length=60)  # the provider's
    type = models.CharField(max_length=60)  # of service_types
    mapped_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mapped_at = models.DateTimeField()
    reverted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reverted_at = models.DateTimeField(null=True, blank=True)  # it counts until then

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "provider", Lower("word"), name="type_mapping_once", condition=Q(reverted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.word} → {self.type}"


class MarginScope(models.TextChoices):
    """What a margin rule is for, from the widest to the most specific, which wins."""

    ALL = "all", "All services"
    PROVIDER = "provider", "One provider"
    CATEGORY = "category", "One category"
    SERVICE = "service", "One service"


class MarginRule(models.Model):
    """price = cost × (1 + percent/100) + fixed, per 1000 or per order as the service is sold."""

    scope = models.CharField(max_length=10, choices=MarginScope.choices)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="margin_rules", null=True, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="margin_rules", null=True, blank=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="margin_rules", null=True, blank=True)
    percent = models.DecimalField(max_digits=9, decimal_places=4, default=Decimal(0))
    fixed = models.DecimalField(**RATE, default=Decimal(0))  # panel's currency
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="margin_rule_scope_fits",
                condition=Q(scope="all", provider=None, category=None, service=None)
                | Q(scope="provider", provider__isnull=False, category=None, service=None)
                | Q(scope="category", provider=None, category__isnull=False, service=None)
                | Q(scope="service", provider=None, category=None, service__isnull=False),
            ),
            models.CheckConstraint(name="margin_rule_not_a_loss", condition=Q(percent__gte=0, fixed__gte=0)),
            models.UniqueConstraint(
                name="margin_rule_once", fields=["scope", "provider", "category", "service"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        target = self.provider or self.category or self.service or "all services"
        return f"{target}: +{self.percent.normalize():f} % + {self.fixed.normalize():f}"


class SyncOutcome(models.TextChoices):
    """How a sync ended."""

    APPLIED = "applied", "Applied"
    UNCHANGED = "unchanged", "Nothing changed"
    REFUSED = "refused", "Refused by the guard"
    FAILED = "failed", "The provider did not answer with a catalog"


class SyncRun(models.Model):
    """One sync of one provider: what it found and what came of it."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="sync_runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=SyncOutcome.choices)
    message = models.TextField(blank=True)  # why it was refused or failed, in plain words
    listed = models.PositiveIntegerField(default=0)  # rows in the provider's reply
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)  # rows that could not be read
    held = models.PositiveIntegerField(default=0)  # rows that wait for the admin's review

    def __str__(self) -> str:
        return f"{self.provider} {self.started_at:%Y-%m-%d %H:%M} {self.outcome}"


class ServiceChange(models.Model):
    """One field of one service that a sync moved, from → to."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="changes")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="changes", null=True, blank=True)
    upstream_id = models.CharField(max_length=64)
    what = models.CharField(max_length=20)  # new, gone, back, skipped, held, or the field's name
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.upstream_id} {self.what}: {self.before} → {self.after}"
