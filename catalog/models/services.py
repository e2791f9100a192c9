"""Services, their categories, the version of the price list, and mappings of unknown types."""

from decimal import Decimal
from typing import Final

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from catalog.models.folded_names import folded_name
from catalog.models.providers import RATE, Provider
from catalog.triggers import CATEGORY_RENEWS_PRICE_LIST, SERVICE_RENEWS_PRICE_LIST

# one step of booked money: a cost or price below it is nothing, as in a mistyped or missing rate
LOWEST_PRICE: Final = Decimal("0.00001")


class Category(models.Model):
    """A heading of the service list; mirrored by name, renamed and ordered by the admin."""

    upstream_name = models.CharField(max_length=300, unique=True)
    # set by the admin; never overwritten by a sync
    own_name = models.CharField(max_length=300, blank=True)
    position = models.IntegerField(default=0)
    folded_name = folded_name()

    triggers = (CATEGORY_RENEWS_PRICE_LIST,)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What customers read."""
        return self.own_name or self.upstream_name


class AftercareMode(models.TextChoices):
    """Who handles a refill or cancellation request."""

    STAFF = "staff", "Waits for staff"
    AUTOMATIC = "automatic", "Goes to the provider at once"


# or is free by the admin's choice
HAS_PRICE: Final = Q(price__gte=LOWEST_PRICE) | Q(free_per_day__isnull=False)


class ServiceQuerySet(models.QuerySet["Service"]):
    """Selections of services in business words."""

    def on_sale(self) -> "ServiceQuerySet":
        """Services that a customer may buy now."""
        return self.filter(
            HAS_PRICE, withdrawn_at=None, review_reason="", is_hidden=False, is_sellable=True
        )

    def to_review(self) -> "ServiceQuerySet":
        """Listed services that wait for the admin: for a review, or for a price."""
        return self.listed().filter(~Q(review_reason="") | ~HAS_PRICE)

    def listed(self) -> "ServiceQuerySet":
        """Services in the provider's catalog now, sold or not."""
        return self.filter(withdrawn_at=None)

    def acceptable(self) -> "ServiceQuerySet":
        """Services that go on sale once their review is accepted; not those without a price."""
        return self.filter(HAS_PRICE).exclude(review_reason="")

    def in_shop_order(self) -> "ServiceQuerySet":
        """By category, then position, then id."""
        return self.order_by("category__position", "category_id", "position", "pk")


class Service(models.Model):
    """A provider's service, mirrored; the primary key is the service id that customers use."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="services")
    upstream_id = models.CharField(max_length=64)
    upstream_name = models.TextField()
    upstream_description = models.TextField(blank=True)
    own_name = models.TextField(blank=True)  # set by the admin; never overwritten by a sync
    own_description = models.TextField(blank=True)  # set by the admin, too
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="services")
    # moved by the admin: a sync keeps the category
    is_category_own = models.BooleanField(default=False)
    # the provider's heading for it; empty: not known
    upstream_category = models.CharField(max_length=300, blank=True)
    position = models.IntegerField(default=0)
    # canonical name of service_types, or the provider's own word
    type = models.CharField(max_length=60)
    # the provider's own word, where the admin mapped it
    upstream_type = models.CharField(max_length=60, blank=True)
    # false for an unknown type
    is_sellable = models.BooleanField(default=True)
    rate = models.DecimalField(**RATE)  # provider's currency
    cost = models.DecimalField(**RATE)  # panel's currency
    price = models.DecimalField(**RATE)  # panel's currency, after the margin rule
    margin_rule = models.ForeignKey(
        "MarginRule",
        on_delete=models.SET_NULL,
        related_name="priced_services",
        null=True,
        blank=True,
    )  # why this price
    # set by the admin: a service without a price is sold, so many orders per customer in 24 hours;
    # NULL: it is not sold
    free_per_day = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    min_quantity = models.BigIntegerField()
    max_quantity = models.BigIntegerField()
    is_refill = models.BooleanField(default=False)
    is_cancel = models.BooleanField(default=False)
    is_dripfeed = models.BooleanField(default=False)  # sold with runs and interval
    # what the provider's catalog says of it; NULL: nothing, which is not a no
    is_dripfeed_listed = models.BooleanField(null=True, blank=True)
    # `is_dripfeed` is set by the admin: a sync keeps it
    is_dripfeed_own = models.BooleanField(default=False)
    average_time = models.CharField(max_length=100, blank=True)
    refill_mode = models.CharField(
        max_length=10, choices=AftercareMode.choices, default=AftercareMode.STAFF
    )
    cancel_mode = models.CharField(
        max_length=10, choices=AftercareMode.choices, default=AftercareMode.STAFF
    )
    # of the provider's raw row: unchanged rows are not parsed
    digest = models.BinaryField(max_length=32, default=b"")
    # not empty: off sale until an admin reviews it
    review_reason = models.CharField(max_length=300, blank=True)
    is_hidden = models.BooleanField(default=False)  # taken off sale by the admin
    folded_name = folded_name()
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # gone from the provider's catalog
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ServiceQuerySet.as_manager()
    triggers = (SERVICE_RENEWS_PRICE_LIST,)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="service_upstream", fields=["provider", "upstream_id"]),
            models.CheckConstraint(
                name="service_rate_not_negative",
                condition=Q(rate__gte=0, cost__gte=0, price__gte=0),
            ),
            models.CheckConstraint(
                name="service_quantities_in_order",
                condition=Q(min_quantity__gte=0, max_quantity__gte=F("min_quantity")),
            ),
            models.CheckConstraint(
                name="service_free_limit_positive",
                condition=Q(free_per_day=None) | Q(free_per_day__gt=0),
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
        """Whether a customer may buy it now, as in `ServiceQuerySet.on_sale`."""
        return (
            self.withdrawn_at is None
            and not self.review_reason
            and not self.is_hidden
            and self.is_sellable
            and not self.lacks_price
        )

    @property
    def is_free(self) -> bool:
        """Whether its price is nothing."""
        return self.price < LOWEST_PRICE

    @property
    def lacks_price(self) -> bool:
        """Whether its price is nothing, and not by the admin's choice."""
        return self.is_free and self.free_per_day is None

    @property
    def is_below_cost(self) -> bool:
        """Whether each sale would lose money."""
        return self.price < self.cost


class PriceListVersion(models.Model):
    """A token of the price list's version, written by triggers (catalog/triggers.py)."""

    token = models.UUIDField()

    def __str__(self) -> str:
        return str(self.token)


class TypeMapping(models.Model):
    """The admin's decision as which known type a provider's unknown type is sold."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="type_mappings")
    word = models.CharField(max_length=60)  # the provider's
    type = models.CharField(max_length=60)  # of service_types
    mapped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    mapped_at = models.DateTimeField()
    reverted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reverted_at = models.DateTimeField(null=True, blank=True)  # it counts until then

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "provider",
                Lower("word"),
                name="type_mapping_once",
                condition=Q(reverted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.word} → {self.type}"
