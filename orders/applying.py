"""Applying a batch of status reports: one transaction, one UPDATE for the orders and one for the watches."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from catalog import service_types, upstream
from catalog.upstream import OrderStatus
from orders import ending
from orders.guarding import hold_mass_endings, settle_vanished_endings
from orders.models import DoubtKind, Event, EventKind, Order, Status
from orders.observing import Act, Facts, Verdict, judge
from orders.timeline import raise_doubt

_ENDED_AS = {
    upstream.Status.COMPLETED: Status.COMPLETED,
    upstream.Status.PARTIAL: Status.PARTIAL,
    upstream.Status.CANCELED: Status.CANCELED,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One running order of the batch, with what its report means."""

    order: Order
    facts: Facts
    verdict: Verdict
    due_at: datetime


@transaction.atomic
def apply_reports(
    *,
    upstream_ids: Mapping[int, str],
    reports: Mapping[str, OrderStatus],
    observed_at: datetime,
    now: datetime,
) -> Counter[str]:
    """Apply what the provider said at `observed_at` about the orders in `upstream_ids` (primary key → upstream id).

    An id that `reports` lacks was unknown to the provider or left out. Ids that were not asked for are ignored. Older
    than what is known: ignored. An order that has ended: a contradiction is shown to staff, no money moves. Returns
    how many orders met each fate.
    """
    tally: Counter[str] = Counter()
    judged: list[Judged] = []
    orders = Order.objects.select_for_update(of=("self",)).select_related("service", "watch", "user")
    for order in orders.filter(pk__in=upstream_ids).order_by("pk"):
        report = reports.get(upstream_ids[order.pk])
        if order.status != Status.RUNNING:
            _note_contradiction(order, report, now)
        elif order.watch.observed_at is None or order.watch.observed_at < observed_at:
            judged.append(_judge(order, report, observed_at))
            tally["looked at"] += 1
    if judged:
        _save_progress(judged, now)
        _save_watches(judged, observed_at)
        tally += _settle(judged, now)
    return tally


def _judge(order: Order, report: OrderStatus | None, observed_at: datetime) -> Judged:
    kind = service_types.find(order.service.type)
    facts = Facts(
        upstream_status=order.upstream_status,
        start_count=order.start_count,
        remains=order.remains,
        upstream_charge=order.upstream_charge,
        billed_quantity=order.billed_quantity,
        is_per_order=kind is None or kind.is_per_order,
        running_at=order.running_at or order.created_at,
        errors=order.watch.errors,
        ending=order.watch.ending,
        ending_remains=order.watch.ending_remains,
        ending_seen_at=order.watch.ending_seen_at,
    )
    confirm_after = timedelta(seconds=settings.REFUND_CONFIRM)
    verdict = judge(facts=facts, report=report, observed_at=observed_at, confirm_after=confirm_after)
    return Judged(order=order, facts=facts, verdict=verdict, due_at=_next_look(facts, verdict, observed_at))


def _next_look(facts: Facts, verdict: Verdict, observed_at: datetime) -> datetime:
    """Young orders are looked at every TRACK_MIN_INTERVAL, older ones and doubtful ones less and less often."""
    if verdict.act is Act.AWAIT_CONFIRMATION and verdict.ending_seen_at == observed_at:
        return observed_at + timedelta(seconds=settings.REFUND_CONFIRM)
    age = observed_at - facts.running_at
    factor = 1 if age < timedelta(hours=1) else 2 if age < timedelta(hours=6) else 5 if age < timedelta(days=2) else 15
    if verdict.errors:
        factor = max(factor, min(verdict.errors, 15))
    return observed_at + timedelta(seconds=settings.TRACK_MIN_INTERVAL * factor)


def _save_progress(judged: list[Judged], now: datetime) -> None:
    changed = [row for row in judged if _has_news(row)]
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_order AS o
            SET upstream_status = v.status, start_count = v.start_count, remains = v.remains, upstream_charge = v.charge
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
        Event(order=row.order, at=now, kind=EventKind.STATUS, text=f"Now {row.verdict.upstream_status}")
        for row in changed
        if row.verdict.upstream_status != row.facts.upstream_status
    )


def _has_news(row: Judged) -> bool:
    facts, verdict = row.facts, row.verdict
    return (facts.upstream_status, facts.start_count, facts.remains, facts.upstream_charge) != (
        verdict.upstream_status,
        verdict.start_count,
        verdict.remains,
        verdict.upstream_charge,
    )


def _save_watches(judged: list[Judged], observed_at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_watch AS w
            SET due_at = v.due_at, observed_at = %s, errors = v.errors,
                ending = v.ending, ending_remains = v.ending_remains, ending_seen_at = v.ending_seen_at
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[], %s::text[], %s::bigint[], %s::timestamptz[])
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
    """Raise doubts, then end what has ended, unless the guard holds a suspicious mass of endings for staff."""
    tally: Counter[str] = Counter()
    for row in judged:
        if row.verdict.doubt is not None:
            raise_doubt(order=row.order, kind=row.verdict.doubt, text=row.verdict.doubt_text, now=now)
            tally["doubtful"] += 1
    settle_vanished_endings([row.order for row in judged if row.facts.ending and not row.verdict.ending], now=now)
    refunding = [row for row in judged if row.verdict.act in {Act.END_PARTIALLY, Act.CANCEL}]
    held = hold_mass_endings([row.order for row in refunding], now=now)
    for row in judged:
        if row.order.pk in held:
            tally["held for staff"] += 1
        elif row.verdict.act in {Act.COMPLETE, Act.END_PARTIALLY, Act.CANCEL}:
            _end(row, now)
            tally["ended"] += 1
    return tally


def _end(row: Judged, now: datetime) -> None:
    order = row.order
    order.refresh_from_db(fields=["upstream_status", "start_count", "remains", "upstream_charge"])
    if row.verdict.act is Act.COMPLETE:
        ending.complete(order=order, now=now)
    elif row.verdict.act is Act.CANCEL:
        ending.cancel_in_full(order=order, text="the provider canceled the order", now=now)
    else:
        ending.end_partially(order=order, undelivered=row.verdict.remains or 0, now=now)


def _note_contradiction(order: Order, report: OrderStatus | None, now: datetime) -> None:
    """A report on an order that has ended moves no money; where it says something else, staff see it."""
    if report is None or not order.is_ended or _ENDED_AS.get(report.status) == order.status:
        return
    if report.status not in _ENDED_AS:
        return  # an answer on its way while another worker ended the order
    raise_doubt(
        order=order,
        kind=DoubtKind.CONTRADICTION,
        text=f"The order ended as {order.get_status_display()}, but the provider now reports {report.word[:60]!r}.",
        now=now,
        detail={"status": report.word[:60], "remains": report.remains, "charge": str(report.charge)},
    )
