"""The provider client: the seven actions of the API, typed."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType, TracebackType
from typing import Self

from catalog.upstream.add_reply import judge_add
from catalog.upstream.error_texts import (
    AMBIGUOUS_PHRASES,
    error_text,
    find_reason,
    is_about_an_id,
    is_ambiguous,
)
from catalog.upstream.errors import ErrorReply, Throttled
from catalog.upstream.json_values import NotJSON, as_text, parse_exactly, parse_loosely
from catalog.upstream.numbers import as_amount
from catalog.upstream.outcomes import AddOutcome, NotSent, Reason, Rejected, Unclear
from catalog.upstream.refill_and_cancel_replies import (
    Answered,
    BatchOutcome,
    RefillStatusReply,
    parse_refill_statuses,
    parse_taken,
)
from catalog.upstream.services_reply import CatalogReply, plain_slices, read_rows, slices_of
from catalog.upstream.status_reply import CURRENCY_LENGTH, IdError, StatusReply, parse_statuses
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


@dataclass(frozen=True, slots=True)
class Balance:
    """Our money at the provider."""

    amount: Decimal
    currency: str  # "" when the provider does not say


class Client:
    """The client of one provider; threads may share it.

    Reading calls (services, status, refill_status, balance) raise a ProviderError. Sending calls
    (add, refill, cancel) return what they may have done instead. No text holds the key.
    """

    def __init__(self, endpoint: Endpoint, *, resolver: Resolver = look_up) -> None:
        self._endpoint = endpoint
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
            if slices is None:
                tree = self._parse(reply, body=body)
                self._raise_error(tree, reply)
                slices = slices_of(tree)
            return read_rows(slices, known=known)
        except NotJSON as error:
            failure = BadReply(str(error), is_sent=True, exchange=reply.exchange)
        raise failure

    def status(self, ids: Sequence[str]) -> StatusReply:
        """The status of up to 100 orders; a single id is asked in the single form."""
        names = _batch(ids)
        tree, raw = self._read("status", _ids("order", names), ids=names)
        return parse_statuses(tree, ids=names, raw=raw)

    def refill_status(self, ids: Sequence[str]) -> RefillStatusReply:
        """The status of up to 100 refills, by the provider's refill ids."""
        names = _batch(ids)
        tree, raw = self._read("refill_status", _ids("refill", names), ids=names)
        return parse_refill_statuses(tree, ids=names, raw=raw)

    def balance(self) -> Balance:
        """Our balance in the provider's currency; it may be negative."""
        tree, raw = self._read("balance", {}, ids=())
        if isinstance(tree, Mapping) and isinstance(tree.get("data"), Mapping):
            tree = tree["data"]
        amount = as_amount(tree.get("balance")) if isinstance(tree, Mapping) else None
        if amount is None or not isinstance(tree, Mapping):
            raise BadReply("the reply holds no balance", is_sent=True, exchange=raw)
        return Balance(amount, as_text(tree.get("currency"), limit=CURRENCY_LENGTH))

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
        raw = reply.exchange
        if reply.status == 429:
            return NotSent(
                "the provider asks us to slow down", raw, is_429=True, retry_after=reply.retry_after
            )
        try:
            tree = self._mask.tree(parse_exactly(reply.body)[0])
        except NotJSON:
            return Unclear(f"HTTP {reply.status} without JSON", raw)
        if text := _error_of_all(tree, names):
            return _judge_batch_error(text, tree, reply, names=names, words=words)
        if not 200 <= reply.status < 300:
            return Unclear(f"HTTP {reply.status}", raw)
        answered = parse_taken(tree, action=action, ids=names, raw=raw, ambiguous_phrases=words)
        return answered if answered.results else Unclear("the reply names none of the orders", raw)

    # Reading

    def _ask(self, action: str, fields: Mapping[str, str]) -> Reply:
        reply = self._post(action, fields, manner=Manner(cap=READ_CAP, is_once=False))
        if reply.status == 429:
            raise Throttled(retry_after=reply.retry_after, exchange=reply.exchange)
        return reply

    def _read(
        self, action: str, fields: Mapping[str, str], *, ids: Sequence[str]
    ) -> tuple[object, Exchange]:
        reply = self._ask(action, fields)
        tree = self._parse(reply, body=reply.body)
        tree = self._mask.tree(tree) if self._mask.may_be_in(reply.body) else tree
        self._raise_error(tree, reply, ids=ids)
        return tree, reply.exchange

    def _parse(self, reply: Reply, *, body: bytes) -> object:
        try:
            return parse_loosely(body)
        except NotJSON:
            failure = BadReply(
                f"HTTP {reply.status} without JSON", is_sent=True, exchange=reply.exchange
            )
        raise failure

    def _raise_error(self, tree: object, reply: Reply, *, ids: Sequence[str] = ()) -> None:
        """Raise the error of the whole call; one about the only id asked for is data."""
        text = _error_of_all(tree, ids)
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


def _error_of_all(tree: object, ids: Sequence[str]) -> str:
    """The error of the whole call; one beside entries by id is not."""
    if isinstance(tree, Mapping) and not any(name in tree for name in ids):
        return error_text(tree)
    return ""


def _judge_batch_error(
    text: str, tree: object, reply: Reply, *, names: Sequence[str], words: tuple[str, ...]
) -> BatchOutcome:
    if (
        reply.status >= 500
        or reply.status < 200
        or 300 <= reply.status < 400
        or is_ambiguous(tree, words)
    ):
        return Unclear(f"HTTP {reply.status}: {text}", reply.exchange)
    reason = find_reason(text, http_status=reply.status)
    if len(names) == 1 and reason is Reason.CUSTOMER:
        return Answered({names[0]: IdError(text)}, (), reply.exchange)
    return Rejected(text, reason, reply.exchange)
