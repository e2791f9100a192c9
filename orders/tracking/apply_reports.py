"""Apply a batch of status reports: one transaction, one UPDATE of orders and one of watches."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from catalog import upstream
from catalog.upstream import OrderStatus
from orders.lifecycle.end import cancel_in_full, complete, end_partially
from orders.lifecycle.withdraw_reviews import withdraw_reviews
from orders.models import Event, EventKind, Order, ReviewKind, Status, Watch
from orders.tracking import subscription_rules
from orders.tracking.count_posts import Posts
from orders.tracking.mass_cancel_guard import (
    MAX_SPACING,
    hold_mass_endings,
    settle_vanished_endings,
)
from orders.tracking.status_rules import Act, Facts, Verdict, differs, judge
from orders.tracking.subscription_rules import Served

_ENDED_AS = {
    upstream.Status.COMPLETED: Status.COMPLETED,
    upstream.Status.PARTIAL: Status.PARTIAL,
    upstream.Status.CANCELED: Status.CANCELED,
}


# How many times TRACK_MIN_INTERVAL lie between two checks of an order that is younger than this.
SPACING: Final = ((timedelta(hours=1), 1), (timedelta(hours=6), 2), (timedelta(days=2), 5))


@dataclass(frozen=True, slots=True)
class Judged:
    """One running order of the batch, with what its report means."""

    order: Order
    facts: Facts
    verdict: Verdict
    due_at: datetime
    served: Served = field(default_factory=Served)  # of a subscription
    state: str = ""  # of a subscription


@transaction.atomic
def apply_reports(
    *,
    upstream_ids: Mapping[int, str],
    reports: Mapping[str, OrderStatus],
    observed_at: datetime,
    now: datetime,
) -> Counter[str]:
    """Apply what the provider said at `observed_at` about the orders in `upstream_ids`, by key.

    An id that `reports` lacks was unknown to the provider or left out. A report older than what is
    known is ignored. One that contradicts an order's end is shown to staff and moves no money.
    Returns counts by outcome.
    """
    tally: Counter[str] = Counter()
    judged: list[Judged] = []
    locked = Order.objects.locked().select_related("service", "user")
    orders = list(locked.filter(pk__in=upstream_ids).order_by("pk"))
    # read once the orders are locked, not before
    watches = Watch.objects.in_bulk([order.pk for order in orders])
    posts = Posts(orders)
    for order in orders:
        report = reports.get(upstream_ids[order.pk])
        if order.status != Status.RUNNING:
            _note_contradiction(order, report, now)
        elif (watch := watches[order.pk]).observed_at is None or watch.observed_at < observed_at:
            judged.append(_judge(order, watch, report, observed_at, posts))
            tally["looked at"] += 1
    if judged:
        _save_progress(judged, now)
        _save_watches(judged, observed_at)
        for row in judged:
            posts.save(
                order=row.order,
                served=row.served,
                state=row.state,
                charge=row.verdict.upstream_charge,
                now=now,
            )
        tally += _settle(judged, now)
    return tally


def _judge(
    order: Order, watch: Watch, report: OrderStatus | None, observed_at: datetime, posts: Posts
) -> Judged:
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
    )
    confirm_after = timedelta(seconds=settings.REFUND_CONFIRM)
    judge_one = subscription_rules.judge if order.is_subscription else judge
    verdict = judge_one(
        facts=facts, report=report, observed_at=observed_at, confirm_after=confirm_after
    )
    return Judged(
        order=order,
        facts=facts,
        verdict=verdict,
        due_at=_next_look(facts, verdict, observed_at),
        served=posts.count(order, report),
        state=_subscription_state(order, report),
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


def _save_progress(judged: list[Judged], now: datetime) -> None:
    changed = [row for row in judged if differs(row.facts, row.verdict)]
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_order AS o
            SET upstream_status = v.status, start_count = v.start_count,
                remains = v.remains, upstream_charge = v.charge
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::numeric[])
                AS v(id, status, start_count, remains, charge)
            WHERE o.id = v.id
            """,
            [
                [row.order.pk for row in changed],
                [row.verdict.upstream_status for row in changed],
                [row.verdict.start_count for row in changed],
                [row.verdict.remains for row in changed],
                [row.verdict.upstream_charge for row in changed],
            ],
        )
    Event.objects.bulk_create(
        Event(
            order=row.order,
            at=now,
            kind=EventKind.STATUS,
            text=f"Now {row.verdict.upstream_status}",
        )
        for row in changed
        if row.verdict.upstream_status != row.facts.upstream_status
    )


def _save_watches(judged: list[Judged], observed_at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_watch AS w
            SET due_at = v.due_at, observed_at = %s, errors = v.errors,
                ending = v.ending, ending_remains = v.ending_remains,
                ending_seen_at = v.ending_seen_at
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[],
                        %s::text[], %s::bigint[], %s::timestamptz[])
                AS v(order_id, due_at, errors, ending, ending_remains, ending_seen_at)
            WHERE w.order_id = v.order_id
            """,
            [
                observed_at,
                [row.order.pk for row in judged],
                [row.due_at for row in judged],
                [row.verdict.errors for row in judged],
                [row.verdict.ending for row in judged],
                [row.verdict.ending_remains for row in judged],
                [row.verdict.ending_seen_at for row in judged],
            ],
        )


def _settle(judged: list[Judged], now: datetime) -> Counter[str]:
    """Open reviews, then end what has ended; the guard may hold a mass of endings for staff."""
    tally: Counter[str] = Counter()
    for row in judged:
        if row.verdict.review is not None:
            row.order.open_review(kind=row.verdict.review, text=row.verdict.review_text, now=now)
            tally["to review"] += 1
    _withdraw_answered(judged, now)
    settle_vanished_endings(
        [row.order for row in judged if row.facts.ending and not row.verdict.ending], now=now
    )
    refunding = [row for row in judged if row.verdict.act in {Act.END_PARTIALLY, Act.CANCEL}]
    held = hold_mass_endings([row.order for row in refunding], now=now)
    # Each refund locks a wallet: in one order everywhere, so that two batches never wait for each
    # other in a circle.
    for row in sorted(judged, key=lambda each: (each.order.user_id, each.order.pk)):
        if row.order.pk in held:
            tally["held for staff"] += 1
        elif row.verdict.act in {Act.COMPLETE, Act.END_PARTIALLY, Act.CANCEL}:
            _end(row, now)
            tally["ended"] += 1
    return tally


def _withdraw_answered(judged: list[Judged], now: datetime) -> None:
    """An unknown word or id needs no review any more once a report can be understood."""
    answered = [
        row.order for row in judged if row.verdict.review is None and not row.verdict.errors
    ]
    why = "The provider has since reported a known status"
    withdraw_reviews(
        orders=answered,
        kinds=[ReviewKind.UNKNOWN_STATUS, ReviewKind.UNKNOWN_ORDER],
        why=why,
        now=now,
    )


def _end(row: Judged, now: datetime) -> None:
    order = row.order
    order.refresh_from_db(fields=["upstream_status", "start_count", "remains", "upstream_charge"])
    if row.verdict.act is Act.COMPLETE:
        complete(order=order, now=now)
    elif row.verdict.act is Act.CANCEL:
        cancel_in_full(order=order, text="the provider canceled the order", now=now)
    else:
        end_partially(order=order, undelivered=row.verdict.remains or 0, now=now)


def _note_contradiction(order: Order, report: OrderStatus | None, now: datetime) -> None:
    """Show staff a report that contradicts an order's end; it moves no money."""
    if report is None or not order.is_ended or _ENDED_AS.get(report.status) == order.status:
        return
    if report.status not in _ENDED_AS:
        return  # an answer on its way while another worker ended the order
    ended_as = order.get_status_display()
    order.open_review(
        kind=ReviewKind.CONTRADICTION,
        text=f"The order ended as {ended_as}, but the provider now reports {report.word!r}.",
        now=now,
        detail={"status": report.word, "remains": report.remains, "charge": str(report.charge)},
    )
