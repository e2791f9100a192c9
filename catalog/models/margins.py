"""Margin rules: what is added to a cost to make a price."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models.providers import RATE, Provider
from catalog.models.services import Category, Service
from lib.decimals import shortest


class MarginScope(models.TextChoices):
    """What a margin rule is for, from the broadest to the most specific, which wins."""

    ALL = "all", "All services"
    PROVIDER = "provider", "One provider"
    CATEGORY = "category", "One category"
    SERVICE = "service", "One service"


class MarginRule(models.Model):
    """price = cost × (1 + percent/100) + fixed, per 1000 or per order as the service is sold."""

    scope = models.CharField(max_length=10, choices=MarginScope.choices)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="margin_rules", null=True, blank=True
    )
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="margin_rules", null=True, blank=True
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="margin_rules", null=True, blank=True
    )
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
            models.CheckConstraint(
                name="margin_rule_not_a_loss", condition=Q(percent__gte=0, fixed__gte=0)
            ),
            models.UniqueConstraint(
                name="margin_rule_once",
                fields=["scope", "provider", "category", "service"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        target = self.provider or self.category or self.service or "all services"
        return f"{target}: +{shortest(self.percent)} % + {shortest(self.fixed)}"
