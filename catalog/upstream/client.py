"""The provider client: the seven actions of the API, typed."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Self

from catalog.upstream.add_reply import judge_add
from catalog.upstream.balance_reply import Balance, parse_balance
from catalog.upstream.batch_reply import judge_batch
from catalog.upstream.error_texts import AMBIGUOUS_PHRASES, find_reason, is_about_an_id
from catalog.upstream.errors import ErrorReply, Throttled
from catalog.upstream.json_values import NotJSON, parse_loosely
from catalog.upstream.outcomes import AddOutcome, NotSent, Unclear
from catalog.upstream.refill_and_cancel_replies import (
    BatchOutcome,
    RefillStatusReply,
    parse_refill_statuses,
)
from catalog.upstream.reply_shapes import Opened, call_error, open_reply
from catalog.upstream.services_reply import CatalogReply, plain_slices, read_rows, slices_of
from catalog.upstream.status_reply import StatusReply, parse_statuses
from catalog.upstream.taught_words import NOTHING_TAUGHT, TaughtWords
from outbound.endpoint import Endpoint, parse_url
from outbound.errors import BadReply, ProviderError
from outbound.exchange import Exchange
from outbound.key_mask import KeyMask
from outbound.reply import Reply, exchange_of, retry_after
from outbound.session import Manner, ProviderSession
from outbound.sockets import Resolver, look_up
from outbound.wire import Wire

BATCH = 100  # ids that a provider takes in one call
# bytes of a reply to add, refill or cancel: normal ones have under a hundred per id
SEND_CAP = 65_536
READ_CAP = 32 * 1024 * 1024  # bytes; the largest known catalogs have 10 MB
NOTHING_KNOWN: Mapping[bytes, str] = MappingProxyType({})


class Client:
    """The client of one provider; threads may share it.

    Reading calls (services, status, refill_status, balance) raise a ProviderError. Sending calls
    (add, refill, cancel) return what they may have done instead. No text holds the key.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        resolver: Resolver = look_up,
        taught: TaughtWords = NOTHING_TAUGHT,
    ) -> None:
        self._endpoint = endpoint
        self._taught = taught
        self._mask = KeyMask(endpoint.key)
        self._session = ProviderSession(Wire(endpoint, mask=self._mask, resolver=resolver))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def fingerprint(self, *, pepper: str) -> str:
        """64 hex digits that identify the account by URL and key."""
        account = f"{self._endpoint.url}\n{self._endpoint.key}"
        return hmac.new(pepper.encode(), account.encode(), "sha256").hexdigest()

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def services(self, *, known: Mapping[bytes, str] = NOTHING_KNOWN) -> CatalogReply:
        """The catalog; rows whose digest is in `known` (digest → service id) are not parsed."""
        reply = self._ask("services", {})
        body = self._mask.bulk(reply.body)
        failure: BadReply
        try:
            slices = plain_slices(body) if reply.status < 300 else None
            if slices is None or len(slices) == 1:
                tree = self._parse(reply, body=body)
                self._raise_error(open_reply(tree, action="services"), reply)
                slices = slices_of(tree) if slices is None else slices
            return read_rows(slices, known=known)
        except NotJSON as error:
            failure = BadReply(str(error), is_sent=True, exchange=reply.exchange)
        raise failure

    def status(self, ids: Sequence[str]) -> StatusReply:
        """The status of up to 100 orders; a single id is asked in the single form."""
        names = _batch(ids)
        opened, raw = self._read("status", _ids("order", names), ids=names)
        taught = self._taught.orders
        return parse_statuses(opened.content, ids=names, raw=raw, taught=taught)

    def refill_status(self, ids: Sequence[str]) -> RefillStatusReply:
        """The status of up to 100 refills, by the provider's refill ids."""
        names = _batch(ids)
        opened, raw = self._read("refill_status", _ids("refill", names), ids=names)
        taught = self._taught.refills
        return parse_refill_statuses(opened.content, ids=names, raw=raw, taught=taught)

    def balance(self) -> Balance:
        """Our balance in the provider's currency; it may be negative."""
        opened, raw = self._read("balance", {}, ids=())
        balance = parse_balance(opened.content)
        if balance is None:
            raise BadReply("the reply holds no balance", is_sent=True, exchange=raw)
        return balance

    def add(
        self,
        fields: Mapping[str, str],
        *,
        before_send: Callable[[], None] | None = None,
        idempotency_key: str | None = None,
        ambiguous_phrases: Iterable[str] = AMBIGUOUS_PHRASES,
        is_429_unclear: bool = False,
    ) -> AddOutcome:
        """Place one order, sending it at most once.

        `before_send` is called when the connection is up and no byte has left; if it raises,
        nothing is sent. `idempotency_key` is for providers that honour it.
        """
        repeatable = {"idempotency_key": idempotency_key} if idempotency_key else {}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        reply = self._send(
            "add", {**fields, **repeatable}, before_send=before_send, headers=headers
        )
        if not isinstance(reply, Reply):
            return reply
        return judge_add(
            reply,
            mask=self._mask,
            ambiguous_phrases=ambiguous_phrases,
            is_429_unclear=is_429_unclear,
        )

    def refill(
        self,
        ids: Sequence[str],
        *,
        before_send: Callable[[], None] | None = None,
        ambiguous_phrases: Iterable[str] = AMBIGUOUS_PHRASES,
    ) -> BatchOutcome:
        """Ask to refill up to 100 orders, at most once; `before_send` is as in `add`."""
        return self._send_batch(
            "refill", ids, before_send=before_send, words=tuple(ambiguous_phrases)
        )

    def cancel(
        self,
        ids: Sequence[str],
        *,
        before_send: Callable[[], None] | None = None,
        ambiguous_phrases: Iterable[str] = AMBIGUOUS_PHRASES,
    ) -> BatchOutcome:
        """Ask to cancel up to 100 orders, at most once; Taken means requested, not refunded."""
        return self._send_batch(
            "cancel", ids, before_send=before_send, words=tuple(ambiguous_phrases)
        )

    # Sending

    def _send(
        self,
        action: str,
        fields: Mapping[str, str],
        *,
        before_send: Callable[[], None] | None,
        headers: Mapping[str, str],
    ) -> Reply | NotSent | Unclear:
        manner = Manner(cap=SEND_CAP, is_once=True, before_send=before_send)
        try:
            return self._post(action, fields, manner=manner, headers=headers)
        except ProviderError as error:
            return (Unclear if error.is_sent else NotSent)(str(error), error.exchange)

    def _send_batch(
        self,
        action: str,
        ids: Sequence[str],
        *,
        before_send: Callable[[], None] | None,
        words: tuple[str, ...],
    ) -> BatchOutcome:
        names = _batch(ids)
        field = {"orders": ",".join(names)} if action == "cancel" else _ids("order", names)
        reply = self._send(action, field, before_send=before_send, headers={})
        if not isinstance(reply, Reply):
            return reply
        return judge_batch(reply, action=action, ids=names, mask=self._mask, words=words)

    # Reading

    def _ask(self, action: str, fields: Mapping[str, str]) -> Reply:
        reply = self._post(action, fields, manner=Manner(cap=READ_CAP, is_once=False))
        if reply.status == 429:
            raise Throttled(retry_after=reply.retry_after, exchange=reply.exchange)
        return reply

    def _read(
        self, action: str, fields: Mapping[str, str], *, ids: Sequence[str]
    ) -> tuple[Opened, Exchange]:
        reply = self._ask(action, fields)
        tree = self._parse(reply, body=reply.body)
        tree = self._mask.tree(tree) if self._mask.may_be_in(reply.body) else tree
        opened = open_reply(tree, action=action, ids=ids)
        self._raise_error(opened, reply, ids=ids)
        return opened, reply.exchange

    def _parse(self, reply: Reply, *, body: bytes) -> object:
        try:
            return parse_loosely(body)
        except NotJSON:
            failure = BadReply(
                f"HTTP {reply.status} without JSON", is_sent=True, exchange=reply.exchange
            )
        raise failure

    def _raise_error(self, opened: Opened, reply: Reply, *, ids: Sequence[str] = ()) -> None:
        """Raise the error of the whole call; one about the only id asked for is data."""
        text = call_error(opened, ids=ids)
        if text:
            reason = find_reason(text, http_status=reply.status)
            if len(ids) != 1 or not is_about_an_id(text) or reply.status >= 500:
                raise ErrorReply(self._mask.text(text), reason=reason, exchange=reply.exchange)
        elif not 200 <= reply.status < 300:
            raise BadReply(f"HTTP {reply.status}", is_sent=True, exchange=reply.exchange)

    def _post(
        self,
        action: str,
        fields: Mapping[str, str],
        *,
        manner: Manner,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        if reserved := {"key", "action"} & fields.keys():
            raise ValueError(f"reserved field: {', '.join(sorted(reserved))}")
        target = parse_url(self._endpoint.url, is_private_allowed=self._endpoint.is_private_allowed)
        form = {"key": self._endpoint.key, "action": action, **fields}
        response = self._session.post_form(target, form, manner=manner, headers=headers)
        status, body, elapsed = (
            response.status_code,
            response.content,
            response.elapsed.total_seconds(),
        )
        exchange = exchange_of(status, body, elapsed=elapsed, mask=self._mask)
        return Reply(
            status=status, body=body, retry_after=retry_after(response.headers), exchange=exchange
        )


def _batch(ids: Sequence[str]) -> tuple[str, ...]:
    """The distinct ids. Raises ValueError where they do not fit one call."""
    names = tuple(dict.fromkeys(ids))
    if not 1 <= len(names) <= BATCH:
        raise ValueError(f"1 to {BATCH} ids per call, got {len(names)}")
    if any("," in name or not name.strip() for name in names):
        raise ValueError("an id is empty or holds a comma")
    return names


def _ids(name: str, ids: Sequence[str]) -> dict[str, str]:
    return {name: ids[0]} if len(ids) == 1 else {f"{name}s": ",".join(ids)}
