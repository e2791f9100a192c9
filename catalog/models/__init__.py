"""What can be bought: providers, categories, services, exchange rates, margin rules, and the record
of each sync.

Words: a *rate* is what a provider asks, in the provider's currency; a *cost* is that in the panel's
currency; a *price* is what a customer pays. Each is per 1000, except for types that are sold per
order (catalog/service_types.py).
"""

from catalog.models.margins import MarginRule, MarginScope
from catalog.models.providers import RATE, Digits, ExchangeRate, Provider, ProviderQuerySet
from catalog.models.services import (
    AftercareMode,
    Category,
    PriceListVersion,
    Service,
    ServiceQuerySet,
    TypeMapping,
)
from catalog.models.syncs import ServiceChange, SyncOutcome, SyncRun

__all__ = [
    "RATE",
    "AftercareMode",
    "Category",
    "Digits",
    "ExchangeRate",
    "MarginRule",
    "MarginScope",
    "PriceListVersion",
    "Provider",
    "ProviderQuerySet",
    "Service",
    "ServiceChange",
    "ServiceQuerySet",
    "SyncOutcome",
    "SyncRun",
    "TypeMapping",
]
