"""The arithmetic of money."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.prices.arithmetic import charge_for, cost_for, cost_of, owed_for, price_of

rates = st.decimals(min_value=0, max_value=10**11, places=8)
quantities = st.integers(min_value=1, max_value=10**12)
charges = st.decimals(min_value=0, max_value=10**14, places=5)
percents = st.decimals(min_value=0, max_value=10_000, places=4)


@pytest.mark.parametrize(
    ("price", "quantity", "charge"),
    [
        ("0.90", 1000, "0.90000"),
        ("0.90", 1, "0.00090"),
        ("0.90", 7, "0.00630"),
        ("0.00000001", 1, "0.00001"),  # the least price still costs the least amount
        ("1.23456789", 1000, "1.23457"),
        ("0", 5000, "0.00000"),
        ("999999999999.99999999", 10_000_000, "9999999999999999.99990"),
    ],
)
def test_charge_per_1000_is_rounded_up_to_five_decimals(
    price: str, quantity: int, charge: str
) -> None:
    assert (
        str(charge_for(price=Decimal(price), billed_quantity=quantity, is_per_order=False))
        == charge
    )


def test_package_rate_is_the_price_of_one_order_not_of_1000() -> None:
    assert charge_for(price=Decimal("4.5"), billed_quantity=1, is_per_order=True) == Decimal(
        "4.50000"
    )
    assert cost_for(cost=Decimal("4.5"), billed_quantity=1, is_per_order=True) == Decimal("4.50000")


@pytest.mark.parametrize(
    ("cost", "percent", "fixed", "price"),
    [
        ("1", "25", "0", "1.25000000"),
        ("0.9", "0", "0", "0.90000000"),
        ("0.00000001", "25", "0", "0.00000002"),  # rounded up, or the margin would be lost
        ("1", "33.3333", "0.05", "1.38333300"),
        ("0", "25", "0.10", "0.10000000"),
    ],
)
def test_price_is_cost_plus_percent_plus_fixed_rounded_up(
    cost: str, percent: str, fixed: str, price: str
) -> None:
    found = price_of(cost=Decimal(cost), percent=Decimal(percent), fixed=Decimal(fixed))

    assert f"{found:f}" == price


def test_cost_is_the_rate_in_the_panels_currency_rounded_up() -> None:
    assert cost_of(rate=Decimal("0.9"), exchange_rate=Decimal("1.07")) == Decimal("0.963")
    assert cost_of(rate=Decimal("0.00000001"), exchange_rate=Decimal("0.1")) == Decimal(
        "0.00000001"
    )


@pytest.mark.parametrize(
    ("charge", "undelivered", "quantity", "owed"),
    [
        ("10", 1000, 10_000, "1.00000"),
        ("0.27819", 157, 300, "0.14558"),  # 0.145586…
        ("1", 1, 3, "0.33333"),
        ("1", 0, 3, "0.00000"),
        ("1", 3, 3, "1.00000"),
    ],
)
def test_owed_is_the_undelivered_share_rounded_down(
    charge: str, undelivered: int, quantity: int, owed: str
) -> None:
    assert (
        str(owed_for(charge=Decimal(charge), undelivered=undelivered, billed_quantity=quantity))
        == owed
    )


@pytest.mark.parametrize(("undelivered", "quantity"), [(-1, 10), (11, 10), (0, 0)])
def test_owed_refuses_a_count_that_makes_no_sense(undelivered: int, quantity: int) -> None:
    with pytest.raises(ValueError, match="is invalid"):
        owed_for(charge=Decimal(1), undelivered=undelivered, billed_quantity=quantity)


@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity"])
def test_money_that_is_none_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match="price must not be negative"):
        charge_for(price=Decimal(price), billed_quantity=1, is_per_order=False)


@given(price=rates, quantity=quantities, is_per_order=st.booleans())
def test_charge_is_never_below_the_exact_price_and_less_than_a_step_above(
    price: Decimal, quantity: int, is_per_order: bool
) -> None:
    exact = Fraction(price) * quantity / (1 if is_per_order else 1000)

    charge = Fraction(charge_for(price=price, billed_quantity=quantity, is_per_order=is_per_order))

    assert exact <= charge < exact + Fraction(1, 100_000)


@given(charge=charges, quantity=quantities, share=st.fractions(min_value=0, max_value=1))
def test_owed_is_never_above_the_exact_share_and_less_than_a_step_below(
    charge: Decimal, quantity: int, share: Fraction
) -> None:
    undelivered = int(quantity * share)
    exact = Fraction(charge) * undelivered / quantity

    owed = Fraction(owed_for(charge=charge, undelivered=undelivered, billed_quantity=quantity))

    assert exact - Fraction(1, 100_000) < owed <= exact <= Fraction(charge)


@given(cost=rates, percent=percents, fixed=rates, quantity=quantities, is_per_order=st.booleans())
def test_a_margin_never_sells_below_cost(
    cost: Decimal, percent: Decimal, fixed: Decimal, quantity: int, is_per_order: bool
) -> None:
    price = price_of(cost=cost, percent=percent, fixed=fixed)

    charge = charge_for(price=price, billed_quantity=quantity, is_per_order=is_per_order)

    assert price >= cost
    assert charge >= cost_for(cost=cost, billed_quantity=quantity, is_per_order=is_per_order)


@given(rate=rates, exchange_rate=rates)
def test_cost_is_never_below_the_exact_one(rate: Decimal, exchange_rate: Decimal) -> None:
    exact = Fraction(rate) * Fraction(exchange_rate)

    cost = Fraction(cost_of(rate=rate, exchange_rate=exchange_rate))

    assert exact <= cost < exact + Fraction(1, 10**8)
