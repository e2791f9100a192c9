"""Read our account at a provider: balance, charges of our orders, ids that may be a lost order."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, Sum

from catalog.models import Provider
from catalog.upstream import BATCH, Client, IdError, OrderStatus, ProviderError, StatusReply
from catalog.upstream.error_texts import is_about_an_id
from lib.clock import database_now
from orders.models import ENDED, Order, Orphan, Status
from orders.unclear.id_range import calls_for
from orders.unclear.match import Stray

TRIES = 3  # of one question: reading may be repeated without harm
MAX_ENDED = 300  # orders that ended last are asked again where the sums differ
EDGES = 2  # ids of ours in each call: their answers show that the provider answers at all


class NotReadable(Exception):
    """The account could not be read whole; the text says why.

    `calls` were spent on ids that are not ours.
    """

    def __init__(self, text: str, *, calls: int = 0) -> None:
        super().__init__(text)
        self.calls = calls


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the account, provider's currency, exact."""

    read_at: datetime  # database's clock, before the first question
    balance: Decimal
    is_steady: bool  # the balance was the same before and after
    known: Decimal  # charges of all orders of ours whose id we know
    strays: tuple[Stray, ...]  # every order there that is none of ours as far as we know
    words: dict[int, str]  # the strays' statuses as sent
    asked: int  # ids that were read because a lost order may be among them
    calls: int  # in which they were asked

    @property
    def orphans(self) -> Decimal | None:
        """What the strays were charged together; None where one's charge is not returned."""
        charges = [stray.charge for stray in self.strays]
        return (
            None
            if None in charges
            else sum((charge for charge in charges if charge is not None), Decimal(0))
        )


def read_account(
    *,
    provider: Provider,
    client: Client,
    ids: Sequence[int],
    edges: Sequence[str],
    expected: Decimal | None,
    stop_at: float,
) -> Reading:
    """Read everything while the lane is drained, outside a transaction. Raises NotReadable.

    `ids` may be a lost order's; each call carries the `edges`, ids of ours that must be answered.
    `expected`: what balance and charges should make together; where they do not, the orders that
    ended last are asked again. `stop_at`: monotonic seconds.
    """
    reader = _Reader(provider=provider, client=client, stop_at=stop_at)
    read_at = database_now()
    before = reader.balance()
    known = reader.known()
    found = reader.remembered() | reader.probe(ids=ids, edges=edges)
    strays = tuple(_stray(number, answer) for number, answer in sorted(found.items()))
    charged = sum((stray.charge or Decimal(0) for stray in strays), Decimal(0))
    if expected is not None and expected != before + known + charged:
        known += reader.correct_ended()
    return Reading(
        read_at=read_at,
        balance=before,
        is_steady=reader.balance() == before,
        known=known,
        strays=strays,
        words={number: answer.word for number, answer in found.items()},
        asked=len(ids),
        calls=reader.calls,
    )


@dataclass(slots=True)
class _Reader:
    provider: Provider
    client: Client
    stop_at: float
    calls: int = 0  # that asked for ids which are perhaps not ours

    def balance(self) -> Decimal:
        for _ in range(TRIES):
            self._check_time()
            try:
                amount = self.client.balance().amount
            except ProviderError as error:
                problem = error
                continue
            if self.provider.other_currency:
                raise NotReadable(self.provider.trouble, calls=self.calls)
            return amount
        raise NotReadable(f"The provider did not return its balance: {problem}", calls=self.calls)

    def known(self) -> Decimal:
        """What all our orders there were charged: asked where it can still change."""
        ours = Order.objects.filter(provider=self.provider, upstream_id__isnull=False)
        is_final = Q(status__in=ENDED, upstream_charge__isnull=False)
        total: Decimal = ours.filter(is_final).aggregate(total=Sum("upstream_charge"))[
            "total"
        ] or Decimal(0)
        for order in self._ask_about(ours.exclude(is_final)):
            total += order.charge_now
        return total

    def correct_ended(self) -> Decimal:
        """Ask again about the orders that ended last and store their charges; the difference."""
        ended = Order.objects.filter(
            provider=self.provider, status__in=ENDED, upstream_charge__isnull=False
        )
        latest = ended.filter(upstream_id__isnull=False).order_by("-ended_at", "-pk")[:MAX_ENDED]
        change = Decimal(0)
        for known in self._ask_about(latest):
            change += known.charge_now - (known.order.upstream_charge or Decimal(0))
            Order.objects.filter(pk=known.order.pk, status__in=ENDED).update(
                upstream_charge=known.charge_now
            )
        return change

    def remembered(self) -> dict[int, OrderStatus]:
        """The orphans of earlier readings as they are now, without those that are ours by now."""
        ours = Order.objects.filter(provider=self.provider, upstream_id__isnull=False).values(
            "upstream_id"
        )
        orphans = (
            Orphan.objects.filter(provider=self.provider)
            .exclude(upstream_id__in=ours)
            .order_by("pk")
        )
        names = [orphan.upstream_id for orphan in orphans]
        found: dict[int, OrderStatus] = {}
        for start in range(0, len(names), BATCH):
            reply = self._status(names[start : start + BATCH])
            for name in names[start : start + BATCH]:
                answer = reply.orders.get(name)
                if not isinstance(answer, OrderStatus):
                    raise NotReadable(
                        f"The provider returned no status for its order {name}.", calls=self.calls
                    )
                found[int(name)] = answer
        return found

    def probe(self, *, ids: Sequence[int], edges: Sequence[str]) -> dict[int, OrderStatus]:
        """Those of `ids` that are on our account; at most one call in PROBE_EVERY seconds."""
        found: dict[int, OrderStatus] = {}
        for portion in calls_for(ids, batch=BATCH - EDGES):
            if self.calls:
                time.sleep(settings.PROBE_EVERY)
            self.calls += 1
            reply = self._status([*map(str, portion), *edges])
            silent = [name for name in edges if not isinstance(reply.orders.get(name), OrderStatus)]
            if silent:
                raise NotReadable(
                    f"The provider returned no status for our own order {silent[0]}.",
                    calls=self.calls,
                )
            for number in portion:
                match reply.orders.get(str(number)):
                    case OrderStatus() as answer:
                        found[number] = answer
                    case IdError(text=text, is_ambiguous=False) if is_about_an_id(text):
                        continue
                    case _:
                        raise NotReadable(
                            f"The provider gave no clear answer about id {number}.",
                            calls=self.calls,
                        )
        return found

    def _ask_about(self, orders: Iterable[Order]) -> list["_Known"]:
        rows = {str(order.upstream_id): order for order in orders}
        names = list(rows)
        known: list[_Known] = []
        for start in range(0, len(names), BATCH):
            portion = names[start : start + BATCH]
            reply = self._status(portion)
            known += [
                _Known(rows[name], self._charge(rows[name], reply.orders.get(name)))
                for name in portion
            ]
        return known

    def _charge(self, order: Order, answer: object) -> Decimal:
        if isinstance(answer, OrderStatus) and answer.charge is not None:
            return answer.charge
        if order.status == Status.RUNNING:
            raise NotReadable(
                f"The provider did not return the charge of its order {order.upstream_id}.",
                calls=self.calls,
            )
        return order.upstream_charge or Decimal(0)  # ended, and forgotten there

    def _status(self, names: Sequence[str]) -> StatusReply:
        for _ in range(TRIES):
            self._check_time()
            try:
                return self.client.status(names)
            except ProviderError as error:
                problem = error
        raise NotReadable(f"The provider did not return statuses: {problem}", calls=self.calls)

    def _check_time(self) -> None:
        if time.monotonic() >= self.stop_at:
            raise NotReadable("Reading took too long; it starts over.", calls=self.calls)


@dataclass(frozen=True, slots=True)
class _Known:
    order: Order
    charge_now: Decimal


def _stray(number: int, answer: OrderStatus) -> Stray:
    return Stray(
        upstream_id=number, status=answer.status, charge=answer.charge, remains=answer.remains
    )
