"""Models of the catalog: providers, categories, services, exchange rates, margin rules, syncs.

A *rate* is what a provider asks, in its currency; a *cost* is that in the panel's currency; a
*price* is what a customer pays. Each is per 1000, or per order for the types in
catalog/upstream/service_types.py that are sold so.
"""

from catalog.models.link_rules import LinkCheck, LinkRule, LinkTarget
from catalog.models.margins import MarginRule, MarginScope
from catalog.models.providers import (
    RATE,
    Contact,
    DripfeedMode,
    ExchangeRate,
    Provider,
    ProviderQuerySet,
)
from catalog.models.services import (
    LOWEST_PRICE,
    AftercareMode,
    Category,
    PriceListVersion,
    Service,
    ServiceQuerySet,
    TypeMapping,
)
from catalog.models.status_words import StatusMapping, StatusSubject, UnknownStatus
from catalog.models.syncs import ServiceChange, SyncOutcome, SyncRun

__all__ = [
    "LOWEST_PRICE",
    "RATE",
    "AftercareMode",
    "Category",
    "Contact",
    "DripfeedMode",
    "ExchangeRate",
    "LinkCheck",
    "LinkRule",
    "LinkTarget",
    "MarginRule",
    "MarginScope",
    "PriceListVersion",
    "Provider",
    "ProviderQuerySet",
    "Service",
    "ServiceChange",
    "ServiceQuerySet",
    "StatusMapping",
    "StatusSubject",
    "SyncOutcome",
    "SyncRun",
    "TypeMapping",
    "UnknownStatus",
]
