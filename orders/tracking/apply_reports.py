"""Apply a batch of status reports: one transaction, one UPDATE of orders and one of watches."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from catalog import upstream
from catalog.upstream import OrderStatus
from orders.lifecycle.end import cancel_in_full, complete, end_partially
from orders.lifecycle.withdraw_reviews import withdraw_reviews
from orders.models import Event, EventKind, Order, ReviewKind, Status, Watch
from orders.tracking.count_posts import Posts
from orders.tracking.judged_orders import Judged, judge_order, with_evidence
from orders.tracking.kept_charges import clamp
from orders.tracking.losses import show_losses
from orders.tracking.mass_cancel_guard import hold_mass_endings, settle_vanished_endings
from orders.tracking.status_rules import Act, differs

_ENDED_AS = {
    upstream.Status.COMPLETED: Status.COMPLETED,
    upstream.Status.PARTIAL: Status.PARTIAL,
    upstream.Status.CANCELED: Status.CANCELED,
}


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
            judged.append(judge_order(order, watch, report, observed_at, posts))
            tally["looked at"] += 1
    if judged:
        judged = with_evidence(judged, observed_at)
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
            row.order.open_review(
                kind=row.verdict.review,
                text=row.verdict.review_text,
                now=now,
                detail=dict(row.verdict.review_detail),
            )
            tally["to review"] += 1
    _withdraw_answered(judged, now)
    show_losses(judged, now=now)
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
    """A report that can be understood answers what an earlier one left open."""
    answered = [
        row.order for row in judged if row.verdict.review is None and not row.verdict.errors
    ]
    why = "The provider has since reported a status that can be understood"
    withdraw_reviews(
        orders=answered,
        kinds=[ReviewKind.UNKNOWN_STATUS, ReviewKind.UNKNOWN_ORDER, ReviewKind.KEPT_CHARGE],
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
    if report.status not in _ENDED_AS or _is_told_by_remains(order, report):
        return  # an answer on its way while another worker ended the order
    ended_as = order.get_status_display()
    order.open_review(
        kind=ReviewKind.CONTRADICTION,
        text=f"The order ended as {ended_as}, but the provider now reports {report.word!r}.",
        now=now,
        detail={"status": report.word, "remains": report.remains, "charge": str(report.charge)},
    )


def _is_told_by_remains(order: Order, report: OrderStatus) -> bool:
    """Whether the order ended partially because of what remained, whatever the word was."""
    if order.status != Status.PARTIAL or report.remains is None:
        return False
    return clamp(report.remains, order.billed_quantity) == order.remains
