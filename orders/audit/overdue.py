"""Work that is overdue although its job is running."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

# after it was due; a provider that was down for an evening is worth a look
UNSENT: Final = timedelta(hours=1)
UNANSWERED: Final = timedelta(hours=6)  # orders are asked about every 15 minutes at the least
FAILURES: Final = 12  # attempts that did not place an order: with their back-off more than an hour

# Each by provider, and only where its job has run without a gap for so long: a panel that was
# stopped catches up first.
STATEMENTS: Final = (
    (
        UNSENT,
        """
        SELECT 'unsent:' || p.id,
               p.name || ': orders waiting to be sent: ' || count(*) || ', the oldest since '
               || to_char(min(o.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
        FROM orders_order o JOIN catalog_provider p ON p.id = o.provider_id
        WHERE o.status = 'waiting'
          AND (o.submit_at < %(before)s OR o.submit_failures >= %(failures)s)
          AND EXISTS (SELECT 1 FROM orders_sweep WHERE name = 'submit_due' AND since < %(before)s)
        GROUP BY p.id ORDER BY p.id
        """,
    ),
    (
        UNANSWERED,
        """
        SELECT 'unanswered:' || p.id,
               p.name || ': running orders without a status report: ' || count(*) || ', since '
               || to_char(min(coalesce(w.observed_at, o.running_at)) AT TIME ZONE 'UTC',
                          'YYYY-MM-DD HH24:MI') || ' UTC'
        FROM orders_watch w JOIN orders_order o ON o.id = w.order_id
             JOIN catalog_provider p ON p.id = w.provider_id
        WHERE coalesce(w.observed_at, o.running_at) < %(before)s
          AND EXISTS (SELECT 1 FROM orders_sweep WHERE name = 'track_due' AND since < %(before)s)
        GROUP BY p.id ORDER BY p.id
        """,
    ),
    (
        UNSENT,
        """
        SELECT 'unasked:' || p.id,
               p.name || ': refills and cancellations waiting to be sent: ' || count(*)
               || ', the oldest since '
               || to_char(min(r.decided_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
        FROM (
            SELECT provider_id, decided_at FROM orders_refill WHERE state = 'approved'
            UNION ALL
            SELECT c.provider_id, c.decided_at
            FROM orders_cancellation c JOIN orders_order o ON o.id = c.order_id
            -- an order that is not there yet cannot be stopped there
            WHERE c.state = 'approved' AND o.status = 'running'
        ) AS r JOIN catalog_provider p ON p.id = r.provider_id
        WHERE r.decided_at < %(before)s
          AND EXISTS (
              SELECT 1 FROM orders_sweep WHERE name = 'submit_aftercare' AND since < %(before)s)
        GROUP BY p.id ORDER BY p.id
        """,
    ),
)


def overdue_work(*, now: datetime) -> list[tuple[str, str]]:
    """A key, the same while it lasts, and a sentence for each provider with overdue work."""
    found: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        for patience, statement in STATEMENTS:
            cursor.execute(statement, {"before": now - patience, "failures": FAILURES})
            found += cursor.fetchall()
    return found
