"""The audit of what moved in the ledger since the last successful audit; it knows no orders.

Why nothing is missed
- PostgreSQL keeps with every row the id of the transaction that last wrote it. An audit keeps its
  *horizon*: the lowest id in progress when it took its snapshot. Whatever it did not see has an id
  from the horizon on, however early it began or late it committed.
- Transfers are append-only. A wallet that was right up to transfer n is right now if the transfers
  after n go on from there, without a gap, to its balance.
- Rows that were deleted, changed below the server or restored from a dump are found by the daily
  audit of everything.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from billing.proof import GUARDS, MISNAMED, findings

# transactions since a horizon: rows keep ids in 32 bits, so older ones look alike
MAX_AGE = 2**30
ROWS: Final = "'{{{}}}'::bigint[]"

MOVED: Final = """
SELECT 'transfer', id, wallet_id FROM billing_transfer WHERE {newer}
UNION ALL SELECT 'wallet', id, id FROM billing_account WHERE kind = 'wallet' AND {newer}
"""
CHECKS: Final = [
    # What a wallet held before its new transfers, and those, make its balance; they are numbered on
    # to its last.
    """
    WITH starts AS (
        -- a wallet's tail begins with its first new transfer; later ones may be known
        SELECT a.id, coalesce(min(new.wallet_seq), a.seq + 1) AS first
        FROM billing_account a
        LEFT JOIN billing_transfer new ON new.wallet_id = a.id AND new.id = ANY({transfers})
        WHERE a.kind = 'wallet' AND a.id = ANY({wallets}) GROUP BY a.id
    ),
    tails AS (
        SELECT s.id, s.first, count(t.id) AS number,
               coalesce(max(t.wallet_seq), s.first - 1) AS last,
               coalesce(
                   sum(CASE WHEN t.credit_id = t.wallet_id THEN t.amount ELSE -t.amount END), 0
               ) AS total
        FROM starts s LEFT JOIN billing_transfer t ON t.wallet_id = s.id AND t.wallet_seq >= s.first
        GROUP BY s.id, s.first
    ),
    judged AS (
        SELECT a.*, tails.number, tails.first, tails.last, before.id AS before,
               coalesce(before.balance_after, 0) + tails.total AS expected
        FROM tails JOIN billing_account a ON a.id = tails.id
        LEFT JOIN billing_transfer before
            ON before.wallet_id = a.id AND before.wallet_seq = tails.first - 1
    )
    SELECT finding.text FROM judged CROSS JOIN LATERAL (VALUES
        (CASE WHEN balance <> expected THEN
            format('wallet %s of user %s: its balance is %s, its transfers make %s',
                   id, owner_id, balance, expected)
         END),
        (CASE WHEN seq <> last OR number <> last - first + 1 OR (before IS NULL AND first <> 1) THEN
            format(
              'wallet %s of user %s: it moved %s times, its %s new transfers are numbered %s to %s',
                id, owner_id, seq, number, first, last) END),
        (CASE WHEN balance < -credit_limit THEN
            format('wallet %s of user %s: %s is below its credit limit of %s',
                   id, owner_id, balance, credit_limit)
         END)
    ) AS finding (text) WHERE finding.text IS NOT NULL ORDER BY id, text
    """,
    # Every new transfer goes on from the one before it, and runs between the wallet that it names
    # and the house.
    """
    SELECT finding.text FROM (
        SELECT t.*, d.kind AS debit_kind, c.kind AS credit_kind,
               coalesce(before.balance_after, 0) AS before,
               CASE WHEN t.credit_id = t.wallet_id THEN t.amount ELSE -t.amount END AS signed
        FROM billing_transfer t
        JOIN billing_account d ON d.id = t.debit_id JOIN billing_account c ON c.id = t.credit_id
        LEFT JOIN billing_transfer before
            ON before.wallet_id = t.wallet_id AND before.wallet_seq = t.wallet_seq - 1
        WHERE t.id = ANY({transfers})
    ) judged CROSS JOIN LATERAL (VALUES
        (CASE WHEN balance_after <> before + signed THEN
            format('transfer %s (%s): it left %s in wallet %s, but %s and %s make %s',
                   id, reference, balance_after, wallet_id, before, signed, before + signed) END),
        (CASE WHEN amount <= 0 THEN
            format('transfer %s (%s): its amount is %s', id, reference, amount) END),
        (CASE WHEN debit_kind = credit_kind
            OR wallet_id <> CASE WHEN debit_kind = 'wallet' THEN debit_id ELSE credit_id END THEN
            format('transfer %s (%s): not between wallet %s and the house',
                   id, reference, wallet_id) END),
        (CASE WHEN {misnamed} THEN
            format('transfer %s (%s): its reference does not say that it is about %s %s',
                   id, reference, subject_kind, subject_id) END)
    ) AS finding (text) WHERE finding.text IS NOT NULL ORDER BY id, text
    """,
    GUARDS,
]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was written since a horizon, by primary key."""

    transfers: Sequence[int]
    wallets: Sequence[int]


def read_horizon() -> int:
    """The lowest transaction id in progress in this transaction's snapshot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def is_usable(horizon: int) -> bool:
    """Whether it belongs to this server and is recent enough to tell rows apart."""
    return 0 <= read_horizon() - horizon < MAX_AGE


def newer_than(horizon: int) -> str:
    """SQL condition: the row was written from the horizon on. Scans the table."""
    return f"age(xmin) <= (SELECT age('{horizon & 0xFFFFFFFF}'::xid))"


def rows(keys: Collection[int]) -> str:
    """The keys as an SQL array."""
    return ROWS.format(",".join(str(int(key)) for key in keys))


def find_moved(*, horizon: int) -> Moved:
    """New transfers, and wallets that moved; `horizon` must be usable."""
    transfers, wallets = [], set()
    with connection.cursor() as cursor:
        cursor.execute(MOVED.format(newer=newer_than(horizon)))
        for kind, key, wallet_id in cursor.fetchall():
            if kind == "transfer":
                transfers.append(key)
            wallets.add(wallet_id)
    return Moved(transfers=sorted(transfers), wallets=sorted(wallets))


def check_moved(moved: Moved) -> list[str]:
    """A sentence for each thing that does not add up, given that all was right before."""
    keys = {
        "transfers": rows(moved.transfers),
        "wallets": rows(moved.wallets),
        "misnamed": MISNAMED,
    }
    return [
        finding
        for check in CHECKS
        for finding in findings(check.format(**keys) if check is not GUARDS else check)
    ]
