"""Which order found at the provider is which unclear order of ours. Pure logic, no guesses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalog.upstream import Status
from orders.unclear.id_range import IdRange

STEP = Decimal("0.00001")  # providers round what a Partial order keeps up or down at five decimals
# is served over time: a subscription, or a drip-feed
SERVED = {Status.ACTIVE, Status.PAUSED, Status.EXPIRED}
ANYBODY = {Status.CANCELED, Status.FAILED, Status.UNKNOWN}  # says nothing about what the order was


@dataclass(frozen=True, slots=True)
class Suspect:
    """An order of ours that was perhaps placed."""

    attempt_id: int
    cost: Decimal  # what it should charge, provider's currency
    billed_quantity: int
    id_range: IdRange
    # charged for each post, and nothing at first: its cost says nothing
    is_subscription: bool = False
    is_dripfeed: bool = False


@dataclass(frozen=True, slots=True)
class Stray:
    """An order on our account there that is none of ours as far as we know."""

    upstream_id: int
    status: Status
    charge: Decimal | None
    remains: int | None


@dataclass(frozen=True, slots=True)
class Matching:
    """What follows from the strays."""

    placed: Mapping[int, int]  # attempt → the stray that it must be
    candidates: Mapping[int, frozenset[int]]  # attempt → the strays that it may be
    strangers: frozenset[int]  # strays that none of the suspects may be


def fits(stray: Stray, suspect: Suspect, *, is_remains_exact: bool = False) -> bool:
    """Whether the stray may be the suspect; yes where unsure, since more candidates are safer.

    The charge is the cost, or of a Partial order its delivered part. A Canceled order costs nothing
    and fits any suspect, but where remains are exact (`is_remains_exact`) one of its quantity. A
    suspect that is a subscription may be any order; a stray served over time is only one of those,
    or a drip-feed.
    """
    if not suspect.id_range.holds(stray.upstream_id):
        return False
    if suspect.is_subscription:
        return True
    if stray.status in SERVED:
        return suspect.is_dripfeed and stray.charge in {None, suspect.cost}
    if is_remains_exact and stray.status is Status.CANCELED and stray.remains is not None:
        return stray.remains == suspect.billed_quantity
    if stray.charge is None or stray.charge == 0 or stray.status in ANYBODY:
        return True
    if stray.remains is not None and stray.remains > suspect.billed_quantity:
        return False
    if stray.status is Status.PARTIAL:
        if stray.remains is None or suspect.billed_quantity == 1:
            return stray.charge <= suspect.cost
        delivered = suspect.billed_quantity - max(stray.remains, 0)
        return abs(suspect.cost * delivered / suspect.billed_quantity - stray.charge) <= STEP
    return stray.charge == suspect.cost


def match(
    *, suspects: Sequence[Suspect], strays: Sequence[Stray], is_remains_exact: bool = False
) -> Matching:
    """Find the pairs without an alternative.

    Every stray that fits a suspect is one of them, and no two are the same: a pair is certain when
    the strays cannot all be assigned without it. Where they cannot be assigned at all (two strays,
    one suspect), somebody else uses our key, and nothing is certain about anyone concerned. That a
    stray is a subscription is never certain: no charge tells it from others.
    """
    choices = {
        stray.upstream_id: frozenset(
            suspect.attempt_id
            for suspect in suspects
            if fits(stray, suspect, is_remains_exact=is_remains_exact)
        )
        for stray in strays
    }
    candidates = {
        suspect.attempt_id: frozenset(
            number for number, fitting in choices.items() if suspect.attempt_id in fitting
        )
        for suspect in suspects
    }
    subscriptions = {suspect.attempt_id for suspect in suspects if suspect.is_subscription}
    placed: dict[int, int] = {}
    for group in _groups({number: fitting for number, fitting in choices.items() if fitting}):
        if assignment := _assign(group):
            placed |= {
                attempt: number
                for number, attempt in assignment.items()
                if attempt not in subscriptions and not _assign(_without(group, number, attempt))
            }
    return Matching(
        placed=placed,
        candidates=candidates,
        strangers=frozenset(number for number, fitting in choices.items() if not fitting),
    )


Choices = Mapping[int, frozenset[int]]  # stray → the attempts that it may be


def _groups(choices: Choices) -> list[Choices]:
    """The strays apart as far as they share no suspect: a contradiction stays in its group."""
    groups: list[tuple[set[int], dict[int, frozenset[int]]]] = []
    for number, fitting in choices.items():
        attempts, members = set(fitting), {number: fitting}
        apart = []
        for other_attempts, other_members in groups:
            if attempts & other_attempts:
                attempts |= other_attempts
                members |= other_members
            else:
                apart.append((other_attempts, other_members))
        groups = [*apart, (attempts, members)]
    return [members for _, members in groups]


def _without(choices: Choices, number: int, attempt: int) -> Choices:
    return {**choices, number: choices[number] - {attempt}}


def _assign(choices: Choices) -> dict[int, int]:
    """Give every stray an attempt of its own, by augmenting paths; empty where that fails."""
    holder: dict[int, int] = {}  # attempt → stray

    def place(number: int, tried: set[int]) -> bool:
        for attempt in sorted(choices[number] - tried):
            tried.add(attempt)
            if attempt not in holder or place(holder[attempt], tried):
                holder[attempt] = number
                return True
        return False

    if not all(place(number, set()) for number in choices):
        return {}
    return {number: attempt for attempt, number in holder.items()}
