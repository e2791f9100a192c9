"""The counter: one request's fields in, one documented answer out."""

from collections.abc import Mapping

from tests.double.add import leave_gap, place
from tests.double.aftercare import request_cancel, request_refill
from tests.double.answers import Answer, Refusal
from tests.double.read_actions import (
    INCORRECT_ORDER,
    tell_balance,
    tell_refill_status,
    tell_services,
    tell_status,
)
from tests.double.world import Account, World


def answer(*, world: World, fields: Mapping[str, str]) -> Answer:
    """Do what is asked and answer it; a refusal is an answer like any other."""
    action = fields.get("action", "")
    account = world.account_of(fields.get("key", ""))
    if account is None:
        return refused(action, "Invalid API key")
    if not world.phrasing.dialect.understands(fields):
        return refused(action, INCORRECT_ORDER)
    try:
        return _act(world=world, account=account, action=action, fields=fields)
    except Refusal as refusal:
        return refused(action, str(refusal))


def refused(action: str, text: str) -> Answer:
    """Answer an error in the documented shape."""
    return Answer(action, {"error": text}, is_error=True)


def _act(*, world: World, account: Account, action: str, fields: Mapping[str, str]) -> Answer:
    match action:
        case "services":
            return tell_services(world=world)
        case "add":
            order = place(world=world, account=account, fields=fields)
            leave_gap(world=world, account=account)
            return Answer("add", {"order": order.id})
        case "status":
            return tell_status(world=world, account=account, fields=fields)
        case "refill":
            return request_refill(world=world, account=account, fields=fields)
        case "refill_status":
            return tell_refill_status(world=world, account=account, fields=fields)
        case "cancel":
            return request_cancel(world=world, account=account, fields=fields)
        case "balance":
            return tell_balance(world=world, account=account)
    raise Refusal("Incorrect request")
