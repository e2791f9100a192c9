"""What a provider keeps of an order that it ended: its charge held against what remains.

Decided without the database. A charge of 0 keeps nothing, whatever remains. Any other one must be
that of the delivered units; where it is not, staff decide.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from catalog.upstream import OrderStatus, Status
from lib.decimals import shortest

STEP: Final = Decimal("0.00001")  # providers round what they keep up or down at five decimals
MAX_ROUNDING: Final = Decimal("0.01")  # or at cents, at worst


def undelivered(
    report: OrderStatus,
    *,
    billed_quantity: int,
    expected_costs: Sequence[Decimal],
    is_charge_mute: bool,
) -> int | None:
    """The units that a report of an end leaves undelivered; None where it contradicts itself.

    `expected_costs`: of the whole order, provider's currency, by each rate that may have been
    billed. `is_charge_mute`: at this provider the charge of an ended order says nothing.
    """
    if report.status is Status.CANCELED and report.charge == 0:
        return billed_quantity
    charge = report.charge
    if charge is None or (is_charge_mute and _is_all_or_nothing(charge, expected_costs)):
        return by_remains(report, billed_quantity=billed_quantity)
    if report.status is Status.COMPLETED:
        return _of_completed(
            report, charge, billed_quantity=billed_quantity, expected_costs=expected_costs
        )
    if report.remains is None:
        return None
    remains = clamp(report.remains, billed_quantity)
    if report.status is Status.CANCELED and remains in {0, billed_quantity}:
        return None
    if report.status is Status.PARTIAL and not any(expected_costs):
        return remains  # a free order: its charge says nothing
    fits = _fits(charge, billed_quantity - remains, billed_quantity, expected_costs)
    return remains if fits else None


def by_remains(report: OrderStatus, *, billed_quantity: int) -> int | None:
    """The same by the status word and what remains alone."""
    if report.status is Status.COMPLETED:
        return 0
    if report.remains is None:
        is_unreadable = any(character.isdigit() for character in report.remains_text)
        return None if report.status is Status.PARTIAL or is_unreadable else billed_quantity
    remains = clamp(report.remains, billed_quantity)
    return None if report.status is Status.CANCELED and not remains else remains


def clamp(remains: int, billed_quantity: int) -> int:
    """`remains` for money: never negative, never above what was bought."""
    return max(0, min(remains, billed_quantity))


def contradiction(
    report: OrderStatus, *, billed_quantity: int, expected_costs: Sequence[Decimal]
) -> str:
    """For staff: what remains and what was charged, with what was to be expected of both."""
    currency = f"{report.currency} " if report.currency else ""
    remains = "no remains" if report.remains is None else f"remains {report.remains:,}"
    charged = "no charge" if report.charge is None else f"a charge of {currency}{report.charge:f}"
    text = f"The provider reports {report.word!r} with {remains} of {billed_quantity:,} and"
    text += f" {charged}."
    if not expected_costs:
        return text
    text += f" The whole order should cost {currency}{shortest(expected_costs[-1])}"
    if report.remains is not None:
        units = billed_quantity - clamp(report.remains, billed_quantity)
        part = (expected_costs[-1] * units / billed_quantity).quantize(STEP)
        text += f", the {units:,} delivered units {currency}{shortest(part)}"
    return f"{text}. Nothing is refunded before you decide."


def rounding_of(amount: Decimal) -> Decimal:
    """By how much an amount may be off because of the decimals that it is written with."""
    exponent = amount.as_tuple().exponent
    if not amount or not isinstance(exponent, int):
        return STEP
    return max(STEP, min(Decimal(1).scaleb(exponent), MAX_ROUNDING))


def _of_completed(
    report: OrderStatus,
    charge: Decimal,
    *,
    billed_quantity: int,
    expected_costs: Sequence[Decimal],
) -> int | None:
    """Completed pays nothing back, unless the provider did so for just what remains."""
    remains = clamp(report.remains or 0, billed_quantity)
    is_reduced = all(charge < cost - rounding_of(charge) for cost in expected_costs if cost)
    if not remains or not any(expected_costs) or not is_reduced:
        return 0
    if remains == billed_quantity:
        return None
    fits = _fits(charge, billed_quantity - remains, billed_quantity, expected_costs)
    return remains if fits else None


def _fits(
    charge: Decimal, delivered: int, billed_quantity: int, expected_costs: Sequence[Decimal]
) -> bool:
    """Whether it is the charge of so many units."""
    tolerance = rounding_of(charge)
    parts = [cost * delivered / billed_quantity for cost in expected_costs]
    return any(abs(charge - part) <= tolerance for part in parts)


def _is_all_or_nothing(charge: Decimal, expected_costs: Sequence[Decimal]) -> bool:
    return charge == 0 or _fits(charge, 1, 1, expected_costs)
