"""Checks that all money adds up: the ledger by itself, and each order against what its state owes.

The rules for an order
- Its charge was booked once, to its customer's wallet; of a subscription, once for each post.
- Its refunds, less what staff took back of them, add up to what the order shows as refunded.
- That is what its state owes: all of a canceled order (nothing of a subscription), charge × remains
  / billed quantity of a partial one, rounded down, nothing of any other; more only where a refund
  names the staff member who decided it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, TypedDict

from django.db import connection, transaction

from billing import proof
from billing.halt import halt
from billing.proof_of_changes import read_horizon
from lib.decimals import five_decimals
from orders.audit.concerns import look
from orders.models import Proof

log = logging.getLogger(__name__)

CHECK: Final = """
WITH booked AS (
    SELECT CASE WHEN subject_kind = 'order' THEN subject_id END AS order_id, wallet_id,
           coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charged,
           coalesce(sum(CASE WHEN kind = 'refund' THEN amount ELSE -amount END)
                    FILTER (WHERE kind <> 'charge'), 0) AS refunded,
           bool_or(kind = 'refund' AND actor_id IS NOT NULL) AS is_decided,
           min(reference) FILTER (WHERE subject_kind <> 'order') AS reference
    FROM {transfers} AS t
    WHERE kind IN ('charge', 'refund') OR kind = 'correction' AND subject_kind = 'order'
    GROUP BY order_id, wallet_id
),
judged AS (
    SELECT o.id, o.user_id, o.status, o.charge, o.refunded, o.remains, o.billed_quantity, o.posts,
           o.posts * ceil(o.price * 100000) * 0.00001 AS posts_charge,
           booked.order_id, booked.reference, booked.is_decided, wallet.owner_id,
           coalesce(booked.charged, 0) AS booked_charge,
           coalesce(booked.refunded, 0) AS booked_refund,
           CASE o.status WHEN 'canceled' THEN CASE WHEN o.posts IS NULL THEN o.charge ELSE 0 END
                         WHEN 'partial'
                         THEN div(o.charge * 100000 * o.remains, o.billed_quantity) * 0.00001
                         ELSE 0 END AS owed
    FROM {orders} o
    FULL JOIN booked ON booked.order_id = o.id
    LEFT JOIN billing_account wallet ON wallet.id = booked.wallet_id
),
suspect AS (  -- almost none: only these are worth a sentence
    SELECT * FROM judged
    WHERE id IS NULL OR owner_id <> user_id OR booked_charge <> charge OR booked_refund <> refunded
       OR owed IS NULL OR owed <> refunded OR posts_charge <> charge
)
SELECT finding.text FROM suspect CROSS JOIN LATERAL (VALUES
    (CASE WHEN id IS NULL AND order_id IS NOT NULL THEN
        format('order %s does not exist, but money moved for it: charged %s, refunded %s',
               order_id, booked_charge, booked_refund) END),
    (CASE WHEN id IS NULL AND order_id IS NULL THEN
        format('wallet of user %s: charges or refunds without an order, such as %s',
               owner_id, reference) END),
    (CASE WHEN owner_id <> user_id THEN
        format('order %s of user %s: money moved on the wallet of user %s',
               id, user_id, owner_id) END),
    (CASE WHEN booked_charge <> charge THEN
        format('order %s: its charge is %s, but %s was booked', id, charge, booked_charge) END),
    (CASE WHEN posts_charge <> charge THEN
        format('order %s: its charge is %s, but its %s posts add up to %s',
               id, charge, posts, posts_charge) END),
    (CASE WHEN booked_refund <> refunded THEN
        format('order %s: it shows %s refunded, but its refunds add up to %s',
               id, refunded, booked_refund) END),
    (CASE WHEN status = 'partial' AND remains IS NULL THEN
        format('order %s: it ended partially without remains', id) END),
    (CASE WHEN refunded < owed THEN
        format('order %s: %s, so %s of %s is owed, but %s was refunded',
               id, status, owed, charge, refunded) END),
    (CASE WHEN refunded > owed AND is_decided IS NOT TRUE THEN
        format('order %s: %s, so %s of %s is owed, but %s was refunded without a decision',
               id, status, owed, charge, refunded) END)
) AS finding (text)
WHERE finding.text IS NOT NULL ORDER BY id, order_id, text
"""
CHECK_ALL: Final = CHECK.format(orders="orders_order", transfers="billing_transfer")


class Figures(TypedDict):
    """How much was checked; money in the panel's currency, as text."""

    ledger: proof.LedgerFigures
    orders: int
    charged: str
    refunded: str


class ChangedFigures(TypedDict):
    """How much of what changed was checked."""

    since: str  # when the audit that this one goes on from was made, ISO 8601
    wallets: int
    transfers: int
    orders: int


@dataclass(frozen=True)
class Audit:
    """What one audit found: a sentence for each thing that does not add up."""

    figures: Figures | ChangedFigures
    findings: list[str]
    horizon: int = 0  # from which transaction on nothing was seen for certain

    @property
    def is_sound(self) -> bool:
        """Whether everything adds up."""
        return not self.findings


@dataclass(frozen=True)
class FullAudit(Audit):
    """An audit of all money."""

    figures: Figures


def prove() -> FullAudit:
    """Check all money as of one moment. Changes nothing, locks nothing."""
    with one_moment():
        findings = [*proof.check_ledger(), *proof.findings(CHECK_ALL)]
        return FullAudit(figures=_count(), findings=findings, horizon=read_horizon())


def keep_proof(*, now: datetime) -> str:
    """Check all money and overdue work, and store the result for the staff page; a few words.

    Findings (money that does not add up) halt sending and top-ups. Concerns (work that stands
    still, or that staff must explain) are logged as errors the first time, and halt nothing.
    """
    audit = prove()
    word = keep(audit, is_full=True, now=now)
    ledger = audit.figures["ledger"]
    return (
        word
        or f"passed: {ledger['wallets']} wallets, {ledger['transfers']} transfers, "
        f"{audit.figures['orders']} orders"
    )


def keep(audit: Audit, *, is_full: bool, now: datetime) -> str:
    """Store an audit with its concerns, and halt on findings; returns what is wrong, or ""."""
    if not audit.is_sound:  # first of all: nothing that fails below may keep the money going
        halt(reason="; ".join(audit.findings[:3]), now=now)
    last = Proof.objects.order_by("-pk").first()
    known = {each["key"] for each in last.concerns} if last else set()
    concerns = look(now=now)
    Proof.objects.create(
        made_at=now,
        is_full=is_full,
        is_sound=audit.is_sound,
        figures=audit.figures,
        findings=audit.findings,
        concerns=[asdict(concern) for concern in concerns],
        horizon=audit.horizon,
    )
    for concern in concerns:
        if concern.key not in known:
            log.error("%s", concern.text)
    return "" if audit.is_sound else f"FAILED: {len(audit.findings)} findings"


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction that sees the database at one moment and writes nothing."""
    is_outermost = not connection.in_atomic_block  # else its isolation stays as it is
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # a page's 30 s do not fit a million rows
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute("SET LOCAL work_mem = '128MB'")  # so that they are grouped in memory
        yield


def _count() -> Figures:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(charge), 0), coalesce(sum(refunded), 0) "
            "FROM orders_order"
        )
        orders, charged, refunded = cursor.fetchone()
    return Figures(
        ledger=proof.count_ledger(),
        orders=orders,
        charged=five_decimals(charged),
        refunded=five_decimals(refunded),
    )
