"""References keep the texts that are stored, and say in columns what they are about."""

from decimal import Decimal
from uuid import UUID

import pytest

from billing import reference
from billing.models import SubjectKind
from billing.reference import Reference

UUID_TEXT = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (reference.order_charge(17), "order:17:charge"),
        (reference.order_post(17, number=3), "order:17:post:3"),
        (reference.order_refund(17, up_to=Decimal("2.5")), "order:17:refund_to:2.50000"),
    ],
)
def test_reference_of_an_order(made: Reference, text: str) -> None:
    assert made == Reference(text, SubjectKind.ORDER, 17)


def test_reference_of_a_payment_names_its_gateway() -> None:
    made = reference.payment(gateway="cards", payment_id="p-1")

    assert made == Reference("pay:cards:p-1", gateway="cards")


def test_reference_of_a_correction() -> None:
    assert reference.correction(UUID(UUID_TEXT)) == Reference(f"adj:{UUID_TEXT}")
