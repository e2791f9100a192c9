"""Check a mass order without ordering: what is wrong with each line, and what it would cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from catalog.prices.arithmetic import charge_for
from catalog.upstream.service_types import ServiceType, find
from lib.decimals import plain
from lib.query_text import is_id
from orders.mass_order.lines import CheckedLine, MassCheck, Verdict
from orders.mass_order.parse import WHOLE_LINE, Line, pattern, values_of
from orders.models import Order
from orders.placing.check_fields import FieldErrors, check
from orders.placing.link_rule import find_fault, with_link_rules
from orders.placing.open_links import bare, find_overlaps
from orders.placing.subscription_cover import needed_by_open, next_posts


def client_key(*, key: str, line: Line) -> str:
    """The idempotency key of one line: the form's key and the line's number."""
    return f"{_prefix(key)}{line.number}"


def check_lines(*, customer: User, lines: Sequence[Line], key: str, now: datetime) -> MassCheck:
    """Check every line without changing anything; the number of queries does not grow with them.

    The balance goes to the ready lines in their order, then to the repeats. Lines that this `key`
    has ordered before are marked as ordered.
    """
    # read before the orders, so that it includes no charge of an order that is not seen here
    wallet = Account.objects.filter(owner=customer).first()
    balance, limit = (wallet.balance, wallet.credit_limit) if wallet else (Decimal(0), Decimal(0))
    keys = [client_key(key=key, line=line) for line in lines]
    ordered = {each.client_key: each for each in customer.orders.filter(client_key__in=keys)}
    services = _services({line.service_id for line in lines})
    on_sale = set(Service.objects.on_sale().filter(pk__in=services).values_list("pk", flat=True))
    judged = [
        _judge(
            line,
            service=services.get(line.service_id),
            on_sale=on_sale,
            order=ordered.get(line_key),
            now=now,
        )
        for line, line_key in zip(lines, keys, strict=True)
    ]
    judged = _mark_repeats(judged, customer=customer, key=key)
    is_any_subscription = any(one.is_subscription for one in judged)
    reserved = needed_by_open(customer=customer) if is_any_subscription else Decimal(0)
    judged = _mark_short(judged, available=balance + limit, reserved=reserved)
    return MassCheck(lines=judged, balance=balance)


def _prefix(key: str) -> str:
    return f"mass:{key}:"


def _services(ids: Iterable[str]) -> dict[str, Service]:
    """By the id as written, leading zeros included."""
    numbers = {text: int(text) for text in ids if is_id(text)}
    found = with_link_rules(Service.objects.all()).in_bulk(set(numbers.values()))
    return {text: found[number] for text, number in numbers.items() if number in found}


def _judge(
    line: Line, *, service: Service | None, on_sale: set[int], order: Order | None, now: datetime
) -> CheckedLine:
    kind = find(service.type) if service else None
    if service is None or kind is None or not (order or service.pk in on_sale):
        return CheckedLine(line, Verdict.WRONG, _unknown(line))
    if not order and (service.is_below_cost or (kind.is_subscription and not service.rate)):
        return CheckedLine(
            line, Verdict.WRONG, "This service is being repriced. Please try again later.", service
        )
    try:
        values = values_of(kind=kind, line=line)
        units = check(
            kind=kind, service=service, values=values, now=None if order else now
        ).billed_quantity
    except FieldErrors as errors:
        return CheckedLine(line, Verdict.WRONG, _sentence(errors, kind=kind), service)
    fault = None if order else find_fault(service=service, link=values.get("link", ""))
    note = f"{fault.message} {_meant(fault.better)}".strip() if fault else ""
    if fault and fault.is_rejected:
        return CheckedLine(line, Verdict.WRONG, f"Link: {note}", service)
    needed = charge_for(price=service.price, billed_quantity=units, is_per_order=kind.is_per_order)
    charge = Decimal(0) if kind.is_subscription else needed
    judged = CheckedLine(line, Verdict.READY, note, service, values, units, charge, needed)
    return (
        replace(judged, verdict=Verdict.ORDERED, note="", charge=order.charge, order=order)
        if order
        else judged
    )


def _meant(better: str) -> str:
    return f"Did you mean {better}?" if better else ""


def _unknown(line: Line) -> str:
    if is_id(line.service_id):
        return f"Service {line.service_id} is not on sale."
    return "Begin the line with a service ID."


def _sentence(errors: FieldErrors, *, kind: ServiceType) -> str:
    """What is wrong, by the fields' labels, and the right pattern where the parts do not match."""
    problems = errors.problems
    said = []
    for name, problem in problems.items():
        field = kind.field(name)
        said.append(f"{field.label}: {problem.message}" if field else problem.message)
    if WHOLE_LINE in problems or any(problem.code == "missing" for problem in problems.values()):
        said.append(f"Expected: {pattern(kind)}")
    return " ".join(said)


def _mark_repeats(judged: Sequence[CheckedLine], *, customer: User, key: str) -> list[CheckedLine]:
    """Mark lines that order the same, and lines whose link has an open order of the customer."""
    running = find_overlaps(
        customer=customer, links=[one.link for one in judged], but_prefix=_prefix(key)
    )
    return list(_repeats(judged, running=running))


def _repeats(
    judged: Sequence[CheckedLine], *, running: Mapping[str, Order]
) -> Iterator[CheckedLine]:
    first: dict[object, int] = {}
    for one in judged:
        if one.service is None or one.values is None:
            yield one
            continue
        link = bare(one.link)
        number = first.setdefault(
            (one.service.pk, link or tuple(one.values.items())), one.line.number
        )
        if one.verdict != Verdict.READY:
            yield one
        elif number != one.line.number:
            yield replace(
                one, verdict=Verdict.REPEAT, note=f"Same service and link as line {number}."
            )
        elif link in running:
            order = running[link]
            note = (
                f"Order {order.pk} for this link is still open. "
                "Two orders at once distort each other's start count."
            )
            yield replace(one, verdict=Verdict.REPEAT, note=note, order=order)
        else:
            yield one


def _mark_short(
    judged: Sequence[CheckedLine], *, available: Decimal, reserved: Decimal
) -> list[CheckedLine]:
    """`reserved`: what must be there beside a new subscription, for the open ones."""
    marked = {one.line.number: one for one in judged}
    for verdict in (Verdict.READY, Verdict.REPEAT):
        for one in judged:
            if one.verdict != verdict or one.charge is None:
                continue
            covered = one.needed * next_posts(one.values or {}) if one.is_subscription else None
            needed = one.needed if covered is None else covered + reserved
            if needed > available:
                note = f"Needs {plain(needed)}; {plain(available)} would be left."
                marked[one.line.number] = replace(one, verdict=Verdict.SHORT, note=note)
            else:
                available -= one.charge
                reserved += covered or Decimal(0)
    return list(marked.values())
