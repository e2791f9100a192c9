"""Weighing the evidence about one unclear order: which conditions of a verdict are met, in words
that staff read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lib.decimals import plain
from orders.models import (
    MAX_CALLS,
    Attempt,
    Condition,
    Ends,
    Evidence,
    Found,
    Investigation,
    Line,
)
from orders.unclear.account_books import AccountBalance, is_conserved, may_be_posts
from orders.unclear.id_range import IdRange
from orders.unclear.match import Matching
from orders.unclear.read_account import Reading

MAX_SHOWN = 50  # orphans that are kept as evidence


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What one reading says about the whole account."""

    reading: Reading
    baseline_at: datetime
    # None: the provider does not tell what an orphan was charged
    account_balance: AccountBalance | None
    matching: Matching
    covered: frozenset[int]  # attempts whose bracket was read whole
    unseen: Sequence[Decimal]  # costs of attempts that may have been placed where nobody looked
    rivals: Mapping[int, Decimal]  # attempt → cost, of those that were looked for
    # of the subscriptions that may be billed a post while the account is read
    post_rates: Sequence[Decimal]
    smallest_visible: Decimal  # a cost up to this may be lost in the rounding of a balance
    problem: str  # why "not placed" is not said at present; empty where nothing speaks against it


def readiness(
    *,
    investigation: Investigation,
    lacking: Sequence[str],
    is_probe_allowed: bool,
    is_quiet: bool,
    is_dead: bool,
    id_range: IdRange,
) -> list[Condition]:
    """What must be so before the provider is asked at all."""
    profile = (
        "All that a verdict rests on is known of this provider."
        if not lacking
        else f"{'; '.join(lacking)}."
    )
    if not is_probe_allowed:
        profile = "Probing is not allowed: ids that may not be ours are not read."
    return [
        Condition(
            "What is known of the provider",
            is_probe_allowed and not lacking,
            profile[:1].upper() + profile[1:],
            "Look for the link among the provider's orders. To have this settled by proof, ask the provider whether ids"
            " around your own may be read, and let its self-test pass.",
        ),
        Condition(
            "Quiet",
            is_quiet,
            "Sent long enough ago to be placed by now, or never."
            if is_quiet
            else "It may still be placed.",
            "Wait: it is too early to say that it was not placed.",
        ),
        Condition(
            "Sender gone",
            is_dead,
            "No worker waits for an answer any more."
            if is_dead
            else "A worker still waits for the answer.",
            "Wait: the answer may still come.",
        ),
        _range_read(id_range),
        _calls_left(investigation),
    ]


def checklist(
    *, attempt: Attempt, facts: AccountFacts, elsewhere: frozenset[int]
) -> list[Condition]:
    """What the reading says about one attempt.

    `elsewhere`: strays that were proved to be other orders.
    """
    reading = facts.reading
    is_read = attempt.pk in facts.covered
    candidates = sorted(facts.matching.candidates.get(attempt.pk, frozenset()) - elsewhere)
    shown = ", ".join(map(str, candidates[:5]))
    return [
        Condition(
            "Bracket read",
            is_read,
            f"{reading.asked} ids were asked for in {reading.calls} calls."
            if is_read
            else "Its ids were not read: too many lie between the two orders.",
            "Look for the link among the provider's orders.",
        ),
        _conserved(attempt, facts),
        Condition(
            "No candidate",
            not candidates,
            "None of the orders found can be this one."
            if not candidates
            else f"It may be their order {shown}.",
            f"Compare link and time of their order {shown} with this one: attach it where it is the same.",
        ),
    ]


def evidence(
    *,
    conditions: Sequence[Condition],
    id_range: IdRange,
    facts: AccountFacts | None = None,
    problem: str = "",
) -> Evidence:
    """All of it as staff read it."""
    unmet = next((each for each in conditions if not each.is_met), None)
    return Evidence(
        conditions=tuple(conditions),
        next_step=problem or (unmet.advice if unmet else ""),
        bracket=Ends(id_range.lower, id_range.upper),
        orphans=_orphans(facts) if facts else (),
        money=_money(facts) if facts else (),
    )


def _range_read(id_range: IdRange) -> Condition:
    name = "Bracket closed"
    if id_range.is_closed:
        words = f"Were it placed, its id would lie between {id_range.lower} and {id_range.upper}."
        return Condition(name, is_met=True, words=words)
    if id_range.is_contradictory:
        words = f"A later order has the lower id: {id_range.lower} before, {id_range.upper} after."
        return Condition(
            name, is_met=False, words=words, advice="Look for the link among the provider's orders."
        )
    if id_range.lower is None:
        words, advice = (
            "No order was accepted before it.",
            "Look for the link among the provider's orders.",
        )
    else:
        words = "No order was sent and accepted long enough after it yet."
        advice = "Wait for the next order that the provider accepts. Do not send one for this."
    return Condition(name, is_met=False, words=words, advice=advice)


def _calls_left(investigation: Investigation) -> Condition:
    return Condition(
        "Questions left",
        investigation.has_calls_left,
        f"{investigation.calls} of {MAX_CALLS} questions about ids that are not ours were asked.",
        "The machine has asked all that it may: decide by what it found.",
    )


def _conserved(attempt: Attempt, facts: AccountFacts) -> Condition:
    name = "Money conserved"
    if facts.problem or facts.account_balance is None:
        words = facts.problem or "The provider does not tell what an order was charged."
        return Condition(name, is_met=False, words=words, advice=words)
    if attempt.sent_at is None or attempt.sent_at <= facts.baseline_at:
        words = "It was sent before the books of the account were begun."
        return Condition(
            name, is_met=False, words=words, advice="Look for the link among the provider's orders."
        )
    if not facts.reading.is_steady:
        words = "The balance changed while it was read."
        return Condition(name, is_met=False, words=words, advice="Wait: the account is read again.")
    if attempt.cost <= facts.smallest_visible:
        words = "Its cost is too small for the decimals that the balance shows."
        return Condition(
            name, is_met=False, words=words, advice="Look for the link among the provider's orders."
        )
    if may_be_posts(attempt.cost, rates=facts.post_rates):
        words = "Subscriptions that run there are billed in sums like its cost."
        return Condition(
            name, is_met=False, words=words, advice="Look for the link among the provider's orders."
        )
    missing = facts.account_balance.missing
    rivals = [cost for pk, cost in facts.rivals.items() if pk != attempt.pk]
    is_met = is_conserved(missing=missing, cost=attempt.cost, unseen=facts.unseen, rivals=rivals)
    words = (
        "Nothing is missing from our account."
        if not missing
        else f"{plain(missing)} is missing from our account."
    )
    if missing and is_met:
        words += " Other unclear orders explain it, this one cannot."
    return Condition(
        name,
        is_met,
        words,
        "Wait until the other unclear orders are settled, or look for the link there.",
    )


def _orphans(facts: AccountFacts) -> tuple[Found, ...]:
    fitting: dict[int, list[int]] = {}
    for attempt_id, numbers in facts.matching.candidates.items():
        for number in numbers:
            fitting.setdefault(number, []).append(attempt_id)
    return tuple(
        Found(
            id=stray.upstream_id,
            word=facts.reading.words.get(stray.upstream_id, ""),
            charge=stray.charge,
            remains=stray.remains,
            fits=tuple(sorted(fitting.get(stray.upstream_id, []))),
        )
        for stray in facts.reading.strays[:MAX_SHOWN]
    )


def _money(facts: AccountFacts) -> tuple[Line, ...]:
    balance = facts.account_balance
    if balance is None:
        return ()
    return (
        Line(f"Balance and charges on {facts.baseline_at:%Y-%m-%d %H:%M}", balance.baseline),
        Line("Topped up since", balance.top_ups),
        Line("Balance now", -balance.balance),
        Line("Charges of our orders now", -balance.known),
        Line("Charges of the orders found there", -balance.orphans),
        Line("Missing", balance.missing),
    )
