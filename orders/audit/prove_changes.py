"""Checks every few minutes what changed since the last audit that passed, and daily all money.

What changed is found by the database's own mark on each row (billing/proof_of_changes.py says why
nothing slips through): new transfers, wallets and orders that were written, and orders that the new
transfers name. A failed audit is not gone on from: it fails again until its cause is put right.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from billing import proof as ledger
from billing.proof_of_changes import (
    Moved,
    check_moved,
    find_moved,
    is_usable,
    newer_than,
    read_horizon,
    rows,
)
from orders.audit.prove_all import CHECK, Audit, ChangedFigures, keep, keep_proof, one_moment
from orders.models import Proof

# rows of one kind that are checked one by one: beyond that all of them are as quick
MAX_CHANGED = 200_000
KEPT = timedelta(days=7)  # passed audits of what changed; daily and failed ones stay

CHANGED: Final = """
SELECT id FROM orders_order WHERE {newer}
UNION
SELECT subject_id FROM billing_transfer WHERE id = ANY({transfers}) AND subject_kind = 'order'
"""
# Every transfer of these orders, and the new ones that name no order.
TRANSFERS: Final = """(
    SELECT t.* FROM unnest({orders}) AS wanted (id) JOIN billing_transfer t
        ON t.subject_kind = 'order' AND t.subject_id = wanted.id
    UNION SELECT t.* FROM billing_transfer t WHERE t.id = ANY({transfers})
)"""
ORDERS: Final = "(SELECT * FROM orders_order WHERE id = ANY({orders}))"


@dataclass(frozen=True, slots=True)
class Change:
    """What was written since an audit, by primary keys."""

    moved: Moved
    orders: Collection[int]

    @property
    def is_small(self) -> bool:
        """Whether it is quicker to check it alone."""
        return (
            max(len(self.moved.transfers), len(self.moved.wallets), len(self.orders)) <= MAX_CHANGED
        )


def reconcile(*, now: datetime) -> str:
    """Check what changed since the last audit that passed, or all money once a day; a few words.

    The result is stored and halts as keep_proof does. All is checked, too, where there is nothing
    to go on from: no audit passed yet, one of another server or too long ago, or too many changes.
    """
    audit = None if _is_full_due(now) else prove_changes()
    if audit is None:
        return keep_proof(now=now)
    word = keep(audit, is_full=False, now=now)
    Proof.objects.filter(is_full=False, is_sound=True, made_at__lt=now - KEPT).delete()
    counted = audit.figures
    return (
        word
        or f"passed: {counted['wallets']} wallets, {counted['transfers']} transfers, "
        f"{counted['orders']} orders changed"
    )


def prove_changes() -> "ChangedAudit | None":
    """Check what changed since the last audit that passed; None where all must be checked.

    Changes nothing, locks nothing.
    """
    base = Proof.objects.filter(is_sound=True, horizon__isnull=False).order_by("-pk").first()
    if base is None or base.horizon is None:
        return None
    with one_moment():
        if not is_usable(base.horizon):
            return None
        change = find_change(horizon=base.horizon)
        if not change.is_small:
            return None
        return ChangedAudit(
            figures=ChangedFigures(
                since=base.made_at.isoformat(),
                wallets=len(change.moved.wallets),
                transfers=len(change.moved.transfers),
                orders=len(change.orders),
            ),
            findings=[*check_moved(change.moved), *check_orders(change)],
            horizon=read_horizon(),
        )


def find_change(*, horizon: int) -> Change:
    """What was written from the horizon on."""
    moved = find_moved(horizon=horizon)
    with connection.cursor() as cursor:
        cursor.execute(CHANGED.format(newer=newer_than(horizon), transfers=rows(moved.transfers)))
        return Change(moved=moved, orders=[row[0] for row in cursor.fetchall()])


def check_orders(change: Change) -> list[str]:
    """The check of all orders, on those that changed."""
    keys = {"orders": rows(change.orders), "transfers": rows(change.moved.transfers)}
    check = CHECK.format(orders=ORDERS.format(**keys), transfers=TRANSFERS.format(**keys))
    return ledger.findings(check)


@dataclass(frozen=True)
class ChangedAudit(Audit):
    """An audit of what changed."""

    figures: ChangedFigures


def _is_full_due(now: datetime) -> bool:
    """Whether the last full audit is a day old, or nearly: runs come a moment early or late."""
    oldest = now - timedelta(seconds=settings.AUDIT_EVERY - settings.RECONCILE_EVERY / 2)
    return not Proof.objects.filter(is_full=True, made_at__gte=oldest).exists()
