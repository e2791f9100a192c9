"""Applying the answer about 100 running orders of which 5 changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.__main__ import Measured, median_of
from catalog.upstream import OrderStatus, Status
from orders.models import Order
from orders.models import Status as OrderState
from orders.tracking.apply_reports import apply_reports
from tests.factories import make_order, make_service, make_user

BATCH, CHANGED = 100, 5


def measure() -> list[Measured]:
    """Ours against reading and saving each order, and against one bare UPDATE of the five."""
    user = make_user(balance="100000")
    service = make_service()
    now = timezone.now()
    orders = [
        make_order(
            user=user, service=service, status=OrderState.RUNNING, upstream_id=f"s{n}", now=now
        )
        for n in range(BATCH)
    ]
    upstream_ids = {order.pk: order.upstream_id or "" for order in orders}
    rounds = count(1)

    def answer() -> dict[str, OrderStatus]:
        remains = 1000 - next(rounds)
        return {
            name: report(remains if n < CHANGED else 1000)
            for n, name in enumerate(upstream_ids.values())
        }

    def ours() -> None:
        moment = datetime.now(UTC) + timedelta(seconds=next(rounds))
        apply_reports(upstream_ids=upstream_ids, reports=answer(), observed_at=moment, now=moment)

    def habit() -> None:
        for (pk, name), said in zip(upstream_ids.items(), answer().values(), strict=True):
            order = Order.objects.get(pk=pk, upstream_id=name)
            order.remains = said.remains
            order.upstream_status = "In progress"
            order.save()

    def limit() -> None:
        said = list(answer().values())[:CHANGED]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE orders_order o SET remains = v.remains "
                "FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, remains) WHERE o.id = v.id",
                [list(upstream_ids)[:CHANGED], [each.remains for each in said]],
            )

    return [
        Measured(
            "apply 100 statuses, 5 changed", median_of(ours), median_of(habit), median_of(limit)
        )
    ]


def report(remains: int) -> OrderStatus:
    """One order's part of the answer."""
    return OrderStatus(
        Status.IN_PROGRESS, "In progress", Decimal("0.9"), "USD", 10, remains, str(remains)
    )
