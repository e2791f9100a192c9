"""Alarming: money moved at a provider without an explanation, somebody else orders on our key, an
order stays unclear.

From the first two on nothing is taken for "not placed" there, until a person has explained it. The
last is said once of each order, to the log; staff see it in their inbox all the while.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models.functions import Coalesce

from accounts.models import User
from catalog.models import Provider
from lib.clock import database_now
from lib.decimals import plain
from orders.models import Attempt, AttemptState, Baseline, EventKind, Order, Orphan, TopUp

log = logging.getLogger(__name__)

# an order that the machine has not settled by then waits for staff
TOO_LONG: Final = timedelta(minutes=30)
MAX_TOLD = 500  # orders in one run


class NothingEntered(Exception):
    """A top-up of nothing, or an explanation without words."""


def note_missing(*, provider: Provider, missing: Decimal, now: datetime) -> str:
    """What is missing for no reason that we know, at two readings: verdicts pause. Returns why none
    may be given now.

    The first reading only keeps verdicts back: a provider may have told one wrong figure.
    """
    amount = f"{plain(abs(missing))} {provider.currency}"
    text = (
        f"{amount} {'is missing from' if missing > 0 else 'more than expected is in'} our account"
    )
    is_repeated = provider.unexplained == missing
    provider.unexplained = missing
    provider.save(update_fields=["unexplained"])
    if is_repeated:
        pause_verdicts(
            provider=provider,
            reason=f"{text}: a top-up, a refund or an order that nobody entered",
            now=now,
        )
        return provider.verdicts_pause_reason
    return f"{text}: the account is read once more."


def note_strangers(*, provider: Provider, upstream_ids: Collection[int], now: datetime) -> str:
    """Orders on our account that none of ours can be: verdicts pause at once.

    Returns why none may be given now.
    """
    names = ", ".join(map(str, sorted(upstream_ids)[:5]))
    pause_verdicts(
        provider=provider, reason=f"Orders on our account are none of ours: {names}", now=now
    )
    return provider.verdicts_pause_reason


def tell_of_long_unclear(*, now: datetime) -> int:
    """Tell, once of each, of the orders that have been unclear for over 30 minutes; returns how
    many are new.

    By the database's clock; `now` dates the events. Harmless to repeat and beside another worker.
    """
    unclear = Attempt.objects.filter(state=AttemptState.UNKNOWN, alarmed_at=None)
    old = unclear.annotate(since=Coalesce("sent_at", "prepared_at")).filter(
        since__lt=database_now() - TOO_LONG
    )
    return sum(
        _tell(pk, now) for pk in list(old.order_by("pk").values_list("pk", flat=True)[:MAX_TOLD])
    )


@transaction.atomic
def _tell(attempt_id: int, now: datetime) -> bool:
    """Whoever marks the attempt tells; the order's row first, as everywhere."""
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(attempts=attempt_id)
    told = Attempt.objects.filter(
        pk=attempt_id, state=AttemptState.UNKNOWN, alarmed_at=None
    ).update(alarmed_at=now)
    if told:
        text = "Unclear for over 30 minutes: staff decide"
        order.record(kind=EventKind.UNCLEAR, text=text, now=now, is_internal=True)
        log.error("order %s has been unclear for over 30 minutes: attempt %s", order.pk, attempt_id)
    return bool(told)


def pause_verdicts(*, provider: Provider, reason: str, now: datetime) -> None:
    """Take nothing for "not placed" at this provider until staff explain; what was paused
    before keeps its reason.
    """
    paused = Provider.objects.filter(pk=provider.pk, verdicts_paused_at=None).update(
        verdicts_paused_at=now, verdicts_pause_reason=reason[:300]
    )
    if paused:
        log.error("provider %s: %s", provider.pk, reason)
    provider.refresh_from_db(fields=["verdicts_paused_at", "verdicts_pause_reason"])


@transaction.atomic
def enter_top_up(*, provider: Provider, amount: Decimal, note: str, actor: User) -> TopUp:
    """Money that was paid into our account there (negative: taken out). Verdicts go on where that
    explains it.

    Raises NothingEntered.
    """
    if not amount:
        raise NothingEntered("Amount: enter what was paid in.")
    _resume(provider)
    return TopUp.objects.create(
        provider=provider,
        amount=amount,
        note=note.strip(),
        entered_by=actor,
        entered_at=database_now(),
    )


@transaction.atomic
def explain(*, provider: Provider, reason: str, actor: User) -> None:
    """A person answers for what the account holds: its books begin anew at the next reading.

    Strangers among the orders there stand explained. Unclear orders from before are settled by
    staff alone, or by being found. Raises NothingEntered.
    """
    reason = reason.strip()
    if not reason:
        raise NothingEntered("Reason: say what happened.")
    Baseline.objects.create(provider=provider, reason=reason, asked_by=actor)
    strangers = Orphan.objects.filter(provider=provider, is_stranger=True, explained_at=None)
    strangers.update(explained_at=database_now(), explained_by=actor, explanation=reason)
    _resume(provider)


def _resume(provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk).update(
        verdicts_paused_at=None, verdicts_pause_reason="", unexplained=None
    )
