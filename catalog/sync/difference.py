"""The difference between our mirror and a provider's list, and what needs a review. No database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from catalog.models import LOWEST_PRICE
from catalog.prices.arithmetic import cost_of
from catalog.sync.clean_text import clean_line, clean_text
from catalog.upstream import CatalogReply, ServiceRow, service_types
from lib.decimals import shortest

WATCHED: Final = (
    "name", "category", "type", "rate", "min", "max",
    "is_refill", "is_cancel", "is_dripfeed", "description",
)  # fmt: skip  # in change sets; the average time changes with every sync
# a rate that changes by a larger factor may be a mistake or another service
MAX_FACTOR: Final = 3
MAX_GONE: Final = Decimal("0.30")  # share of our services: a list that lacks more may be cut short
FEW_GONE: Final = 1  # may always go: small catalogs change, too
NO_CATEGORY: Final = "Other"
# a mistake from here on; below it no price overflows its column
MAX_COST: Final = Decimal(10) ** 9
NEW_REASON: Final = "New: waiting for review"


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as the provider lists it, with clean texts."""

    upstream_id: str
    name: str
    # "" where the provider's is not known, since the admin moved it: not compared
    category: str
    type: str  # canonical, as the admin mapped it, or the provider's own word
    rate: Decimal
    min: int
    max: int
    is_refill: bool
    is_cancel: bool
    is_dripfeed: bool | None  # None: the provider does not say
    description: str
    average_time: str
    digest: bytes
    upstream_type: str = ""  # the provider's own word, where the admin mapped it


@dataclass(frozen=True, slots=True)
class Reading:
    """A provider's reply, sorted by what can be sold."""

    count: int  # rows in the reply
    offers: tuple[Offer, ...]  # that are new, or not known by their digest
    unchanged: tuple[str, ...]  # ids known by their digest
    # id ("" where there is none) and what is wrong with the row
    problems: tuple[tuple[str, str], ...]
    duplicates: tuple[str, ...]  # ids that came more than once; the last row counts
    named: frozenset[str]  # every id that the reply mentions


@dataclass(frozen=True, slots=True)
class Move:
    """One field of one service, from → to."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A known service whose listing changed."""

    offer: Offer
    moves: tuple[Move, ...]  # empty where only unwatched fields changed
    review_reason: str  # not empty: not sold before an admin reviews it


@dataclass(frozen=True, slots=True)
class New:
    """A service that the provider did not list before."""

    offer: Offer
    review_reason: str  # not empty: not sold before an admin reviews it


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that a reply changes in our mirror of one provider."""

    new: tuple[New, ...]
    changed: tuple[Changed, ...]
    gone: tuple[str, ...]  # upstream ids
    back: tuple[str, ...]
    unreadable: tuple[str, ...]  # listed ids whose row cannot be read: left as they are

    @property
    def lost(self) -> int:
        """How many of our services the reply does not describe."""
        return len(self.gone) + len(self.unreadable)

    @property
    def rows(self) -> tuple[New | Changed, ...]:
        """The offers to be written, known services first."""
        return (*self.changed, *self.new)

    @property
    def held(self) -> dict[str, str]:
        """Why services wait for the admin's review, by upstream id."""
        return {row.offer.upstream_id: row.review_reason for row in self.rows if row.review_reason}

    @property
    def is_nothing(self) -> bool:
        """Whether nothing visible changed."""
        return not (self.new or self.gone or self.back or any(row.moves for row in self.changed))


def read(reply: CatalogReply, *, exchange_rate: Decimal) -> Reading:
    """Sort a reply; a rate or cost of MAX_COST or more makes a row unreadable."""
    offers = [offer_of(row) for row in reply.rows]
    too_dear = {
        offer.upstream_id
        for offer in offers
        if offer.rate * max(exchange_rate, Decimal(1)) >= MAX_COST
    }
    problems = [(problem.service_id or "", problem.problem) for problem in reply.problems]
    return Reading(
        count=reply.count,
        offers=tuple(offer for offer in offers if offer.upstream_id not in too_dear),
        unchanged=reply.unchanged,
        problems=(
            *problems,
            *((upstream_id, "the rate is too high") for upstream_id in sorted(too_dear)),
        ),
        duplicates=reply.duplicates,
        named=reply.service_ids,
    )


def with_types(reading: Reading, *, types: Mapping[str, str]) -> Reading:
    """The reading with types as the admin mapped them, by the word in lower case."""
    return (
        replace(reading, offers=tuple(_with_type(offer, types) for offer in reading.offers))
        if types
        else reading
    )


def _with_type(offer: Offer, types: Mapping[str, str]) -> Offer:
    if service_types.find(offer.type) or offer.type.lower() not in types:
        return offer
    return replace(offer, type=types[offer.type.lower()], upstream_type=offer.type)


def offer_of(row: ServiceRow) -> Offer:
    """A provider's row with clean texts and our name of its type."""
    return Offer(
        upstream_id=row.service_id,
        name=clean_line(row.name, length=500) or f"Service {row.service_id}",
        category=clean_line(row.category, length=300) or NO_CATEGORY,
        type=service_types.canonical(clean_line(row.type, length=60)),
        # as many decimals as we keep, rounded up
        rate=cost_of(rate=row.rate, exchange_rate=Decimal(1)),
        min=row.min,
        max=row.max,
        is_refill=row.is_refillable,
        is_cancel=row.is_cancelable,
        is_dripfeed=row.is_dripfeed,
        description=clean_text(row.description, length=10_000),
        average_time=clean_line(row.average_time, length=100),
        digest=row.digest,
    )


def difference(
    *,
    reading: Reading,
    listed: Collection[str],
    ours: Mapping[str, Offer],
    exchange_rate: Decimal,
    is_review_first: bool = False,
) -> Difference:
    """Compare a provider's reply with our mirror.

    `listed`: the upstream ids in our mirror that are not withdrawn. `ours`: our mirror of the ids
    in `reading.offers`. `is_review_first`: every new service waits for the admin.
    """
    is_listed = set(listed)
    known = [offer for offer in reading.offers if offer.upstream_id in ours]
    readable = {offer.upstream_id for offer in known} | set(reading.unchanged)
    new = [offer for offer in reading.offers if offer.upstream_id not in ours]
    first_reason = NEW_REASON if is_review_first else ""
    return Difference(
        new=tuple(New(offer, _no_price(offer, exchange_rate) or first_reason) for offer in new),
        changed=tuple(
            _changed(ours[offer.upstream_id], offer, exchange_rate=exchange_rate) for offer in known
        ),
        gone=tuple(sorted(is_listed - reading.named)),
        back=tuple(sorted(readable - is_listed)),
        unreadable=tuple(sorted((is_listed & reading.named) - readable)),
    )


def rejection(*, found: Difference, count: int, listed: int) -> str:
    """Why a person must accept this reply before it is applied, or "".

    `count`: rows in the reply. `listed`: our services that are not withdrawn.
    """
    if count == 0:
        return f"The provider's list is empty, but we list {listed:,} of its services."
    if found.lost > FEW_GONE and found.lost > MAX_GONE * listed:
        return (
            f"{len(found.gone):,} of {listed:,} services are missing from the provider's list and"
            f" {len(found.unreadable):,} cannot be read: more than {MAX_GONE:.0%}."
        )
    return ""


def _changed(before: Offer, after: Offer, *, exchange_rate: Decimal) -> Changed:
    before = before if before.category else replace(before, category=after.category)
    moves = tuple(
        Move(what=name, before=_shown(getattr(before, name)), after=_shown(getattr(after, name)))
        for name in WATCHED
        if _shown(getattr(before, name)) != _shown(getattr(after, name))
    )
    reason = "" if _no_price(before, exchange_rate) else _no_price(after, exchange_rate)
    return Changed(
        offer=after, moves=moves, review_reason=reason or _reason_to_review(before, after)
    )


def _no_price(offer: Offer, exchange_rate: Decimal) -> str:
    """Why the offer has no price, or ""."""
    if cost_of(rate=offer.rate, exchange_rate=exchange_rate) >= LOWEST_PRICE:
        return ""
    return f"No price: the provider lists it at a rate of {_shown(offer.rate)}"


def _reason_to_review(before: Offer, after: Offer) -> str:
    if before.type != after.type:
        types = f"from {before.type} to {after.type}"
        return f"The type changed {types}: perhaps another service with a reused ID"
    if before.name != after.name and before.category != after.category:
        return "Name and category both changed: perhaps another service with a reused ID"
    if max(before.rate, after.rate) > MAX_FACTOR * min(before.rate, after.rate):
        rates = f"from {_shown(before.rate)} to {_shown(after.rate)}"
        return f"The rate changed {rates}, by more than {MAX_FACTOR} times"
    return ""


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return shortest(value)
    return str(value)
