"""Narrow the id range of a lost order using neighbouring orders with known ids."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from orders.models import Attempt, AttemptState, Order
from orders.models.attempts import quiet
from orders.unclear.id_range import MAX_WIDTH, IdRange, KnownOrder, id_range

# known orders on each side that are looked at: more would only make a range narrower
NEAREST = 200
LATEST = 500  # known orders by which the growth of ids is judged


def id_range_of(attempt: Attempt) -> IdRange:
    """Where the attempt's order lies at the provider, if it was placed at all."""
    if attempt.sent_at is None or attempt.last_sent_at is None:
        return IdRange(None, None)
    certain = _certain(attempt.provider_id).exclude(pk=attempt.pk)
    before = certain.filter(sent_at__lt=attempt.sent_at).order_by("-pk")[:NEAREST]
    after = certain.filter(sent_at__gt=attempt.last_sent_at + quiet()).order_by("pk")[:NEAREST]
    most = attempt.last_sent_at - attempt.sent_at + quiet()  # each of its calls may have placed it
    return id_range(
        sent_at=attempt.sent_at,
        known_orders=[*_known_orders(before), *_known_orders(after)],
        quiet=most,
    )


def latest_known_orders(provider_id: int) -> list[KnownOrder]:
    """The newest ones, by which it is judged whether ids grow."""
    return _known_orders(_certain(provider_id).order_by("-pk")[:LATEST])


def known_ids(provider_id: int, *, id_ranges: Iterable[IdRange]) -> set[int]:
    """The ids inside closed ranges that are orders of ours."""
    names = {str(number) for each in id_ranges if each.width <= MAX_WIDTH for number in each.ids()}
    ours = Order.objects.filter(provider_id=provider_id, upstream_id__in=names)
    return {int(name or 0) for name in ours.values_list("upstream_id", flat=True)}


def _certain(provider_id: int) -> QuerySet[Attempt]:
    """Attempts whose ids are certain: answered, or found by evidence; not attached by a person."""
    is_certain = Q(state=AttemptState.ACCEPTED, finished_at__isnull=False) | Q(
        state=AttemptState.PLACED, decided_by=None
    )
    return Attempt.objects.filter(
        is_certain, provider_id=provider_id, upstream_id__regex=r"^[0-9]{1,18}$"
    )


def _known_orders(attempts: QuerySet[Attempt]) -> list[KnownOrder]:
    return [
        KnownOrder(
            upstream_id=int(upstream_id),
            sent_at=sent_at,
            # The answer came after it was placed; one that was found later may have been placed
            # late.
            placed_by=finished_at
            if state == AttemptState.ACCEPTED and finished_at
            else sent_at + quiet(),
        )
        for upstream_id, state, sent_at, finished_at in attempts.values_list(
            "upstream_id", "state", "sent_at", "finished_at"
        )
        if sent_at is not None
    ]
