"""The ground truth: everything that was asked and everything that really happened, append-only."""

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.double.orders import Order, Refill

REQUESTS = 100_000  # kept in memory; the file, where there is one, keeps all


@dataclass(slots=True)
class Request:
    """One request as it came, without its key, and how its connection ended."""

    number: int
    action: str
    parameters: dict[str, str]
    at: float  # seconds since 1970
    fault: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """A cancel that was really requested."""

    order: int
    at: float


@dataclass(frozen=True, slots=True)
class Post:
    """One post of a subscription that was served and billed."""

    order: int
    number: int
    charge: str
    at: float  # seconds since 1970


class Journal:
    """Remember what was placed for ever, requests up to a bound; append both to a JSONL file where
    wanted.

    `changed` is called when something has become true, before anybody is told.
    """

    def __init__(self, *, path: str = "", changed: Callable[[], None] = lambda: None) -> None:
        self.placed: list[Order] = []
        self.refills: list[Refill] = []
        self.cancels: list[Cancel] = []
        self.posts: list[Post] = []
        self.requests: deque[Request] = deque(maxlen=REQUESTS)
        self._changed = changed
        self._count = 0
        self._file = Path(path).open("a", encoding="utf-8") if path else None  # noqa: SIM115 closed in close()

    def received(self, *, action: str, parameters: Mapping[str, str]) -> Request:
        """Note a request before anything is done about it."""
        self._count += 1
        kept = {name: text for name, text in parameters.items() if name not in ("key", "action")}
        request = Request(self._count, action, kept, time.time())
        self.requests.append(request)
        return request

    def answered(self, request: Request, *, outcome: str) -> None:
        """Note how a request ended."""
        request.outcome = outcome
        if self._file:
            self._append("request", asdict(request))

    def order_placed(self, order: Order) -> None:
        """Note an order at the moment when it becomes true."""
        self.placed.append(order)
        if self._file:
            self._append("placed", placed_row(order))
        self._changed()

    def refill_requested(self, refill: Refill) -> None:
        """Note a refill."""
        self.refills.append(refill)
        self._append("refill", asdict(refill))
        self._changed()

    def cancel_requested(self, order: Order) -> None:
        """Note a cancel."""
        self.cancels.append(Cancel(order.id, time.time()))
        self._append("cancel", asdict(self.cancels[-1]))
        self._changed()

    def post_served(self, order: Order, *, charge: Decimal) -> None:
        """Note a post of a subscription, after it was billed."""
        assert order.feed is not None
        self.posts.append(Post(order.id, order.feed.served, str(charge), time.time()))
        self._append("post", asdict(self.posts[-1]))
        self._changed()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _append(self, event: str, row: dict[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps({"event": event, **row}, default=str) + "\n")
            self._file.flush()


def placed_row(order: Order) -> dict[str, Any]:
    """Write an order as the journal tells it: what was asked, when, and what was charged."""
    return {
        "order": order.id,
        "account": order.account,
        "service": order.service,
        "link": order.link,
        "quantity": order.quantity,
        "fields": order.fields,
        "at": order.placed_wall,
        "clock": order.placed_at,
        "idempotency_key": order.idempotency_key,
        "charge": str(order.charge),
    }
