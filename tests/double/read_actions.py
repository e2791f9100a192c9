"""The reading actions: services, status, refill_status, balance."""

from collections.abc import Mapping
from typing import Any

from tests.double.answers import Answer, Refusal, ids_in
from tests.double.money import shown
from tests.double.orders import Order
from tests.double.world import Account, World

INCORRECT_ORDER = "Incorrect order ID"
NO_REFILL = "Refill not found"


def tell_services(*, world: World) -> Answer:
    """List the catalog."""
    return Answer("services", world.shop.rows, is_many=True, version=world.shop.version)


def tell_status(*, world: World, account: Account, fields: Mapping[str, str]) -> Answer:
    """Tell one order (`order`) or up to 100 (`orders`); unknown and foreign ids read alike."""
    now = world.settle()
    currency = named_currency(world)
    if "orders" not in fields:
        order = world.order_of(account, fields.get("order", ""))
        if order is None:
            raise Refusal(INCORRECT_ORDER)
        return Answer("status", status_row(order, now=now, currency=currency))
    rows: dict[str, Any] = {}
    for text in ids_in(fields["orders"], nothing=INCORRECT_ORDER):
        order = world.order_of(account, text)
        rows[text] = (
            status_row(order, now=now, currency=currency) if order else {"error": INCORRECT_ORDER}
        )
    return Answer("status", rows, is_many=True)


def named_currency(world: World) -> dict[str, str]:
    """Name the currency in the dialect's way."""
    said = world.phrasing.dialect.currency or world.options.currency
    return {} if said == "absent" else {"currency": said}


def status_row(order: Order, *, now: float, currency: Mapping[str, str]) -> dict[str, Any]:
    """Write the documented five keys, all text."""
    look = order.look(now)
    row = {
        "charge": shown(look.charge),
        "start_count": str(look.start_count),
        "status": look.status,
        "remains": str(look.remains),
        **currency,
    }
    return {**row, **order.shown} if order.shown else row


def tell_refill_status(*, world: World, account: Account, fields: Mapping[str, str]) -> Answer:
    """Tell one refill (`refill`) or up to 100 (`refills`), in the order asked."""
    now = world.settle()
    if "refills" not in fields:
        refill = world.refill_of(account, fields.get("refill", ""))
        if refill is None:
            raise Refusal(NO_REFILL)
        return Answer("refill_status", {"status": refill.status(now)})
    rows = []
    for text in ids_in(fields["refills"], nothing=NO_REFILL):
        refill = world.refill_of(account, text)
        number = int(text) if text.isascii() and text.isdigit() else text
        rows.append(
            {"refill": number, "status": refill.status(now) if refill else {"error": NO_REFILL}}
        )
    return Answer("refill_status", rows, is_many=True)


def tell_balance(*, world: World, account: Account) -> Answer:
    """Tell the account's money with all refunds paid that are due."""
    world.settle()
    return Answer("balance", {"balance": shown(account.balance), **named_currency(world)})
