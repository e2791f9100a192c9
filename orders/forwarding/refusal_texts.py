"""The words in which providers refuse: each new one is kept and shown to staff, who may doubt it.

An order that is refused is refunded at once. That is right only where the words really mean that
nothing was placed, and only a person can know that of words never met before. In words that are
doubted, the answer leaves it unclear.
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
MAX_WORDS: Final = 300  # of one provider, whole texts among them
MIN_LENGTH: Final = 3  # characters of a word of doubt


def note_rejection(*, provider_id: int, text: str, now: datetime) -> None:
    """Count a refusal in these words; words never met before are new to staff.

    Where a provider has too many, the one that was not met for longest gives way, but never a
    doubted one. The last lock of the caller's transaction, since refusals in the same words meet in
    one row.
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
def mark_ambiguous(*, refusal: RejectionText, actor: User, now: datetime) -> None:
    """From now on an order that is refused in these words is unclear, not refunded.

    Repeating it changes nothing.
    """
    _decide(refusal, is_doubted=True, actor=actor, now=now)


@transaction.atomic
def trust(*, refusal: RejectionText, actor: User, now: datetime) -> None:
    """These words mean again that nothing was placed. Orders that are unclear stay so.

    Harmless to repeat.
    """
    _decide(refusal, is_doubted=False, actor=actor, now=now)


class NoWord(Exception):
    """Not a word of doubt: too short, so that it would stand in every answer, or one too many."""


@transaction.atomic
def add_word(*, provider: Provider, word: str, actor: User) -> None:
    """Doubt every refusal of this provider in which this word or phrase stands.

    Raises NoWord; twice is as once.
    """
    word = normalize(word)
    if len(word) < MIN_LENGTH:
        raise NoWord(f"Word: at least {MIN_LENGTH} letters, or it stands in every answer.")
    account = ProviderAccount.objects.locked_of(provider)
    if len(account.ambiguous_phrases) >= MAX_WORDS:
        raise NoWord(f"This provider has {MAX_WORDS} words already.")
    if word not in account.ambiguous_phrases:
        account.ambiguous_phrases = [*account.ambiguous_phrases, word]
        account.save(update_fields=["ambiguous_phrases"])
        log.warning(
            "user %s: refusals of provider %s with %r are doubted", actor.pk, provider.pk, word
        )


@transaction.atomic
def remove_word(*, provider: Provider, word: str, actor: User) -> None:
    """Doubt the word no longer; a whole text is trusted again by `trust`. Harmless to repeat."""
    account = ProviderAccount.objects.locked_of(provider)
    if word in account.ambiguous_phrases and not word.startswith(WHOLE):
        account.ambiguous_phrases = [each for each in account.ambiguous_phrases if each != word]
        account.save(update_fields=["ambiguous_phrases"])
        log.warning(
            "user %s: refusals of provider %s with %r are trusted again",
            actor.pk,
            provider.pk,
            word,
        )


def words_of(provider: Provider) -> list[str]:
    """The words and phrases that staff doubt at this provider, without the whole texts."""
    phrases = ProviderAccount.objects.of(provider).phrases
    return sorted(phrase for phrase in phrases if not phrase.startswith(WHOLE))


def mark_all_seen(*, provider: Provider, keys: Collection[int], actor: User, now: datetime) -> int:
    """The person has seen these texts, and they may stand as they are: they are new no more.

    Returns how many were.
    """
    new = RejectionText.objects.filter(provider=provider, pk__in=keys, looked_at=None)
    return new.update(looked_at=now, looked_by=actor)


def _decide(refusal: RejectionText, *, is_doubted: bool, actor: User, now: datetime) -> None:
    """Under the account's row lock: two people may decide about two texts of its list at once."""
    account = ProviderAccount.objects.locked_of(refusal.provider)
    entry = WHOLE + refusal.text
    phrases = [phrase for phrase in account.ambiguous_phrases if phrase != entry]
    account.ambiguous_phrases = [*phrases, entry] if is_doubted else phrases
    account.save(update_fields=["ambiguous_phrases"])
    RejectionText.objects.filter(pk=refusal.pk).update(
        is_doubted=is_doubted, looked_at=now, looked_by=actor
    )
    log.warning(
        "user %s: refusals of provider %s in the words %r %s",
        actor.pk,
        refusal.provider_id,
        refusal.text,
        "are doubted" if is_doubted else "are trusted again",
    )


def _make_room(provider_id: int) -> None:
    texts = RejectionText.objects.filter(provider_id=provider_id)
    if texts.count() >= MAX_TEXTS:
        oldest = (
            texts.filter(is_doubted=False)
            .order_by("last_seen_at", "pk")
            .values_list("pk", flat=True)[:1]
        )
        RejectionText.objects.filter(pk__in=list(oldest)).delete()
