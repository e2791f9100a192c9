"""The table of a long run."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from tests.chaos.provider_faults import NOT_PLACED, PLACED
from tests.chaos.run import Outcome
from tests.faults.shop import QUIET

IN_TIME = 120.0  # seconds beyond the quiet time within which a doubt should be settled


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """One line for each figure, summed over all runs."""
    done = sum((outcome.done for outcome in outcomes), Counter[str]())
    judged = [outcome.judgement for outcome in outcomes]
    ambiguous = sum(each.ambiguous for each in judged)
    settled = sum(each.settled for each in judged)
    share = f" ({settled / ambiguous:.2%})" if ambiguous else ""
    in_time = sum(1 for each in judged for seconds in each.seconds if seconds <= QUIET + IN_TIME)
    share_in_time = f" ({in_time / ambiguous:.2%})" if ambiguous else ""
    with_staff = sum((each.with_staff for each in judged), Counter[str]())
    rows: list[tuple[str, object]] = [
        ("runs", len(outcomes)),
        ("seconds", f"{sum(outcome.seconds for outcome in outcomes):.0f}"),
        ("orders", sum(each.orders for each in judged)),
        ("placed at the providers", sum(each.placed for each in judged)),
        ("fault modes of add", len(PLACED) + len(NOT_PLACED)),
        ("faults injected into add", sum(outcome.struck for outcome in outcomes)),
        ("kill -9", done["kills"]),
        ("SIGSTOP", done["stops"]),
        ("restarts of PostgreSQL", done["restarts of PostgreSQL"]),
        ("losses of the broker", done["losses of the broker"]),
        ("ambiguous attempts", ambiguous),
        ("settled by itself", f"{settled}{share}"),
        (f"… within {QUIET + IN_TIME:.0f} s of being sent", f"{in_time}{share_in_time}"),
        ("left to staff", sum(each.left_to_staff for each in judged)),
        *((f"… {reason}", count) for reason, count in sorted(with_staff.items())),
        ("doubles", sum(len(each.doubles) for each in judged)),
        ("refunded though placed", sum(len(each.refunded_though_placed) for each in judged)),
        ("charged and never placed", sum(len(each.charged_never_placed) for each in judged)),
        ("wrong ids", sum(len(each.wrong_ids) for each in judged)),
        ("refunds not exact", sum(len(each.wrong_refunds) for each in judged)),
        ("findings of the proof", sum(len(each.findings) for each in judged)),
        ("ledger sum", f"{sum((each.ledger_sum for each in judged), Decimal(0)):.5f}"),
    ]
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {value:>16}" for name, value in rows]
