"""The control API: tests and the demo steer the provider with JSON, from this machine only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tests.double.add import place_foreign
from tests.double.answers import Refusal
from tests.double.journal import placed_row
from tests.double.money import shown
from tests.double.orders import Look, Order

if TYPE_CHECKING:
    from tests.double.server import Server
    from tests.double.wire import Call
    from tests.double.world import Account, World

Wanted = dict[str, Any]


class NotPossible(Exception):
    """The control request makes no sense; the text says why."""


async def control(*, server: Server, call: Call, name: str) -> Any:
    """Do what a control request asks and answer JSON; raises NotPossible with nothing half done."""
    head, _, rest = name.strip("/").partition("/")
    door = DOORS.get(f"{call.method} {head}")
    if door is None:
        raise NotPossible(f"there is no {call.method} {name}")
    try:
        wanted = json.loads(call.body or b"{}")
        if not isinstance(wanted, dict):
            raise NotPossible("send a JSON object")
        if rest:
            wanted["id"] = int(rest)
        return await door(server, wanted)
    except KeyError as missing:
        raise NotPossible(f"missing or unknown: {missing}") from None
    except (ValueError, TypeError, InvalidOperation, Refusal) as problem:
        raise NotPossible(str(problem)) from None


async def journal(server: Server, wanted: Wanted) -> Any:
    kept, since = server.world.journal, int(wanted.get("since", 0))
    return {
        "placed": [placed_row(order) for order in kept.placed],
        "requests": [asdict(request) for request in kept.requests if request.number > since],
        "refills": [asdict(refill) for refill in kept.refills],
        "cancels": [asdict(cancel) for cancel in kept.cancels],
        "posts": [asdict(post) for post in kept.posts],
    }


async def orders(server: Server, wanted: Wanted) -> Any:
    world = server.world
    now = world.settle()
    if "id" in wanted:
        return order_row(world.orders[wanted["id"]], now=now)
    return [order_row(order, now=now) for order in world.journal.placed]


async def set_order(server: Server, wanted: Wanted) -> Any:
    world = server.world
    world.settle()
    order = world.orders[wanted.pop("id")]
    order.shown = wanted.pop("shown", order.shown)
    if wanted == {"release": True}:
        world.release(order)
    elif wanted:
        world.force(order, _forced(order, wanted, now=world.clock.now()))
    return order_row(order, now=world.clock.now())


async def serve_posts(server: Server, wanted: Wanted) -> Any:
    world = server.world
    order = world.orders[wanted["id"]]
    if order.feed is None:
        raise NotPossible("only a subscription is served posts")
    order.feed.shown_at_once += int(wanted.get("count", 1))
    return order_row(order, now=world.settle())


async def set_refill(server: Server, wanted: Wanted) -> Any:
    refill = server.world.refills[wanted["id"]]
    refill.forced = str(wanted["status"])
    return asdict(refill)


async def advance(server: Server, wanted: Wanted) -> Any:
    server.world.clock.advance(seconds=float(wanted["seconds"]))
    return {"clock": server.world.settle()}


async def set_clock(server: Server, wanted: Wanted) -> Any:
    server.world.clock.set_speed(speed=float(wanted["speed"]))
    return {"clock": server.world.clock.now()}


async def services(server: Server, _wanted: Wanted) -> Any:
    return [asdict(service) for service in server.world.shop]


async def set_services(server: Server, wanted: Wanted) -> Any:
    shop = server.world.shop
    if "replace" in wanted:
        shop.replace(wanted["replace"])
    for row in wanted.get("put", []):
        shop.put(row)
    shop.remove(wanted.get("remove", []))
    return {"services": len(list(shop))}


async def balance(server: Server, _wanted: Wanted) -> Any:
    server.world.settle()
    return {account.name: str(account.balance) for account in server.world.accounts.values()}


async def set_balance(server: Server, wanted: Wanted) -> Any:
    server.world.settle()
    account = _account(server.world, wanted)
    account.balance = Decimal(str(wanted["amount"]))
    return {"balance": shown(account.balance)}


async def foreign_order(server: Server, wanted: Wanted) -> Any:
    world = server.world
    placed = place_foreign(
        world=world,
        account=_account(world, {"account": "other", **wanted}),
        count=int(wanted.get("count", 1)),
        quantity=int(wanted.get("quantity", 0)),
    )
    return [order_row(order, now=world.clock.now()) for order in placed]


async def settings(server: Server, wanted: Wanted) -> Any:
    chosen = server.world.settings
    if unknown := set(wanted) - {field.name for field in fields(chosen)}:
        raise NotPossible(f"no such setting: {', '.join(sorted(unknown))}")
    for name, value in wanted.items():
        setattr(chosen, name, type(getattr(chosen, name))(value))
    return asdict(chosen)


async def faults(server: Server, _wanted: Wanted) -> Any:
    return server.world.faults.rows()


async def add_fault(server: Server, wanted: Wanted) -> Any:
    server.world.faults.add(wanted)
    return server.world.faults.rows()


async def clear_faults(server: Server, _wanted: Wanted) -> Any:
    server.world.faults.clear()
    return []


async def dialect(server: Server, wanted: Wanted) -> Any:
    return server.world.phrasing.dialect.change(wanted)


async def refuse(server: Server, wanted: Wanted) -> Any:
    await server.refuse_connections(seconds=float(wanted["seconds"]))
    return {}


async def accept(server: Server, _wanted: Wanted) -> Any:
    await server.accept_connections()
    return {}


async def reset(server: Server, _wanted: Wanted) -> Any:
    await server.reset()
    return {}


def order_row(order: Order, *, now: float) -> Wanted:
    """Write an order's truth at a moment: the journal's row, and how it stands."""
    look = order.look(now)
    return {
        **placed_row(order),
        "status": look.status,
        "remains": look.remains,
        "start_count": look.start_count,
        "net_charge": str(look.charge),
    }


def _account(world: World, wanted: Wanted) -> Account:
    return world.accounts[wanted.get("account", "ours")]


def _forced(order: Order, wanted: Wanted, *, now: float) -> Look:
    """Complete a forced state: what is not named follows from the status as it would at a real
    end.
    """
    if unknown := set(wanted) - {"status", "remains", "start_count", "charge"}:
        raise NotPossible(f"an order has no {', '.join(sorted(unknown))}")
    look = order.look(now)
    status = str(wanted.get("status", look.status))
    usual = {"Completed": 0, "Canceled": order.quantity}.get(status, look.remains)
    remains = int(wanted.get("remains", usual))
    charge = order.charge - order.owed(status=status, remains=min(max(remains, 0), order.quantity))
    if "charge" in wanted:
        charge = Decimal(str(wanted["charge"]))
    return Look(status, int(wanted.get("start_count", look.start_count)), remains, charge)


DOORS: dict[str, Callable[[Server, Wanted], Awaitable[Any]]] = {
    "GET journal": journal,
    "GET orders": orders,
    "POST orders": set_order,
    "POST posts": serve_posts,
    "POST refills": set_refill,
    "POST advance": advance,
    "POST clock": set_clock,
    "GET services": services,
    "POST services": set_services,
    "GET balance": balance,
    "POST balance": set_balance,
    "POST foreign_order": foreign_order,
    "POST settings": settings,
    "GET faults": faults,
    "POST faults": add_fault,
    "DELETE faults": clear_faults,
    "POST dialect": dialect,
    "POST refuse": refuse,
    "POST accept": accept,
    "POST reset": reset,
}
