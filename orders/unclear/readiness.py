"""What must be so before a provider is asked about an unclear attempt, as staff read it."""

from collections.abc import Sequence

from orders.models import MAX_CALLS, Condition, Investigation
from orders.unclear.id_range import IdRange

LOOK_THERE = "Look for the link among the provider's orders."


def readiness(
    *,
    investigation: Investigation,
    lacking: Sequence[str],
    is_probe_allowed: bool,
    is_quiet: bool,
    is_dead: bool,
    id_range: IdRange,
) -> list[Condition]:
    """The conditions that need no answer of the provider."""
    return [
        _provider_known(lacking, is_probe_allowed=is_probe_allowed),
        Condition(
            "Waiting time over",
            is_quiet,
            "Sent so long ago that it has been placed or never will be."
            if is_quiet
            else "It may still be placed.",
            "Wait: it is too early to tell.",
        ),
        Condition(
            "Worker finished",
            is_dead,
            "No worker is waiting for an answer."
            if is_dead
            else "A worker is still waiting for the answer.",
            "Wait: the answer may still come.",
        ),
        _id_range_known(id_range),
        Condition(
            "Lookups left",
            investigation.has_calls_left,
            f"{investigation.calls} of {MAX_CALLS} lookups of ids that are not ours were used.",
            "All lookups are used. Decide by what was found.",
        ),
    ]


def _provider_known(lacking: Sequence[str], *, is_probe_allowed: bool) -> Condition:
    words = "; ".join(lacking) or "the provider's behaviour is known"
    if not is_probe_allowed:
        words = "probing is off: ids that may not be ours are not read"
    return Condition(
        "Provider behaviour known",
        is_probe_allowed and not lacking,
        f"{words[:1].upper()}{words[1:]}.",
        f"{LOOK_THERE} To have such orders resolved automatically, ask the provider whether ids"
        " around your own may be read, and let its self-test pass.",
    )


def _id_range_known(id_range: IdRange) -> Condition:
    name, lower, upper = "Id range known", id_range.lower, id_range.upper
    if not id_range.is_numeric:
        words = "This provider also gives ids that are not numbers."
        return Condition(name, is_met=False, words=words, advice=LOOK_THERE)
    if id_range.is_closed:
        words = f"If it was placed, its id is between {lower} and {upper}."
        return Condition(name, is_met=True, words=words)
    if id_range.is_contradictory:
        words = f"A later order has the lower id: {lower} before, {upper} after."
        return Condition(name, is_met=False, words=words, advice=LOOK_THERE)
    if lower is None:
        words = "No order was accepted before it."
        return Condition(name, is_met=False, words=words, advice=LOOK_THERE)
    return Condition(
        name,
        is_met=False,
        words="No order was sent long enough after it and accepted yet.",
        advice="Wait for the next order that the provider accepts. Do not send one for this.",
    )
