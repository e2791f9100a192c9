"""Which services take a drip-feed: what the catalog says, the provider's setting, the admin's word.

Many catalogs say nothing about it, which is not a no. The admin may then have all default services
of a provider take runs and interval, and may decide on each service; no sync undoes that.
"""

from datetime import datetime

from django.db.models import Case, F, Q, Value, When

from catalog.models import DripfeedMode, Provider, Service
from catalog.upstream.service_types import TYPES, find

ASSUMED_TYPE = "Default"


def takes_dripfeed(*, mode: str, type_name: str, is_listed: bool | None) -> bool:
    """Whether a service is sold with runs and interval, where the admin said nothing about it.

    `is_listed`: what the catalog says; None: nothing.
    """
    kind = find(type_name)
    if kind is None or not kind.has_dripfeed or mode == DripfeedMode.NONE:
        return False
    if is_listed is not None:
        return is_listed
    return mode == DripfeedMode.ASSUMED and kind.name == ASSUMED_TYPE


def refresh_dripfeeds(*, provider: Provider, now: datetime) -> None:
    """Bring this provider's services in line with its setting; the caller holds the catalog lock.

    What `takes_dripfeed` says, in one statement.
    """
    if provider.dripfeed == DripfeedMode.NONE:
        takes = Q(pk=None)
    else:
        takes = Q(
            is_dripfeed_listed=True, type__in=[kind.name for kind in TYPES if kind.has_dripfeed]
        )
    if provider.dripfeed == DripfeedMode.ASSUMED:
        takes |= Q(is_dripfeed_listed=None, type=ASSUMED_TYPE)
    services = Service.objects.filter(provider=provider, is_dripfeed_own=False).annotate(
        takes=Case(When(takes, then=Value(True)), default=Value(False))
    )
    services.exclude(is_dripfeed=F("takes")).update(is_dripfeed=F("takes"), updated_at=now)
