"""What the reports of a batch mean for its orders, and when each is checked next."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings

from catalog.prices.arithmetic import cost_for
from catalog.upstream import OrderStatus
from orders.models import Order, ReviewKind, Watch
from orders.tracking import subscription_rules
from orders.tracking.charge_evidence import costs_when_sent, is_charge_mute
from orders.tracking.count_posts import Posts
from orders.tracking.mass_cancel_guard import MAX_SPACING
from orders.tracking.status_rules import Act, Facts, Verdict, judge
from orders.tracking.subscription_rules import Served

# How many times TRACK_MIN_INTERVAL lie between two checks of an order that is younger than this.
SPACING: Final = ((timedelta(hours=1), 1), (timedelta(hours=6), 2), (timedelta(days=2), 5))


@dataclass(frozen=True, slots=True)
class Judged:
    """One running order of the batch, with what its report means."""

    order: Order
    facts: Facts
    report: OrderStatus | None
    verdict: Verdict
    due_at: datetime
    served: Served = field(default_factory=Served)  # of a subscription
    state: str = ""  # of a subscription


def judge_order(
    order: Order, watch: Watch, report: OrderStatus | None, observed_at: datetime, posts: Posts
) -> Judged:
    """What `report` means for an order that the caller has locked."""
    facts = Facts(
        upstream_status=order.upstream_status,
        start_count=order.start_count,
        remains=order.remains,
        upstream_charge=order.upstream_charge,
        billed_quantity=order.billed_quantity,
        is_per_order=order.kind is None or order.is_per_order,
        last_run_at=_last_run_at(order),
        running_at=order.running_at or order.created_at,
        errors=watch.errors,
        ending=watch.ending,
        ending_remains=watch.ending_remains,
        ending_seen_at=watch.ending_seen_at,
        expected_costs=(
            cost_for(
                cost=order.rate,
                billed_quantity=order.billed_quantity,
                is_per_order=order.is_per_order,
            ),
        ),
    )
    verdict = _verdict(order, facts, report, observed_at)
    return Judged(
        order=order,
        facts=facts,
        report=report,
        verdict=verdict,
        due_at=_next_look(facts, verdict, observed_at),
        served=posts.count(order, report),
        state=_subscription_state(order, report),
    )


def with_evidence(judged: Sequence[Judged], observed_at: datetime) -> list[Judged]:
    """Judge those again whose charge contradicts what remains, by what else is known of both.

    Takes two or three queries for all of them, and none where there is nothing to judge.
    """
    doubtful = [row.order for row in judged if row.verdict.review is ReviewKind.KEPT_CHARGE]
    if not doubtful:
        return list(judged)
    costs = costs_when_sent(doubtful)
    is_mute = is_charge_mute(provider_id=doubtful[0].provider_id)
    return [
        _judged_again(row, costs.get(row.order.pk, ()), is_mute, observed_at)
        if row.verdict.review is ReviewKind.KEPT_CHARGE
        else row
        for row in judged
    ]


def _judged_again(
    row: Judged, costs: tuple[Decimal, ...], is_mute: bool, observed_at: datetime
) -> Judged:
    expected_costs = (*row.facts.expected_costs, *costs)
    facts = replace(row.facts, expected_costs=expected_costs, is_charge_mute=is_mute)
    verdict = _verdict(row.order, facts, row.report, observed_at)
    due_at = _next_look(facts, verdict, observed_at)
    return replace(row, facts=facts, verdict=verdict, due_at=due_at)


def _verdict(
    order: Order, facts: Facts, report: OrderStatus | None, observed_at: datetime
) -> Verdict:
    confirm_after = timedelta(seconds=settings.REFUND_CONFIRM)
    judge_one = subscription_rules.judge if order.is_subscription else judge
    return judge_one(
        facts=facts, report=report, observed_at=observed_at, confirm_after=confirm_after
    )


def _subscription_state(order: Order, report: OrderStatus | None) -> str:
    if report is None or not order.is_subscription:
        return ""
    return subscription_rules.STATES.get(report.status, "")


def _last_run_at(order: Order) -> datetime | None:
    """When the last run of a drip-feed begins at the earliest."""
    if not order.fields.get("runs"):
        return None
    minutes = (int(order.fields["runs"]) - 1) * int(order.fields.get("interval") or 0)
    return (order.running_at or order.created_at) + timedelta(minutes=minutes)


def _next_look(facts: Facts, verdict: Verdict, observed_at: datetime) -> datetime:
    """Young orders are checked every TRACK_MIN_INTERVAL, older and unknown ones less often."""
    if verdict.act is Act.AWAIT_CONFIRMATION and verdict.ending_seen_at == observed_at:
        return observed_at + timedelta(seconds=settings.REFUND_CONFIRM)
    age = observed_at - facts.running_at
    factor = next((factor for limit, factor in SPACING if age < limit), MAX_SPACING)
    if verdict.errors:
        factor = max(factor, min(verdict.errors, MAX_SPACING))
    return observed_at + timedelta(seconds=settings.TRACK_MIN_INTERVAL * factor)
