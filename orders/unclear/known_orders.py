"""Narrow the id range of a lost order using neighbouring orders with known ids."""

import re
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from orders.models import Attempt, AttemptState, Order
from orders.models.attempts import quiet
from orders.unclear.id_range import MAX_WIDTH, IdRange, KnownOrder, id_range

# known orders on each side that are looked at: more would only make a range narrower
NEAREST = 200
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
LATEST = 500  # known orders by which the growth of ids is judged


def id_range_of(attempt: Attempt) -> IdRange:
    """Where the attempt's order lies at the provider, if it was placed at all."""
    if attempt.sent_at is None or attempt.last_sent_at is None:
        return IdRange(None, None)
    certain = _certain(attempt.provider_id).exclude(pk=attempt.pk)
    before = certain.filter(sent_at__lt=attempt.sent_at).order_by("-pk")[:NEAREST]
    after = certain.filter(sent_at__gt=attempt.last_sent_at + quiet()).order_by("pk")[:NEAREST]
    if has_text_ids(before) or has_text_ids(after):
        return IdRange(None, None, is_numeric=False)
    most = attempt.last_sent_at - attempt.sent_at + quiet()  # each of its calls may have placed it
    return id_range(
        sent_at=attempt.sent_at,
        known_orders=[*_known_orders(before), *_known_orders(after)],
        quiet=most,
    )


def latest_known_orders(provider_id: int) -> tuple[list[KnownOrder], bool]:
    """The newest ones, by which it is judged whether ids grow, and whether all are numbers."""
    latest = _certain(provider_id).order_by("-pk")[:LATEST]
    return _known_orders(latest), not has_text_ids(latest)


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
    found = Attempt.objects.filter(is_certain, provider_id=provider_id)
    return found.only("upstream_id", "state", "sent_at", "finished_at")


def has_text_ids(attempts: Iterable[Attempt]) -> bool:
    """Whether one of these orders has an id that does not grow as numbers do: "ORD-7", "007"."""
    return not all(NUMBER.fullmatch(attempt.upstream_id or "") for attempt in attempts)


def _known_orders(attempts: Iterable[Attempt]) -> list[KnownOrder]:
    return [
        KnownOrder(
            upstream_id=int(attempt.upstream_id),
            sent_at=attempt.sent_at,
            # The answer came after it was placed; one that was found later may have been placed
            # late.
            placed_by=attempt.finished_at
            if attempt.state == AttemptState.ACCEPTED and attempt.finished_at
            else attempt.sent_at + quiet(),
        )
        for attempt in attempts
        if attempt.sent_at is not None and NUMBER.fullmatch(attempt.upstream_id or "")
    ]
