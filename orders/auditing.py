"""Proving that all money adds up: the ledger by itself, and each order against what its state owes.

The rules that an order must meet
- it was charged once, what it says, to its customer's wallet (nothing is booked for an order that is free);
- the sum of its refunds is what it says was refunded;
- that is what its state owes: all of a canceled order, charge × remains / billed quantity rounded down of a partial
  one, nothing of any other; more than that only where a refund names the person of staff who decided it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db import connection, transaction

from billing import auditing, halting
from orders.models import Proof

CHECK = r"""
WITH named AS (
    -- split_part and not one pattern for it all: an eighth of the time
    SELECT CASE WHEN split_part(reference, ':', 1) = 'order'
                 AND split_part(reference, ':', 2) ~ '^[0-9]{1,18}$'
                 AND split_part(reference, ':', 3) IN ('charge', 'refund_to')
                THEN split_part(reference, ':', 2)::bigint END AS order_id,
           wallet_id, reference, amount, kind, kind = 'refund' AND actor_id IS NOT NULL AS is_decided
    FROM billing_transfer WHERE kind IN ('charge', 'refund')
),
booked AS (
    SELECT order_id, wallet_id,
           coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charged,
           coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded,
           bool_or(is_decided) AS is_decided,
           min(reference) FILTER (WHERE order_id IS NULL) AS reference
    FROM named GROUP BY order_id, wallet_id
),
judged AS (
    SELECT o.id, o.user_id, o.status, o.charge, o.refunded, o.remains, o.billed_quantity,
           booked.order_id, booked.reference, booked.is_decided, wallet.owner_id,
           coalesce(booked.charged, 0) AS booked_charge, coalesce(booked.refunded, 0) AS booked_refund,
           CASE o.status WHEN 'canceled' THEN o.charge
                         WHEN 'partial' THEN div(o.charge * 100000 * o.remains, o.billed_quantity) * 0.00001
                         ELSE 0 END AS owed
    FROM orders_order o
    FULL JOIN booked ON booked.order_id = o.id
    LEFT JOIN billing_account wallet ON wallet.id = booked.wallet_id
),
suspect AS (  -- almost none: only these are worth a sentence
    SELECT * FROM judged
    WHERE id IS NULL OR owner_id <> user_id OR booked_charge <> charge OR booked_refund <> refunded
       OR owed IS NULL OR owed <> refunded
)
SELECT finding.text FROM suspect CROSS JOIN LATERAL (VALUES
    (CASE WHEN id IS NULL AND order_id IS NOT NULL THEN
        format('order %s does not exist, but money moved for it: charged %s, refunded %s',
               order_id, booked_charge, booked_refund) END),
    (CASE WHEN id IS NULL AND order_id IS NULL THEN
        format('wallet of user %s: charges or refunds without an order, such as %s', owner_id, reference) END),
    (CASE WHEN owner_id <> user_id THEN
        format('order %s of user %s: money moved on the wallet of user %s', id, user_id, owner_id) END),
    (CASE WHEN booked_charge <> charge THEN
        format('order %s: its charge is %s, booked were %s', id, charge, booked_charge) END),
    (CASE WHEN booked_refund <> refunded THEN
        format('order %s: it says that %s was refunded, its refunds make %s', id, refunded, booked_refund) END),
    (CASE WHEN status = 'partial' AND remains IS NULL THEN
        format('order %s: it ended partially, but what remains is not known', id) END),
    (CASE WHEN refunded < owed THEN
        format('order %s: %s, so %s of %s is owed, but %s was refunded', id, status, owed, charge, refunded) END),
    (CASE WHEN refunded > owed AND is_decided IS NOT TRUE THEN
        format('order %s: %s, so %s of %s is owed, but %s was refunded and nobody decided it',
               id, status, owed, charge, refunded) END)
) AS finding (text)
WHERE finding.text IS NOT NULL ORDER BY id, order_id, text
"""


class Figures(TypedDict):
    """How much was checked; money in the panel's currency, as text."""

    ledger: auditing.LedgerFigures
    orders: int
    charged: str
    refunded: str


@dataclass(frozen=True)
class Audit:
    """What one audit found: a sentence for each thing that does not add up."""

    figures: Figures
    findings: list[str]

    @property
    def is_sound(self) -> bool:
        """Whether everything adds up."""
        return not self.findings


def prove() -> Audit:
    """Check all money at one moment, whatever is booked meanwhile. Changes nothing, locks nothing."""
    with _one_moment():
        findings = [*auditing.check_ledger(), *auditing.findings(CHECK)]
        return Audit(figures=_count(), findings=findings)


def keep_proof(*, now: datetime) -> str:
    """Check all money and store the result for the staff page; returns it in a few words.

    What does not add up halts outgoing orders and top-ups.
    """
    audit = prove()
    Proof.objects.create(made_at=now, is_sound=audit.is_sound, figures=audit.figures, findings=audit.findings)
    if not audit.is_sound:
        halting.halt(reason="; ".join(audit.findings[:3]), now=now)
        return f"NOT SOUND: {len(audit.findings)} findings"
    ledger = audit.figures["ledger"]
    return f"sound: {ledger['wallets']} wallets, {ledger['transfers']} transfers, {audit.figures['orders']} orders"


@contextmanager
def _one_moment() -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:  # a transaction that has begun keeps the isolation that it has
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = '10min'")  # a page's 30 s do not fit a million rows
        cursor.execute("SET LOCAL work_mem = '128MB'")  # so that they are grouped in memory
        yield


def _count() -> Figures:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(sum(charge), 0), coalesce(sum(refunded), 0) FROM orders_order")
        orders, charged, refunded = cursor.fetchone()
    return Figures(ledger=auditing.count_ledger(), orders=orders, charged=f"{charged:.5f}", refunded=f"{refunded:.5f}")
