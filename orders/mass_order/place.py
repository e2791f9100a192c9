"""Place a mass order: each line is an order of its own, placed exactly once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from accounts.models import User
from billing.ledger import InsufficientFunds
from lib.decimals import plain
from orders.lifecycle.charge_text import unit
from orders.mass_order.check import client_key
from orders.mass_order.lines import CheckedLine, Verdict
from orders.mass_order.offer import Offer
from orders.placing.check_fields import FieldErrors
from orders.placing.place_order import KeyReused, NotOnSale, PriceChanged, place_order


def place_lines(
    *, customer: User, lines: Iterable[CheckedLine], offer: Offer, now: datetime
) -> list[CheckedLine]:
    """The lines afterwards: ORDERED with the order, or not, with the reason.

    Each line is placed in a transaction of its own; one that fails changes nothing and stops none.
    The same offer gives the same orders, charged once, however many times it is sent at once; no
    line is charged more than the offered price.
    """
    return [_place(line, customer=customer, offer=offer, now=now) for line in lines]


def _place(checked: CheckedLine, *, customer: User, offer: Offer, now: datetime) -> CheckedLine:
    service, values = checked.service, checked.values
    if service is None or values is None or service.pk not in offer.prices:
        return checked  # its note says what is wrong
    try:
        order = place_order(
            customer=customer,
            service=service,
            values=values,
            now=now,
            client_key=client_key(key=offer.key, line=checked.line),
            quoted_price=offer.prices[service.pk],
        )
    except InsufficientFunds as short:
        note = f"Needs {plain(short.amount)}; {plain(short.available)} is left."
        return replace(checked, verdict=Verdict.SHORT, note=note)
    except PriceChanged as change:
        note = f"The price rose from {plain(change.old)} to {plain(change.new)} {unit(service)}."
        return replace(checked, verdict=Verdict.WRONG, note=note)
    except (NotOnSale, FieldErrors, KeyReused) as reason:
        return replace(checked, verdict=Verdict.WRONG, note=str(reason))
    return replace(checked, verdict=Verdict.ORDERED, note="", charge=order.charge, order=order)
