"""Keeping the provider's state in a file, so that it knows its orders again after a restart
(`--state FILE`).
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

from tests.double.dialects import Dialect
from tests.double.faults import Fault
from tests.double.journal import Cancel, Post
from tests.double.options import Settings
from tests.double.orders import Order, Refill
from tests.double.shop import Service
from tests.double.world import Account, World


@dataclass(frozen=True, slots=True)
class State:
    """All that a provider must not forget; the requests that it was asked are in the journal's
    file.
    """

    at: float  # seconds since 1970
    clock: float
    speed: float
    settings: Settings
    dialect: Dialect
    faults: list[Fault]
    services: list[Service]
    accounts: dict[str, Account]
    next_order: int
    next_refill: int
    orders: list[Order]
    refills: list[Refill]
    cancels: list[Cancel]
    idempotent: list[tuple[str, str, dict[str, str], int]]
    # a file from before there were any is read, too
    posts: list[Post] = field(default_factory=list)


def keep(*, world: World, path: Path) -> None:
    """Write the state as it is now; a killed process leaves the old file or the new one."""
    state = State(
        at=time.time(),
        clock=world.clock.now(),
        speed=world.clock.speed,
        settings=world.settings,
        dialect=world.phrasing.dialect,
        faults=world.faults.listed(),
        services=list(world.shop),
        accounts=world.accounts,
        next_order=world.next_order,
        next_refill=world.next_refill,
        orders=world.journal.placed,
        refills=world.journal.refills,
        cancels=world.journal.cancels,
        posts=world.journal.posts,
        idempotent=[
            (account, key, question, order)
            for (account, key), (question, order) in world.idempotent.items()
        ],
    )
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(state))
    draft.replace(path)


def restore(*, world: World, path: Path) -> None:
    """Take up the state of `path`, where there is one; the time between has passed at the provider,
    too.

    Raises msgspec.DecodeError for a file that is not a state.
    """
    if not path.exists():
        return
    state = msgspec.json.decode(path.read_bytes(), type=State)
    world.clock.set_speed(speed=state.speed)
    world.clock.advance(seconds=state.clock + max(time.time() - state.at, 0.0) * state.speed)
    world.settings = state.settings
    world.phrasing.dialect = state.dialect
    world.shop.sell(state.services)
    for fault in state.faults:
        world.faults.put(fault)
    world.accounts = state.accounts
    world.next_order, world.next_refill = state.next_order, state.next_refill
    world.luck = Random(world.options.seed + state.next_order)  # not the old lots again
    world.orders = {order.id: order for order in state.orders}
    world.refills = {refill.id: refill for refill in state.refills}
    world.idempotent = {
        (account, key): (question, order) for account, key, question, order in state.idempotent
    }
    journal = world.journal
    journal.placed, journal.refills, journal.cancels = state.orders, state.refills, state.cancels
    journal.posts = state.posts
    world.watch_all()
