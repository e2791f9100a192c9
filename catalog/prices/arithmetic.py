"""The arithmetic of money: cost, price, charge and refund. Nothing else rounds money.

Rates, costs and prices are per 1000 units, or per order for types that are sold so, with 8
decimals. Booked money has 5 decimals, as in the API. Charges round up, refunds round down.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

RATE_STEP = Decimal("0.00000001")
MONEY_STEP = Decimal("0.00001")
PER = 1000  # a price is for so many units, except per order
PRECISION = 80  # digits: the product of two rates and a quantity stays exact
UP = Context(prec=PRECISION, rounding=ROUND_CEILING)
DOWN = Context(prec=PRECISION, rounding=ROUND_FLOOR)


def cost_of(*, rate: Decimal, exchange_rate: Decimal) -> Decimal:
    """A provider's rate in the panel's currency, 8 decimals, rounded up.

    `exchange_rate`: units of the panel's currency for one unit of the provider's.
    """
    _not_negative(rate=rate, exchange_rate=exchange_rate)
    return UP.multiply(rate, exchange_rate).quantize(RATE_STEP, context=UP)


def price_of(*, cost: Decimal, percent: Decimal, fixed: Decimal) -> Decimal:
    """cost × (1 + percent/100) + fixed, 8 decimals, rounded up."""
    _not_negative(cost=cost, percent=percent, fixed=fixed)
    marked_up = UP.divide(UP.multiply(cost, UP.add(Decimal(100), percent)), Decimal(100))
    return UP.add(marked_up, fixed).quantize(RATE_STEP, context=UP)


def charge_for(*, price: Decimal, billed_quantity: int, is_per_order: bool) -> Decimal:
    """The charge of an order of `billed_quantity` units, 5 decimals, rounded up."""
    _not_negative(price=price, billed_quantity=Decimal(billed_quantity))
    whole = UP.multiply(price, Decimal(billed_quantity))
    exact = whole if is_per_order else UP.divide(whole, Decimal(PER))
    return exact.quantize(MONEY_STEP, context=UP)


def cost_for(*, cost: Decimal, billed_quantity: int, is_per_order: bool) -> Decimal:
    """The expected cost of an order, 5 decimals, rounded up like the charge."""
    return charge_for(price=cost, billed_quantity=billed_quantity, is_per_order=is_per_order)


def owed_for(*, charge: Decimal, undelivered: int, billed_quantity: int) -> Decimal:
    """The total refund owed for an order, 5 decimals, rounded down.

    Raises ValueError unless 0 ≤ undelivered ≤ billed_quantity; callers clamp a provider's figure.
    """
    if not 0 <= undelivered <= billed_quantity or billed_quantity == 0:
        raise ValueError(f"{undelivered} undelivered of {billed_quantity} units is invalid")
    _not_negative(charge=charge)
    return DOWN.divide(
        DOWN.multiply(charge, Decimal(undelivered)), Decimal(billed_quantity)
    ).quantize(MONEY_STEP, context=DOWN)


def _not_negative(**values: Decimal) -> None:
    for name, value in values.items():
        if not value.is_finite() or value < 0:
            raise ValueError(f"{name} must not be negative, but is {value}")
