"""`add`: check like a real panel, charge, and place; nothing changes where it refuses."""

import time
from collections.abc import Mapping

from tests.double.answers import Refusal
from tests.double.money import ZERO
from tests.double.orders import OVER, Order
from tests.double.outcomes import Fate, fate_of, plan_of
from tests.double.service_types import Invalid, check, number, present
from tests.double.shop import Service
from tests.double.subscriptions import Feed, feed_of
from tests.double.world import Account, World

NOT_FIELDS = frozenset({"key", "action", "service", "idempotency_key"})


def place(*, world: World, account: Account, fields: Mapping[str, str]) -> Order:
    """Place one order and take its charge; raises Refusal with the definite text, with nothing
    changed.
    """
    world.settle()
    fields = present(fields)
    if earlier := _placed_before(world=world, account=account, fields=fields):
        return earlier
    service = world.shop.find(fields.get("service", ""))
    if service is None:
        raise Refusal("Incorrect service ID")
    try:
        units, drip_seconds = _units(service=service, fields=fields)
    except Invalid as invalid:
        raise Refusal(str(invalid)) from None
    link = fields.get("link") or fields.get("username", "")
    fate = _fate(world=world, account=account, link=link)
    charge = service.charge(units=units)
    if charge is None:
        raise Refusal("Incorrect service ID")
    if charge > account.balance:
        raise Refusal("Not enough funds on balance")

    now = world.clock.now()
    plan = plan_of(
        fate=fate,
        quantity=units,
        drip_seconds=drip_seconds,
        now=now,
        settings=world.settings,
        luck=world.luck,
    )
    order = Order(
        id=world.next_order,
        account=account.name,
        service=service.service,
        type=service.type,
        link=link,
        quantity=units,
        fields={name: text for name, text in fields.items() if name not in NOT_FIELDS},
        charge=ZERO if service.kind.is_by_post else charge,
        idempotency_key=fields.get("idempotency_key", ""),
        placed_at=now,
        placed_wall=time.time(),
        start_count=world.luck.randrange(0, 50_000),
        plan=plan,
        feed=_feed(world=world, service=service, fields=fields, now=now),
    )
    if order.idempotency_key and world.settings.is_idempotent:
        world.idempotent[account.name, order.idempotency_key] = (_question(fields), order.id)
    _write(world=world, account=account, order=order)
    return order


def place_foreign(
    *, world: World, account: Account, count: int = 1, quantity: int = 0
) -> list[Order]:
    """Place orders that no caller of ours asked for: somebody else's, or somebody else's on our
    key.
    """
    service = next(row for row in world.shop if row.kind.name == "Default")
    fields = {
        "service": str(service.service),
        "link": "https://example.com/somebody-else#fate=slow",
        "quantity": str(quantity or service.min),
    }
    return [place(world=world, account=account, fields=fields) for _ in range(count)]


def leave_gap(*, world: World, account: Account) -> None:
    """Let somebody else take the next ids now and then, as everywhere where one is not the only
    customer.
    """
    share = world.settings.gap_share
    if share and account.name == "ours" and world.luck.random() < share:
        world.next_order += world.luck.randint(1, 3)


def _write(*, world: World, account: Account, order: Order) -> None:
    """Make an order true: money, number, timetable and journal together."""
    account.balance -= order.charge
    world.next_order += 1
    world.orders[order.id] = order
    world.watch(order)
    world.journal.order_placed(order)


def _fate(*, world: World, account: Account, link: str) -> Fate:
    """Draw what becomes of it; raises Refusal where the link is steered to that, or busy and
    may not be.
    """
    fate = fate_of(text=link, settings=world.settings, luck=world.luck)
    if fate.is_refused:
        raise Refusal("Incorrect link")
    if world.settings.is_one_order_a_link and _is_link_busy(
        world=world, account=account, link=link
    ):
        raise Refusal(
            "You have active order with this link. Please wait until order being completed."
        )
    return fate


def _feed(*, world: World, service: Service, fields: Mapping[str, str], now: float) -> Feed | None:
    if not service.kind.is_by_post:
        return None
    try:
        return feed_of(
            fields=fields, now=now, pending=world.settings.pending, every=world.settings.post_every
        )
    except ValueError:
        raise Refusal("Incorrect expiry") from None


def _units(*, service: Service, fields: Mapping[str, str]) -> tuple[int, float]:
    """Answer the billed units and the seconds between a drip-feed's first and last run; raises
    Invalid.
    """
    kind = service.kind
    check(kind, fields, low=service.min, high=service.max)
    units = kind.units(fields)
    if kind.is_limited and units < service.min:
        raise Invalid(f"Quantity less than minimal {service.min}")
    if kind.is_limited and units > service.max:
        raise Invalid(f"Quantity more than maximum {service.max}")
    if "runs" not in fields and "interval" not in fields:
        return units, 0.0
    if not (service.dripfeed and kind.has_dripfeed):
        raise Invalid("Drip-feed is not available for this service")
    runs = number(fields, "runs", low=1)
    return units * runs, (runs - 1) * number(fields, "interval", low=1) * 60.0


def _placed_before(*, world: World, account: Account, fields: Mapping[str, str]) -> Order | None:
    """Find the order of an idempotency key; raises Refusal where the key was used for something
    else.
    """
    key = fields.get("idempotency_key", "")
    if not key or not world.settings.is_idempotent or (account.name, key) not in world.idempotent:
        return None
    question, number_ = world.idempotent[account.name, key]
    if question != _question(fields):
        raise Refusal("Idempotency key was used with other parameters")
    return world.orders[number_]


def _question(fields: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text
        for name, text in fields.items()
        if name not in ("key", "action", "idempotency_key")
    }


def _is_link_busy(*, world: World, account: Account, link: str) -> bool:
    now = world.clock.now()
    return any(
        order.link == link and order.account == account.name and order.look(now).status not in OVER
        for order in world.orders.values()
    )
