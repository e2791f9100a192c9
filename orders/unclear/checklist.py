"""The checklist staff see for an unclear order: conditions, whether met, next step."""

from collections.abc import Sequence

from lib.decimals import plain
from orders.models import Attempt, Condition, Ends, Evidence, Found, Line
from orders.unclear.account_balance import is_conserved, may_be_posts
from orders.unclear.account_facts import AccountFacts
from orders.unclear.id_range import IdRange
from orders.unclear.readiness import LOOK_THERE

MAX_SHOWN = 50  # orphans that are kept as evidence


def checklist(
    *, attempt: Attempt, facts: AccountFacts, problem: str, elsewhere: frozenset[int]
) -> list[Condition]:
    """What the reading says about one attempt.

    `problem`: why "not placed" is not said of any at present; `elsewhere`: strays that turned out
    to be other orders.
    """
    reading, is_read = facts.reading, attempt.pk in facts.covered
    candidates = sorted(facts.matching.candidates.get(attempt.pk, frozenset()) - elsewhere)
    shown = ", ".join(map(str, candidates[:5]))
    return [
        Condition(
            "Id range read",
            is_read,
            f"{reading.asked} ids were looked up in {reading.calls} calls."
            if is_read
            else "Its ids were not looked up: too many lie between the two orders.",
            LOOK_THERE,
        ),
        _balance_matches(attempt, facts, problem),
        Condition(
            "No matching order",
            not candidates,
            "None of the orders found can be this one."
            if not candidates
            else f"It may be provider order {shown}.",
            f"Compare link and time of provider order {shown} with this one; match it if they are"
            " the same.",
        ),
    ]


def as_evidence(
    *,
    conditions: Sequence[Condition],
    id_range: IdRange,
    facts: AccountFacts | None = None,
    problem: str = "",
) -> Evidence:
    """All of it as it is kept; the next step is `problem`, or what the first unmet one advises."""
    unmet = next((each for each in conditions if not each.is_met), None)
    return Evidence(
        conditions=tuple(conditions),
        next_step=problem or (unmet.advice if unmet else ""),
        id_range=Ends(id_range.lower, id_range.upper),
        orphans=_orphans(facts) if facts else (),
        money=_money(facts) if facts else (),
    )


def _balance_matches(attempt: Attempt, facts: AccountFacts, problem: str) -> Condition:
    name = "Balance matches"
    words, advice = _hindrance(attempt, facts, problem)
    if words or facts.account_balance is None:
        return Condition(name, is_met=False, words=words, advice=advice)
    missing = facts.account_balance.missing
    rivals = [cost for pk, cost in facts.rivals.items() if pk != attempt.pk]
    is_met = is_conserved(missing=missing, cost=attempt.cost, unseen=facts.unseen, rivals=rivals)
    words = f"{plain(missing) if missing else 'Nothing'} is missing from our account."
    if missing and is_met:
        words += " Other unclear orders explain it, this one cannot."
    return Condition(
        name,
        is_met,
        words,
        "Wait until the other unclear orders are settled, or look for the link there.",
    )


def _hindrance(attempt: Attempt, facts: AccountFacts, problem: str) -> tuple[str, str]:
    """Why the balance can say nothing about this attempt, and the next step; empty: it can."""
    if problem or facts.account_balance is None:
        words = problem or "The provider does not return what an order was charged."
        return words, words
    if attempt.sent_at is None or attempt.sent_at <= facts.baseline_at:
        return "It was sent before the baseline of our account balance.", LOOK_THERE
    if not facts.reading.is_steady:
        return "The balance changed while it was read.", "Wait: the account is read again."
    if attempt.cost <= facts.smallest_visible:
        return "Its cost is too small for the decimals that the balance shows.", LOOK_THERE
    if may_be_posts(attempt.cost, rates=facts.post_rates):
        return "Running subscriptions are charged in amounts like its cost.", LOOK_THERE
    return "", ""


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
