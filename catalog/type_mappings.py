"""Mappings, by which an admin sells services of an unknown type as a known one.

A mapping applies at once and at every later sync. Once reverted, the services are off sale again;
orders placed meanwhile keep the type that they were sold as.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, F

from accounts.models import User
from catalog.dripfeed import refresh_dripfeeds
from catalog.models import Provider, Service, TypeMapping
from catalog.prices.write_lock import lock_catalog
from catalog.upstream.service_types import find

MAX_SHOWN = 100  # unknown types: a provider may invent one for each service


class CannotMap(Exception):
    """The mapping is not valid; nothing changed. The message says why."""


@dataclass(frozen=True, slots=True)
class UnknownType:
    """A type in a provider's catalog that we do not know."""

    provider_id: int
    provider_name: str
    word: str
    services: int  # of it that are listed


def unknown_types() -> Sequence[UnknownType]:
    """The types that are not sold until they are mapped, at most MAX_SHOWN. One query."""
    rows = (
        Service.objects.listed()
        .filter(is_sellable=False)
        .values_list("provider_id", "provider__name", "type")
    )
    counted = rows.annotate(services=Count("pk")).order_by("provider__name", "provider_id", "type")
    return [UnknownType(*row) for row in counted[:MAX_SHOWN]]


def types_of(*, provider: Provider) -> dict[str, str]:
    """The provider's mappings, by its word in lower case."""
    mappings = TypeMapping.objects.filter(provider=provider, reverted_at=None)
    return {word.lower(): type_name for word, type_name in mappings.values_list("word", "type")}


@transaction.atomic
def map_type(
    *, provider: Provider, word: str, type_name: str, actor: User, now: datetime
) -> TypeMapping:
    """Sell this provider's services of type `word` as `type_name` from now on.

    Raises CannotMap.
    """
    lock_catalog()
    kind = find(type_name)
    if find(word) is not None:
        raise CannotMap(f"{word} is a known type and needs no mapping.")
    if kind is None or not kind.is_sellable:
        raise CannotMap("Choose one of the known types.")
    try:
        with transaction.atomic():
            mapping = TypeMapping.objects.create(
                provider=provider, word=word, type=kind.name, mapped_by=actor, mapped_at=now
            )
    except IntegrityError:
        raise CannotMap(f"{word} of {provider} is already mapped.") from None
    Service.objects.filter(provider=provider, type__iexact=word, upstream_type="").update(
        upstream_type=F("type"), type=kind.name, is_sellable=True, updated_at=now
    )
    refresh_dripfeeds(provider=provider, now=now)
    return mapping


@transaction.atomic
def revert_mapping(*, mapping: TypeMapping, actor: User, now: datetime) -> bool:
    """Take the mapping back and its services off sale; False where that was done before."""
    lock_catalog()
    reverted = TypeMapping.objects.filter(pk=mapping.pk, reverted_at=None).update(
        reverted_by=actor, reverted_at=now
    )
    if not reverted:
        return False
    Service.objects.filter(provider=mapping.provider_id, upstream_type__iexact=mapping.word).update(
        type=F("upstream_type"), upstream_type="", is_sellable=False, updated_at=now
    )
    return True
