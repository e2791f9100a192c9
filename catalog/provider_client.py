"""Open a provider's client: the only place that decrypts stored keys."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings

from catalog.currencies import agrees, word_of
from catalog.models import Contact, Provider
from catalog.status_words import taught_words
from catalog.upstream import (
    Balance,
    CatalogReply,
    Client,
    Endpoint,
    ErrorReply,
    OrderStatus,
    ProviderError,
    Reason,
    StatusReply,
    Throttled,
)
from lib.encryption import CannotUnseal, unseal

log = logging.getLogger(__name__)

SEALED = "The stored API key cannot be decrypted"


class WatchedClient(Client):
    """A stored provider's client, which notes on its row whether it answers, and in which currency.

    Another currency than the stored one stops orders and syncs. Nothing is written where nothing
    is news.
    """

    def __init__(self, provider: Provider, endpoint: Endpoint) -> None:
        super().__init__(endpoint, taught=taught_words(provider))
        self._provider = provider

    def services(self, *, known: Mapping[bytes, str] | None = None) -> CatalogReply:
        """As `Client.services`."""
        with self._noted():
            return super().services(known=known or {})

    def balance(self) -> Balance:
        """As `Client.balance`."""
        with self._noted():
            balance = super().balance()
        self._compare([balance.currency], but=())
        return balance

    def status(self, ids: Sequence[str]) -> StatusReply:
        """As `Client.status`, but without charges in a currency that is not the provider's.

        Orders from before a change of currency may name the former one.
        """
        with self._noted(is_about_ids=True):
            reply = super().status(ids)
        rows = {name: row for name, row in reply.orders.items() if isinstance(row, OrderStatus)}
        words = {row.currency for row in rows.values()}
        others = self._compare(words, but=self._provider.former_words)
        if not others:
            return reply
        doubtful = {name: row for name, row in rows.items() if row.currency in others}
        unpriced = {name: replace(row, charge=None) for name, row in doubtful.items()}
        return replace(reply, orders={**reply.orders, **unpriced})

    @contextmanager
    def _noted(self, *, is_about_ids: bool = False) -> Iterator[None]:
        try:
            yield
        except Throttled:
            self._provider.note_contact(Contact.ANSWERED)
            raise
        except ErrorReply as error:
            if is_about_ids and error.reason is not Reason.BAD_KEY:
                self._provider.note_contact(Contact.ANSWERED)
            else:
                self._provider.note_contact(Contact.REJECTED, text=str(error))
            raise
        except ProviderError as error:
            self._provider.note_contact(Contact.UNREACHABLE, text=str(error))
            raise
        self._provider.note_contact(Contact.ANSWERED)

    def _compare(self, words: Iterable[str], *, but: Sequence[str]) -> set[str]:
        """Those of the words that name another currency; the first of them stops the provider."""
        provider = self._provider
        known = {*provider.own_words, *but}
        others = {
            word
            for word in words
            if not agrees(word, currency=provider.currency) and word_of(word) not in known
        }
        if others and not provider.other_currency:
            word = word_of(min(others))
            is_new = provider.stop_for_currency(word)
            log.log(
                logging.ERROR if is_new else logging.INFO,
                "provider %s names the currency %s in its replies",
                provider.pk,
                word,
            )
        return others


def endpoint_of(*, url: str, key: str) -> Endpoint:
    """Where our client connects to, within the panel's limits."""
    return Endpoint(
        url=url,
        key=key,
        timeout=settings.PROVIDER_TIMEOUT,
        is_private_allowed=settings.PROVIDER_ALLOW_PRIVATE,
    )


def open_client(provider: Provider) -> WatchedClient:
    """A client, to be closed by the caller; sends nothing yet. Raises CannotUnseal."""
    try:
        key = unseal(provider.sealed_key)
    except CannotUnseal:
        provider.note_contact(Contact.REJECTED, text=SEALED)
        raise
    return WatchedClient(provider, endpoint_of(url=provider.url, key=key))
