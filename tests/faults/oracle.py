"""The oracle: compares what the provider really placed with what the panel believes and has
charged.

Every order has a link of its own, which is how the two sides are brought together. What is owed and
whether the money adds up is reckoned here anew, by none of the panel's own code.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from orders.models import ENDED, Attempt, AttemptState, Event, EventKind, Order, Proof, Status
from tests.double.truth import Placed

UNDER_WAY = [Status.WAITING, Status.SUBMITTING]
# Each in one statement, which sees one moment of a panel that goes on
LEDGER_SUM = """
    SELECT (SELECT coalesce(sum(balance), 0) FROM billing_account)
         + (SELECT coalesce(sum(amount), 0) FROM billing_transfer WHERE credit_id <> wallet_id)
         - (SELECT coalesce(sum(amount), 0) FROM billing_transfer WHERE debit_id <> wallet_id)
"""
BOOKS = """
    WITH moved AS (
        SELECT wallet_id, count(*) AS steps,
               sum(CASE WHEN credit_id = wallet_id THEN amount ELSE -amount END) AS amount
        FROM billing_transfer GROUP BY wallet_id
    ),
    booked AS (
        SELECT split_part(reference, ':', 2) AS order_id,
               coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charged,
               coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded
        FROM billing_transfer WHERE reference LIKE 'order:%' GROUP BY 1
    )
    SELECT format('wallet %s holds %s after %s steps, its %s transfers make %s',
                  wallet.id, balance, seq, coalesce(steps, 0), coalesce(amount, 0))
    FROM billing_account AS wallet LEFT JOIN moved ON moved.wallet_id = wallet.id
    WHERE wallet.owner_id IS NOT NULL
        AND (balance <> coalesce(amount, 0) OR seq <> coalesce(steps, 0) OR balance < -credit_limit)
    UNION ALL
    SELECT format('order %s: charge %s and refund %s, booked are %s and %s',
                  coalesce(o.id::text, order_id), o.charge, o.refunded, charged, booked.refunded)
    FROM orders_order AS o FULL JOIN booked ON order_id = o.id::text
    WHERE o.charge IS DISTINCT FROM coalesce(charged, 0)
        OR o.refunded IS DISTINCT FROM coalesce(booked.refunded, 0)
"""
WITH_STAFF = [Status.UNCLEAR, Status.HELD]  # shown on a page of their own until somebody decides


@dataclass
class Judgement:
    """How many orders met which fate, and a sentence for each thing that must never be."""

    orders: int = 0
    placed: int = 0
    ambiguous: int = 0  # attempts whose outcome was unknown for a while
    settled: int = 0  # of these by the machine
    # from sending to its verdict, of each that was settled
    seconds: list[float] = field(default_factory=list)
    left_to_staff: int = 0  # orders that wait for a person
    with_staff: Counter[str] = field(default_factory=Counter)  # why they do
    under_way: int = 0  # orders that are neither at an end nor with staff
    doubles: list[str] = field(default_factory=list)
    refunded_though_placed: list[str] = field(default_factory=list)
    charged_never_placed: list[str] = field(default_factory=list)
    wrong_ids: list[str] = field(default_factory=list)
    wrong_refunds: list[str] = field(default_factory=list)
    # of the books, and of the panel's own proofs at any time before
    findings: list[str] = field(default_factory=list)
    ledger_sum: Decimal = Decimal(0)

    @property
    def violations(self) -> list[str]:
        """Everything that must never be; empty where all held."""
        lists = (
            self.doubles,
            self.refunded_though_placed,
            self.charged_never_placed,
            self.wrong_ids,
        )
        found = [
            sentence for each in (*lists, self.wrong_refunds, self.findings) for sentence in each
        ]
        return found + ([f"the ledger's sum is {self.ledger_sum}"] if self.ledger_sum else [])


def judge(placed: Iterable[Placed], *, orders: QuerySet[Order] | None = None) -> Judgement:
    """Judge the panel's orders, or those chosen, against what their providers really placed."""
    truth: dict[str, list[Placed]] = {}
    for row in placed:
        truth.setdefault(row.link, []).append(row)
    judgement = Judgement(placed=sum(map(len, truth.values())))
    chosen = list((Order.objects.all() if orders is None else orders).order_by("pk"))
    judgement.orders = len(chosen)
    for order in chosen:
        _judge_order(order, truth.get(order.link, []), judgement)
    unknown_links = truth.keys() - {order.link for order in chosen}
    judgement.doubles += [
        f"{link} was placed for no order of ours" for link in sorted(unknown_links)
    ]
    reasons = {order.pk: reason for order in chosen if (reason := _why_with_staff(order))}
    judgement.left_to_staff = len(reasons)
    judgement.with_staff = Counter(reasons.values())
    _count_attempts(judgement)
    _add_up(judgement)
    return judgement


def _judge_order(order: Order, placed: list[Placed], judgement: Judgement) -> None:
    if order.status in UNDER_WAY:
        judgement.under_way += 1
    if len(placed) > 1:
        judgement.doubles.append(
            f"order {order.pk} was placed {len(placed)} times: {[row.order for row in placed]}"
        )
    if order.upstream_id is not None and order.upstream_id not in {
        str(row.order) for row in placed
    }:
        judgement.wrong_ids.append(
            f"order {order.pk} believes to be {order.upstream_id}, it is {placed}"
        )
    if not placed:
        if order.status in {Status.RUNNING, Status.COMPLETED, Status.PARTIAL}:
            judgement.charged_never_placed.append(
                f"order {order.pk} is {order.status}, but was never placed"
            )
        if order.status == Status.CANCELED and order.refunded != order.charge:
            judgement.wrong_refunds.append(
                f"order {order.pk} was never placed: {order.refunded} of {order.charge} refunded"
            )
        return
    owed = max(_owed(order, row) for row in placed)
    if order.refunded > owed:
        judgement.refunded_though_placed.append(
            f"order {order.pk} ({order.status}): {order.refunded} of {order.charge} refunded,"
            f" owed is {owed}: {placed}"
        )
    elif order.status in ENDED and order.refunded < owed:
        judgement.wrong_refunds.append(
            f"order {order.pk} ({order.status}): {order.refunded} refunded, owed {owed}"
        )


def _owed(order: Order, row: Placed) -> Decimal:
    """What the order's true end owes its customer."""
    if row.status == "Canceled":
        return order.charge
    if row.status == "Partial":
        remains = max(0, min(row.remains, order.billed_quantity))
        return _part_of(order.charge, remains, order.billed_quantity)
    return Decimal(0)


def _part_of(charge: Decimal, part: int, whole: int) -> Decimal:
    """So much of a charge, rounded down to five decimals."""
    return Decimal(int(charge * 100_000) * part // whole) / 100_000


def _why_with_staff(order: Order) -> str:
    """What the order waits for, in words; empty where it waits for nobody."""
    if order.status == Status.UNCLEAR:
        attempt = order.attempts.filter(state=AttemptState.UNKNOWN).first()
        if attempt is None:
            return "unclear: settled while it was judged"
        unmet = [each.name for each in attempt.evidence.unmet]
        return f"unclear: {unmet[0] if unmet else 'not looked at yet'}"
    if order.status == Status.HELD:
        return f"held: {order.hold_reason}"
    return ", ".join(
        order.reviews.filter(closed_at=None).order_by("pk").values_list("kind", flat=True)
    )


def _count_attempts(judgement: Judgement) -> None:
    """Count attempts that were resolved, PLACED or NOT_PLACED, without naming a person."""
    resolved = [AttemptState.PLACED, AttemptState.NOT_PLACED]
    sent = dict(
        Attempt.objects.filter(decided_by=None, state__in=resolved).values_list("pk", "sent_at")
    )
    verdicts = Event.objects.filter(kind=EventKind.VERDICT).values_list("detail__attempt", "at")
    judgement.seconds = sorted(
        (at - began).total_seconds() for pk, at in verdicts if (began := sent.get(pk))
    )
    judgement.settled = len(sent)
    judgement.ambiguous = (
        len(sent) + Attempt.objects.filter(decided_by=None, state=AttemptState.UNKNOWN).count()
    )


def _add_up(judgement: Judgement) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LEDGER_SUM)
        [judgement.ledger_sum] = cursor.fetchone()
        cursor.execute(BOOKS)
        judgement.findings += [finding for [finding] in cursor.fetchall()]
    for proof in Proof.objects.filter(is_sound=False).order_by("pk"):
        judgement.findings += [
            f"at {proof.made_at:%H:%M:%S}: {finding}" for finding in proof.findings
        ]
