"""What the provider's journal says, as frozen values for tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Placed:
    """One order that exists at the provider. `charge` is what it took at first, `net_charge` what
    it kept so far.

    Of a subscription both grow with each post.
    """

    order: int
    account: str
    service: int
    link: str
    quantity: int  # units billed, over all runs of a drip-feed
    fields: Mapping[str, str]
    at: float  # seconds since 1970
    clock: float  # seconds of the provider's clock
    idempotency_key: str
    charge: Decimal
    status: str
    remains: int
    start_count: int
    net_charge: Decimal


@dataclass(frozen=True, slots=True)
class Asked:
    """One request the provider received, without its key, and how the connection ended."""

    number: int
    action: str
    parameters: Mapping[str, str]
    at: float
    fault: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RefillAsked:
    """One refill that was really requested."""

    refill: int
    order: int
    at: float


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """One cancel that was really requested."""

    order: int
    at: float


@dataclass(frozen=True, slots=True)
class PostServed:
    """One post of a subscription that was really served and billed."""

    order: int
    number: int  # from 1
    charge: Decimal
    at: float


@dataclass(frozen=True, slots=True)
class Journal:
    """All of it, oldest first."""

    requests: tuple[Asked, ...]
    refills: tuple[RefillAsked, ...]
    cancels: tuple[CancelAsked, ...]
    posts: tuple[PostServed, ...]

    def asked(self, action: str) -> tuple[Asked, ...]:
        """The requests of one action."""
        return tuple(request for request in self.requests if request.action == action)


def placed_from(row: dict[str, Any]) -> Placed:
    money = {name: Decimal(row[name]) for name in ("charge", "net_charge")}
    return Placed(**{**row, **money})


def journal_from(answer: dict[str, Any]) -> Journal:
    return Journal(
        requests=tuple(Asked(**row) for row in answer["requests"]),
        refills=tuple(
            RefillAsked(row["id"], row["order"], row["requested_wall"]) for row in answer["refills"]
        ),
        cancels=tuple(CancelAsked(**row) for row in answer["cancels"]),
        posts=tuple(
            PostServed(**{**row, "charge": Decimal(row["charge"])}) for row in answer["posts"]
        ),
    )
