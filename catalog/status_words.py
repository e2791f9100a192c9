"""Status words that the admin explains, provider by provider.

A word that nobody has explained changes no order and no refill; staff see it. An explained word is
read as what it means from the next reply on, by all code that reads that provider's statuses.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from catalog.models import Provider, StatusMapping, StatusSubject, UnknownStatus
from catalog.prices.write_lock import lock_catalog
from catalog.upstream import RefillState, Status, TaughtWords
from catalog.upstream.status_reply import fold
from catalog.upstream.taught_words import is_teachable_of_orders, is_teachable_of_refills

MAX_SHOWN: Final = 100
MAX_KEPT: Final = 100  # unknown words of one provider: one may invent a word for each order
MEANINGS: Final[dict[StatusSubject, tuple[str, ...]]] = {
    StatusSubject.ORDER: tuple(
        status.value for status in Status if status not in {Status.UNKNOWN, Status.FAILED}
    ),
    StatusSubject.REFILL: tuple(
        state.value for state in RefillState if state is not RefillState.UNKNOWN
    ),
}


class CannotExplain(Exception):
    """The word cannot be given this meaning; nothing changed. The message says why."""


def unknown_statuses() -> Sequence[UnknownStatus]:
    """The words that were met and not explained yet, at most MAX_SHOWN. One query."""
    explained = StatusMapping.objects.filter(
        provider=OuterRef("provider"),
        subject=OuterRef("subject"),
        folded=OuterRef("folded"),
        reverted_at=None,
    )
    unknown = UnknownStatus.objects.exclude(Exists(explained)).select_related("provider")
    return list(unknown.order_by("provider__name", "provider_id", "subject", "pk")[:MAX_SHOWN])


def note_unknown(
    *, provider: Provider, subject: StatusSubject, words: Collection[str], now: datetime
) -> None:
    """Remember words that were not understood, at most MAX_KEPT of one provider."""
    teachable = sorted(word for word in words if _is_teachable(subject, word))
    kept = UnknownStatus.objects.filter(provider=provider)
    if not teachable or kept.count() >= MAX_KEPT:
        return
    UnknownStatus.objects.bulk_create(
        [
            UnknownStatus(
                provider=provider, subject=subject, word=word, folded=fold(word), met_at=now
            )
            for word in teachable[:MAX_KEPT]
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def explain(
    *,
    provider: Provider,
    subject: StatusSubject,
    word: str,
    status: str,
    actor: User,
    now: datetime,
) -> StatusMapping:
    """Read this provider's `word` as `status` from now on. Raises CannotExplain."""
    lock_catalog()
    word = word.strip()
    if not fold(word):
        raise CannotExplain("Enter the provider's word.")
    if not _is_teachable(subject, word):
        raise CannotExplain(f"{word} is a known status and needs no mapping.")
    if status not in MEANINGS[subject]:
        raise CannotExplain("Choose one of the statuses.")
    try:
        with transaction.atomic():
            mapping = StatusMapping.objects.create(
                provider=provider,
                subject=subject,
                word=word,
                folded=fold(word),
                status=status,
                mapped_by=actor,
                mapped_at=now,
            )
    except IntegrityError:
        raise CannotExplain(f"{word} of {provider} is already mapped.") from None
    _teach(provider.pk)
    return mapping


@transaction.atomic
def revert(*, mapping: StatusMapping, actor: User, now: datetime) -> bool:
    """Take the meaning back; False where that was done before. Ended orders stay as they are."""
    lock_catalog()
    reverted = StatusMapping.objects.filter(pk=mapping.pk, reverted_at=None).update(
        reverted_by=actor, reverted_at=now
    )
    if reverted:
        _teach(mapping.provider_id)
    return bool(reverted)


def taught_words(provider: Provider) -> TaughtWords:
    """What was explained of this provider; no query."""
    orders = provider.status_words.get(StatusSubject.ORDER, {})
    refills = provider.status_words.get(StatusSubject.REFILL, {})
    return TaughtWords(
        orders={folded: Status(status) for folded, status in orders.items()},
        refills={folded: RefillState(status) for folded, status in refills.items()},
    )


def _is_teachable(subject: StatusSubject, word: str) -> bool:
    if subject is StatusSubject.ORDER:
        return is_teachable_of_orders(word)
    return is_teachable_of_refills(word)


def _teach(provider_id: int) -> None:
    """Copy the mappings that count to the provider's row, which every client is opened from."""
    words: dict[str, dict[str, str]] = {}
    counting = StatusMapping.objects.filter(provider_id=provider_id, reverted_at=None)
    for mapping in counting.order_by("pk"):
        words.setdefault(mapping.subject, {})[mapping.folded] = mapping.status
    Provider.objects.filter(pk=provider_id).update(status_words=words)
