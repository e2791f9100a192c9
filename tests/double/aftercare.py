"""`refill` and `cancel`: requests that only begin something."""

import time
from collections.abc import Mapping
from typing import Any

from tests.double.answers import Answer, Refusal, as_number, ids_in
from tests.double.orders import OVER, Order, Refill
from tests.double.outcomes import refill_end
from tests.double.read_actions import INCORRECT_ORDER
from tests.double.world import Account, World


def request_refill(*, world: World, account: Account, fields: Mapping[str, str]) -> Answer:
    """Begin one refill (`order`) or up to 100 (`orders`); each id is accepted or refused by
    itself.
    """
    world.settle()
    if "orders" not in fields:
        refill = _refill(world=world, account=account, text=fields.get("order", ""))
        return Answer("refill", {"refill": str(refill.id)})
    rows: list[dict[str, Any]] = []
    for text in ids_in(fields["orders"], nothing=INCORRECT_ORDER):
        try:
            answer: Any = _refill(world=world, account=account, text=text).id
        except Refusal as refusal:
            answer = {"error": str(refusal)}
        rows.append({"order": as_number(text), "refill": answer})
    return Answer("refill", rows, is_many=True)


def request_cancel(*, world: World, account: Account, fields: Mapping[str, str]) -> Answer:
    """Ask for cancels (`orders`, also `order`): 1 means requested; the order ends a while later."""
    world.settle()
    rows: list[dict[str, Any]] = []
    for text in ids_in(fields.get("orders", fields.get("order", "")), nothing=INCORRECT_ORDER):
        try:
            _cancel(world=world, account=account, text=text)
            rows.append({"order": as_number(text), "cancel": 1})
        except Refusal as refusal:
            rows.append({"order": as_number(text), "cancel": {"error": str(refusal)}})
    return Answer("cancel", rows, is_many=True)


def _refill(*, world: World, account: Account, text: str) -> Refill:
    """Begin a refill of an order that was delivered and has none open; raises Refusal."""
    order, now = _own_order(world=world, account=account, text=text), world.clock.now()
    service = world.shop.find(str(order.service))
    if service is None or not service.refill:
        raise Refusal("Refill is disabled for this service")
    if order.look(now).status not in ("Completed", "Partial"):
        raise Refusal("The order is not completed yet")
    last = world.refills.get(order.last_refill)
    if last and last.status(now) in ("Pending", "In progress"):
        raise Refusal("The order is already being refilled")
    settings = world.settings
    starts_at = now + settings.refill_delay
    refill = Refill(
        id=world.next_refill,
        order=order.id,
        account=account.name,
        requested_at=now,
        requested_wall=time.time(),
        starts_at=starts_at,
        ends_at=starts_at + settings.refilling,
        end=refill_end(order.link),
    )
    world.next_refill += 1
    world.refills[refill.id] = refill
    order.last_refill = refill.id
    world.journal.refill_requested(refill)
    return refill


def _cancel(*, world: World, account: Account, text: str) -> None:
    """Cut the order's timetable short a while from now; raises Refusal."""
    order, now = _own_order(world=world, account=account, text=text), world.clock.now()
    service = world.shop.find(str(order.service))
    if service is None or not service.cancel:
        raise Refusal("Cancel is disabled for this service")
    if order.is_cancel_requested or order.look(now).status in OVER:
        raise Refusal("The order can not be canceled")
    order.is_cancel_requested = True
    ends_at = now + world.settings.cancel_delay
    order.plan = order.plan.cut(at=ends_at)
    if order.feed:
        order.feed.canceled_at = ends_at
    world.watch(order)
    world.journal.cancel_requested(order)


def _own_order(*, world: World, account: Account, text: str) -> Order:
    order = world.order_of(account, text)
    if order is None:
        raise Refusal(INCORRECT_ORDER)
    return order
