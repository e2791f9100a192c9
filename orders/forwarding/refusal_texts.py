"""The messages with which providers reject orders, and what staff say they mean.

A rejected order may be refunded only where the message means that nothing was placed and that the
order is to blame. Staff decide it once for each message of a provider; all later ones follow.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import F

from accounts.models import User
from catalog.models import Provider
from catalog.upstream import AddOutcome, Reason, Rejected, Unclear
from catalog.upstream.error_texts import WHOLE, fold_text, normalize
from orders.models import Meaning, ProviderAccount, RejectionText

log = logging.getLogger(__name__)

# texts of one provider: one that puts an order's name into each would fill the table
MAX_TEXTS: Final = 100
MAX_PHRASES: Final = 300  # of one provider, whole texts among them
MIN_LENGTH: Final = 3  # characters of a phrase
REASONS: Final = {
    Meaning.CUSTOMER: Reason.CUSTOMER,
    Meaning.FUNDS: Reason.NO_FUNDS,
    Meaning.KEY: Reason.BAD_KEY,
    Meaning.LATER: Reason.THROTTLED,
}

Outcome = TypeVar("Outcome")


class UnusablePhrase(Exception):
    """Too short, so that any message would contain it, or one too many."""


def as_decided(outcome: Outcome, *, provider_id: int) -> Outcome | AddOutcome:
    """The outcome of an `add` as staff read its message, where they have decided about it."""
    if not isinstance(outcome, Rejected | Unclear) or not outcome.text:
        return outcome
    known = RejectionText.objects.filter(provider_id=provider_id, text=fold_text(outcome.text))
    match known.values_list("meaning", flat=True).first():
        case None | "":
            return outcome
        case Meaning.AMBIGUOUS:
            return Unclear(f"an ambiguous error: {outcome.text}", outcome.raw, outcome.text)
        case meaning:
            return Rejected(outcome.text, REASONS[Meaning(meaning)], outcome.raw)


def note_rejection(*, provider_id: int, text: str, now: datetime) -> None:
    """Count a rejection with this message; a new one is shown to staff.

    Where a provider has too many, the oldest that nobody decided about gives way. The last lock of
    the caller's transaction, since rejections with the same message meet in one row.
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
def decide_meaning(
    *, rejection: RejectionText, meaning: Meaning, actor: User, now: datetime
) -> None:
    """From now on this provider's rejections with this message mean `meaning`.

    Under the account's row lock: two people may decide about two messages at once. What the calls
    for refills and cancellations must take for ambiguous stands there, too.
    """
    account = ProviderAccount.objects.locked_of(rejection.provider)
    entry = WHOLE + rejection.text
    phrases = [phrase for phrase in account.ambiguous_phrases if phrase != entry]
    is_ambiguous = meaning == Meaning.AMBIGUOUS
    account.ambiguous_phrases = [*phrases, entry] if is_ambiguous else phrases
    account.save(update_fields=["ambiguous_phrases"])
    RejectionText.objects.filter(pk=rejection.pk).update(
        meaning=meaning, looked_at=now, looked_by=actor
    )
    log.warning(
        "user %s: provider %s: rejection %r means %s",
        actor.pk,
        rejection.provider_id,
        rejection.text,
        meaning,
    )


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
    """The phrase is not ambiguous any more; whole messages are left to `decide_meaning`."""
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


def _make_room(provider_id: int) -> None:
    texts = RejectionText.objects.filter(provider_id=provider_id)
    if texts.count() >= MAX_TEXTS:
        undecided = texts.filter(meaning="").order_by("last_seen_at", "pk")
        RejectionText.objects.filter(
            pk__in=list(undecided.values_list("pk", flat=True)[:1])
        ).delete()
