"""The status words of one provider that a person has explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from catalog.upstream.refill_and_cancel_replies import RefillState, refill_state_of
from catalog.upstream.status_reply import Status, fold, status_of

# What these built-in words mean depends on the provider and on the service.
UNSETTLED: Final = {
    Status.UNKNOWN, Status.FAILED, Status.ACTIVE, Status.PAUSED, Status.EXPIRED
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaughtWords:
    """What folded words mean, of orders and of refills."""

    orders: Mapping[str, Status] = field(default_factory=lambda: MappingProxyType({}))
    refills: Mapping[str, RefillState] = field(default_factory=lambda: MappingProxyType({}))


NOTHING_TAUGHT: Final = TaughtWords()


def is_teachable_of_orders(word: str) -> bool:
    """Whether an order's word needs explaining; others have one meaning everywhere."""
    return fold(word) != "" and status_of(word) in UNSETTLED


def is_teachable_of_refills(word: str) -> bool:
    """Whether a refill's word needs explaining."""
    return fold(word) != "" and refill_state_of(word) is RefillState.UNKNOWN
