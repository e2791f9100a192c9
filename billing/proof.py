"""The audit of the ledger by itself; it knows no orders.

Each check is one statement over all rows and returns a sentence for each thing that is wrong.
"""

from decimal import Decimal
from typing import Final, TypedDict

from django.db import connection

from billing.models import Account, Transfer
from lib.decimals import five_decimals
from lib.triggers import Trigger


def _names(*triggers: Trigger) -> str:
    return ", ".join(f"('{each.name}', '{each.table}')" for each in triggers)


MAX_SHOWN = 50  # findings of one check that are spelt out; the rest are counted

# The triggers that keep all this true are there and enabled.
GUARDS: Final = f"""
SELECT format('the trigger %s on %s is missing or disabled', wanted.name, wanted.place)
FROM (VALUES {_names(*Account.triggers, *Transfer.triggers)}) AS wanted (name, place)
LEFT JOIN pg_trigger g
    ON g.tgname = wanted.name AND g.tgrelid = wanted.place::regclass AND g.tgenabled IN ('O', 'A')
WHERE g.tgname IS NULL ORDER BY wanted.name
"""  # noqa: S608  # our own names
# A transfer's reference and subject say two things.
MISNAMED: Final = """
CASE subject_kind WHEN '' THEN subject_id IS NOT NULL OR starts_with(reference, 'order:')
ELSE starts_with(reference, concat(subject_kind, ':', subject_id, ':')) IS NOT TRUE END
"""
CHECKS: Final = [
    # A wallet is the sum of its transfers, and its steps are 1 … seq (each step is unique by
    # constraint).
    """
    SELECT format('wallet %s of user %s: its balance is %s, its transfers make %s',
                  a.id, a.owner_id, a.balance, coalesce(s.total, 0))
    FROM billing_account a LEFT JOIN (
        SELECT t.wallet_id,
               sum(CASE WHEN t.credit_id = t.wallet_id THEN t.amount ELSE -t.amount END) AS total
        FROM billing_transfer t GROUP BY t.wallet_id
    ) s ON s.wallet_id = a.id
    WHERE a.kind = 'wallet' AND a.balance <> coalesce(s.total, 0) ORDER BY a.id
    """,
    """
    SELECT format(
        'wallet %s of user %s: it moved %s times, its transfers are %s, numbered %s to %s',
        a.id, a.owner_id, a.seq, coalesce(s.number, 0), coalesce(s.first, 0), coalesce(s.last, 0))
    FROM billing_account a LEFT JOIN (
        SELECT wallet_id, count(*) AS number, min(wallet_seq) AS first, max(wallet_seq) AS last
        FROM billing_transfer GROUP BY wallet_id
    ) s ON s.wallet_id = a.id
    WHERE a.kind = 'wallet'
      AND (a.seq <> coalesce(s.number, 0) OR a.seq <> coalesce(s.last, 0)
           OR coalesce(s.first, 1) <> 1)
    ORDER BY a.id
    """,
    # Every transfer goes on from the one before it.
    """
    SELECT format('transfer %s (%s): it left %s in wallet %s, but %s and %s make %s',
                  id, reference, balance_after, wallet_id, before, signed, before + signed)
    FROM (
        SELECT t.id, t.reference, t.balance_after, t.wallet_id,
               CASE WHEN t.credit_id = t.wallet_id THEN t.amount ELSE -t.amount END AS signed,
               coalesce(
                   lag(t.balance_after) OVER (PARTITION BY t.wallet_id ORDER BY t.wallet_seq), 0
               ) AS before
        FROM billing_transfer t
    ) chain WHERE balance_after <> before + signed ORDER BY id
    """,
    """
    SELECT format('wallet %s of user %s: its balance is %s, its last transfer left %s',
                  a.id, a.owner_id, a.balance, t.balance_after)
    FROM billing_account a JOIN billing_transfer t ON t.wallet_id = a.id AND t.wallet_seq = a.seq
    WHERE a.kind = 'wallet' AND a.balance <> t.balance_after ORDER BY a.id
    """,
    # Nothing is negative.
    """
    SELECT format('wallet %s of user %s: %s is below its credit limit of %s',
                  id, owner_id, balance, credit_limit)
    FROM billing_account WHERE kind = 'wallet' AND balance < -credit_limit ORDER BY id
    """,
    """
    SELECT format('transfer %s (%s): its amount is %s', id, reference, amount)
    FROM billing_transfer WHERE amount <= 0 ORDER BY id
    """,
    # A transfer runs between the wallet that it names and the house.
    """
    SELECT format('transfer %s (%s): not between wallet %s and the house',
                  t.id, t.reference, t.wallet_id)
    FROM billing_transfer t
    JOIN billing_account d ON d.id = t.debit_id JOIN billing_account c ON c.id = t.credit_id
    WHERE d.kind = c.kind OR t.wallet_id <> CASE WHEN d.kind = 'wallet' THEN d.id ELSE c.id END
    ORDER BY t.id
    """,
    # What queries know of a transfer is what its reference says.
    f"""
    SELECT format('transfer %s (%s): its reference does not say that it is about %s %s',
                  id, reference, subject_kind, subject_id)
    FROM billing_transfer WHERE {MISNAMED} ORDER BY id
    """,  # noqa: S608
    # What the wallets hold is what the house took in less what it earned: over all accounts the sum
    # is zero.
    """
    SELECT format('all wallets hold %s, the accounts of the house %s: together %s, not 0',
                  w, h, w + h)
    FROM (SELECT coalesce(sum(balance), 0) AS w FROM billing_account WHERE kind = 'wallet') wallets,
         (SELECT
              coalesce(sum(CASE WHEN a.id = t.credit_id THEN t.amount ELSE -t.amount END), 0) AS h
          FROM billing_transfer t JOIN billing_account a ON a.id IN (t.debit_id, t.credit_id)
          WHERE a.kind = 'house') house
    WHERE w + h <> 0
    """,
    GUARDS,
]


class LedgerFigures(TypedDict):
    """What was checked; money in the panel's currency, as text."""

    wallets: int
    wallets_total: str
    transfers: int
    house: dict[str, str]  # account code → credits less debits


def check_ledger() -> list[str]:
    """A sentence for each thing that does not add up."""
    return [finding for check in CHECKS for finding in findings(check)]


def findings(statement: str) -> list[str]:
    """The sentences that a statement returns; beyond MAX_SHOWN, their number."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found = [str(row[0]) for row in cursor.fetchmany(MAX_SHOWN)]
        rest = max(cursor.rowcount - MAX_SHOWN, 0)
    return [*found, f"… and {rest} more of this kind"] if rest else found


def count_ledger() -> LedgerFigures:
    """How much `check_ledger` checks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(balance), 0) FROM billing_account WHERE kind = 'wallet'"
        )
        wallets, total = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM billing_transfer")
        transfers = cursor.fetchone()[0]
        cursor.execute(
            "SELECT a.code, sum(CASE WHEN a.id = t.credit_id THEN t.amount ELSE -t.amount END)"
            " FROM billing_transfer t"
            " JOIN billing_account a ON a.id IN (t.debit_id, t.credit_id) WHERE a.kind = 'house'"
            " GROUP BY a.code ORDER BY a.code"
        )
        house: list[tuple[str, Decimal]] = cursor.fetchall()
    return LedgerFigures(
        wallets=wallets,
        wallets_total=five_decimals(total),
        transfers=transfers,
        house={code: five_decimals(amount) for code, amount in house},
    )
