"""The messages with which providers reject orders, and which of them staff have marked ambiguous.

A rejected order is refunded at once. That is right only where the message really means that nothing
was placed, and only a person can know that of a new one; an ambiguous one leaves the order unclear.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from accounts.models import User
from catalog.models import Provider
from catalog.upstream.error_texts import WHOLE, fold_text, normalize
from orders.models import ProviderAccount, RejectionText

log = logging.getLogger(__name__)

# texts of one provider: one that puts an order's name into each would fill the table
MAX_TEXTS: Final = 100
MAX_PHRASES: Final = 300  # of one provider, whole texts among them
MIN_LENGTH: Final = 3  # characters of a phrase


class UnusablePhrase(Exception):
    """Too short, so that any message would contain it, or one too many."""


def note_rejection(*, provider_id: int, text: str, now: datetime) -> None:
    """Count a rejection with this message; a new one is shown to staff.

    Where a provider has too many, the oldest that is not ambiguous gives way. The last lock of the
    caller's transaction, since rejections with the same message meet in one row.
    """
    folded = fold_text(text)
    if not folded:
        return
    known = RejectionText.objects.filter(provider_id=provider_id, text=folded)
    if known.update(count=F("count") + 1, last_seen_at=now):
        return
    _make_room(provider_id)
    new = RejectionText(
        provider_id=provider_id,
        text=folded,
        example=text,
        count=0,
        first_seen_at=now,
        last_seen_at=now,
    )
    # another worker may have met it at this moment
    RejectionText.objects.bulk_create([new], ignore_conflicts=True)
    known.update(count=F("count") + 1, last_seen_at=now)


@transaction.atomic
def mark_ambiguous(*, rejection: RejectionText, actor: User, now: datetime) -> None:
    """From now on an order rejected with this message is unclear, not refunded."""
    _decide(rejection, is_ambiguous=True, actor=actor, now=now)


@transaction.atomic
def mark_definite(*, rejection: RejectionText, actor: User, now: datetime) -> None:
    """This message means again that nothing was placed; what is unclear stays so."""
    _decide(rejection, is_ambiguous=False, actor=actor, now=now)


@transaction.atomic
def add_phrase(*, provider: Provider, phrase: str, actor: User) -> None:
    """Every rejection of this provider that contains the phrase is ambiguous.

    Raises UnusablePhrase; adding it twice changes nothing.
    """
    phrase = normalize(phrase)
    if len(phrase) < MIN_LENGTH:
        raise UnusablePhrase(f"Phrase: use at least {MIN_LENGTH} letters, or any message matches.")
    account = ProviderAccount.objects.locked_of(provider)
    if len(account.ambiguous_phrases) >= MAX_PHRASES:
        raise UnusablePhrase(f"This provider already has {MAX_PHRASES} phrases.")
    if phrase not in account.ambiguous_phrases:
        account.ambiguous_phrases = [*account.ambiguous_phrases, phrase]
        account.save(update_fields=["ambiguous_phrases"])
        log.warning("user %s: provider %s: %r is ambiguous", actor.pk, provider.pk, phrase)


@transaction.atomic
def remove_phrase(*, provider: Provider, phrase: str, actor: User) -> None:
    """The phrase is not ambiguous any more; whole messages are left to `mark_definite`."""
    account = ProviderAccount.objects.locked_of(provider)
    if phrase in account.ambiguous_phrases and not phrase.startswith(WHOLE):
        account.ambiguous_phrases = [each for each in account.ambiguous_phrases if each != phrase]
        account.save(update_fields=["ambiguous_phrases"])
        log.warning("user %s: provider %s: %r is definite again", actor.pk, provider.pk, phrase)


def phrases_of(provider: Provider) -> list[str]:
    """The phrases that staff have added at this provider, without the whole messages."""
    phrases = ProviderAccount.objects.of(provider).phrases
    return sorted(phrase for phrase in phrases if not phrase.startswith(WHOLE))


def mark_all_seen(*, provider: Provider, keys: Collection[int], actor: User, now: datetime) -> int:
    """Staff have seen these new messages and leave them as they are; returns how many were new."""
    new = RejectionText.objects.filter(provider=provider, pk__in=keys, looked_at=None)
    return new.update(looked_at=now, looked_by=actor)


def _decide(rejection: RejectionText, *, is_ambiguous: bool, actor: User, now: datetime) -> None:
    """Under the account's row lock: two people may decide about two messages at once."""
    account = ProviderAccount.objects.locked_of(rejection.provider)
    entry = WHOLE + rejection.text
    phrases = [phrase for phrase in account.ambiguous_phrases if phrase != entry]
    account.ambiguous_phrases = [*phrases, entry] if is_ambiguous else phrases
    account.save(update_fields=["ambiguous_phrases"])
    RejectionText.objects.filter(pk=rejection.pk).update(
        is_ambiguous=is_ambiguous, looked_at=now, looked_by=actor
    )
    log.warning(
        "user %s: provider %s: rejection %r is %s",
        actor.pk,
        rejection.provider_id,
        rejection.text,
        "ambiguous" if is_ambiguous else "definite again",
    )


def _make_room(provider_id: int) -> None:
    texts = RejectionText.objects.filter(provider_id=provider_id)
    if texts.count() >= MAX_TEXTS:
        definite = texts.filter(is_ambiguous=False).order_by("last_seen_at", "pk")
        RejectionText.objects.filter(
            pk__in=list(definite.values_list("pk", flat=True)[:1])
        ).delete()
