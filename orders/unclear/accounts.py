"""Our account at a provider, for staff and audits: what is known of it, and what staff enter."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from accounts.models import User
from catalog.change_currency import switch_currency
from catalog.models import Provider
from catalog.provider_client import open_client
from lib.clock import database_now
from orders.models import Attempt, Baseline, Orphan, ProviderAccount, TopUp
from orders.unclear.baseline import baseline_of, expected
from orders.unclear.provider_traits import lacks
from orders.unclear.provider_traits import self_test as test_traits

MAX_SHOWN: Final = 20  # of top-ups and of orphans


class NothingEntered(Exception):
    """A top-up of nothing, or an explanation without words."""


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What staff see of our account at one provider; money in the provider's currency."""

    account: ProviderAccount
    traits: list[tuple[str, bool | None]]  # name, whether it is so; None: not known yet
    lacking: list[str]  # what keeps the resolver from settling anything
    baseline: Baseline | None
    expected: Decimal | None  # what balance and charges make together now
    unclear: int  # orders
    top_ups: list[TopUp]  # the latest
    orphans: list[Orphan]  # the latest


def account_report(provider: Provider) -> AccountReport:
    """All that the page of one provider shows."""
    account = ProviderAccount.objects.of(provider)
    top_ups = provider.top_ups.select_related("entered_by").order_by("-pk")
    orphans = provider.orphans.select_related("explained_by").order_by("-pk")
    return AccountReport(
        account=account,
        traits=[
            ("Order ids grow with time", account.ids_monotonic),
            ("An id that is not ours is an error", account.foreign_id_is_error),
            ("Charges are net of refunds", account.charge_is_net),
            ("The balance is exact", account.balance_exact),
            ("All of a canceled order remains", account.remains_exact),
            ("It places an order with the same key once", provider.is_idempotent),
            ("Ids around ours may be read", provider.is_probe_allowed),
        ],
        lacking=lacks(account),
        baseline=baseline_of(provider),
        expected=expected(provider),
        unclear=Attempt.objects.unknown().filter(provider=provider).count(),
        top_ups=list(top_ups[:MAX_SHOWN]),
        orphans=list(orphans[:MAX_SHOWN]),
    )


def exact_baseline(provider: Provider) -> Baseline | None:
    """The baseline that any balance read later can be compared with.

    None where there is none yet, or where charges or balances are known to be inexact.
    """
    account = ProviderAccount.objects.of(provider)
    if account.charge_is_net is False or account.balance_exact is False:
        return None
    return baseline_of(provider)


def self_test(*, provider: Provider, now: datetime) -> None:
    """Find out now how the provider behaves; nothing is changed there.

    Raises upstream.ProviderError or CannotUnseal.
    """
    with open_client(provider) as client:
        test_traits(account=ProviderAccount.objects.of(provider), client=client, now=now)


@transaction.atomic
def enter_top_up(*, provider: Provider, amount: Decimal, note: str, actor: User) -> TopUp:
    """Record money paid into our account (negative: taken out); verdicts go on.

    Raises NothingEntered.
    """
    if not amount:
        raise NothingEntered("Amount: enter what was paid in.")
    ProviderAccount.objects.of(provider).resume_verdicts()
    return TopUp.objects.create(
        provider=provider,
        amount=amount,
        note=note.strip(),
        entered_by=actor,
        entered_at=database_now(),
    )


@transaction.atomic
def change_currency(
    *,
    provider: Provider,
    word: str,
    currency: str,
    exchange_rate: Decimal | None,
    actor: User,
    now: datetime,
) -> None:
    """The provider counts in another currency: prices follow at a sync, our account starts anew.

    Raises NothingToDecide and NoExchangeRate, with nothing changed.
    """
    reason = f"The currency changed from {provider.currency} to {currency}"
    switch_currency(
        provider=provider, word=word, currency=currency, exchange_rate=exchange_rate, now=now
    )
    explain(provider=provider, reason=reason, actor=actor)


@transaction.atomic
def explain(*, provider: Provider, reason: str, actor: User) -> None:
    """Reset the baseline at the next run; strangers found there count as explained, verdicts go on.

    Attempts that are unclear now are older than the new baseline: only an id that is found settles
    them, or staff. Raises NothingEntered.
    """
    reason = reason.strip()
    if not reason:
        raise NothingEntered("Reason: say what happened.")
    Baseline.objects.create(provider=provider, reason=reason, asked_by=actor)
    strangers = Orphan.objects.filter(provider=provider, is_stranger=True, explained_at=None)
    strangers.update(explained_at=database_now(), explained_by=actor, explanation=reason)
    ProviderAccount.objects.of(provider).resume_verdicts()
