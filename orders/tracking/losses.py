"""Show staff, once for each order, that a provider charged more than it should or than we earn."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from catalog.models import Provider
from lib.decimals import plain
from orders.models import Order, Review, ReviewKind
from orders.tracking.charge_evidence import costs_when_sent
from orders.tracking.judged_orders import Judged
from orders.tracking.kept_charges import STEP, rounding_of
from orders.tracking.status_rules import Act

_ENDS = {Act.COMPLETE, Act.END_PARTIALLY}


def show_losses(judged: Sequence[Judged], *, now: datetime) -> None:
    """Open a review of each order whose charge is first seen, or ends, above what it should be.

    Posts of a subscription are counted by the charge, so theirs are not compared here. Takes no
    query where nothing is above.
    """
    dear = {row.order.pk: row for row in judged if _is_due(row) and _is_above(row.order, row)}
    if not dear:
        return
    shown = Review.objects.of_kind(ReviewKind.LOSS).filter(order_id__in=dear)
    for order_id in shown.values_list("order_id", flat=True):
        dear.pop(order_id, None)
    costs = costs_when_sent([row.order for row in dear.values()])
    for row in _in_own_currency(list(dear.values())):
        charge = row.verdict.upstream_charge or Decimal(0)
        expected = max(*row.facts.expected_costs, *costs.get(row.order.pk, ()), Decimal(0))
        if text := _loss_text(row, charge, expected):
            row.order.open_review(kind=ReviewKind.LOSS, text=text, now=now)


def _in_own_currency(rows: Sequence[Judged]) -> list[Judged]:
    """Those whose charge can be compared: not told in another currency than the rates are in."""
    if not rows:
        return []
    own = Provider.objects.values_list("currency", flat=True).get(pk=rows[0].order.provider_id)
    told = [(row, row.report.currency if row.report else "") for row in rows]
    return [row for row, currency in told if currency.upper() in {"", own.upper()}]


def _is_due(row: Judged) -> bool:
    is_new = row.verdict.upstream_charge != row.facts.upstream_charge
    return not row.order.is_subscription and (is_new or row.verdict.act in _ENDS)


def _is_above(order: Order, row: Judged) -> bool:
    charge = row.verdict.upstream_charge
    if charge is None:
        return False
    is_above_expected = charge > max(row.facts.expected_costs) + rounding_of(charge)
    return is_above_expected or _is_above_customers(order, charge)


def _is_above_customers(order: Order, charge: Decimal) -> bool:
    """Whether it is above what the customer pays; what staff have accepted as a loss is not."""
    cost = in_panel_currency(order, charge)
    return cost is not None and cost > max(order.charge, order.cost) + rounding_of(charge)


def in_panel_currency(order: Order, amount: Decimal) -> Decimal | None:
    """An amount of the provider's currency, at the rate that its service is priced by now."""
    service = order.service
    return amount * service.cost / service.rate if service.rate else None


def _loss_text(row: Judged, charge: Decimal, expected: Decimal) -> str:
    """The loss in numbers; empty where the charge is what it should be after all."""
    order, tolerance = row.order, rounding_of(charge)
    is_above_customers = _is_above_customers(order, charge)
    if charge <= expected + tolerance and not is_above_customers:
        return ""
    currency = (row.report.currency if row.report else "") or "provider's currency"
    text = (
        f"The provider charges {plain(charge)} ({currency}) where {plain(expected)} was expected:"
        f" {plain(max(charge - expected, Decimal(0)))} more."
    )
    cost = in_panel_currency(order, charge)
    if cost is None:
        return text
    cost, paid = cost.quantize(STEP), f"The customer pays {plain(order.charge)}"
    ours = settings.PANEL_CURRENCY
    if is_above_customers:
        loss = plain(cost - order.charge)
        return f"{text} {paid} {ours}, it costs {plain(cost)} {ours}: a loss of {loss} {ours}."
    return f"{text} {paid} {ours}, it costs {plain(cost)} {ours}."
