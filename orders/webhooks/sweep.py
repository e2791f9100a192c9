"""Post the webhook deliveries that are due, several at a time, and save what came of them.

At least once and in no promised order: a receiver knows a repeat by its `webhook-id`, the order by
its timestamp.
"""

import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from catalog.upstream import Endpoint, Exchange, Posted, post
from lib.encryption import CannotUnseal, unseal
from lib.fan_out import InFlight
from orders.jobs.crash_points import reach
from orders.jobs.lanes import note_of
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.webhooks.deliveries import MAX_IN_FLIGHT, Dispatch, claim, record
from orders.webhooks.signature import sign

log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds: the one deadline of a call
# after which a sweep begins nothing new; with the last call it ends before a task's limit
SWEEP_SECONDS = 25.0
LOOK_EVERY = 0.25  # seconds between two looks for due deliveries while something is in flight
KEPT_FOR = timedelta(days=30)
REMOVED_FOR = timedelta(days=1)  # no transaction that saw the endpoint alive is still open then
MAX_FORGOTTEN = 1000  # rows in one sweep


def deliver_due() -> str:
    """Post what is due until nothing is, or 25 s have passed; returns a note such as "3 delivered,
    1 failed".

    A worker that dies leaves leases behind: what it held is sent again. Slow and failing receivers
    have a share of the calls in flight to themselves and keep nobody else waiting.
    """
    tally = Counter(forgotten=forget_old(now=timezone.now()))
    sweep = _Sweep(stop_at=time.monotonic() + SWEEP_SECONDS, tally=tally)
    with ThreadPoolExecutor(max_workers=MAX_IN_FLIGHT, thread_name_prefix="webhook") as threads:
        while True:
            sweep.begin(threads)
            if not sweep.in_flight.calls:
                break
            sweep.collect()
    return note_of(tally, nothing="nothing due")


def deliver(dispatch: Dispatch) -> Posted:
    """Sign and post one delivery, without the database.

    Never raises for anything that the other side does.
    """
    try:
        keys = [unseal(sealed) for sealed in dispatch.sealed_secrets]
    except CannotUnseal:
        log.exception("the secret of webhook %s cannot be read", dispatch.endpoint_id)
        return Posted(raw=Exchange(), problem="its secret can no longer be read: make a new one")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "panel-webhooks/1",
        "webhook-id": dispatch.message_id,
        "webhook-timestamp": str(dispatch.timestamp),
        "webhook-signature": sign(
            keys=keys,
            message_id=dispatch.message_id,
            timestamp=dispatch.timestamp,
            body=dispatch.body,
        ),
    }
    endpoint = Endpoint(
        url=dispatch.url,
        key=keys[0],
        timeout=TIMEOUT,
        is_private_allowed=settings.WEBHOOK_ALLOW_PRIVATE,
    )
    return post(endpoint=endpoint, headers=headers, body=dispatch.body)


def forget_old(*, now: datetime) -> int:
    """Delete old deliveries and endpoints that were removed a day ago; returns how many rows."""
    old = WebhookDelivery.objects.filter(happened_at__lt=now - KEPT_FOR).order_by(
        "happened_at", "pk"
    )
    count, _ = WebhookDelivery.objects.filter(pk__in=old.values("pk")[:MAX_FORGOTTEN]).delete()
    removed = WebhookEndpoint.objects.removed_before(now - REMOVED_FOR).order_by("pk")
    gone, _ = WebhookEndpoint.objects.filter(pk__in=removed.values("pk")[:MAX_FORGOTTEN]).delete()
    return count + gone


@dataclass
class _Sweep:
    """The calls of one sweep that are in flight.

    The database is asked by the sweep's own thread alone.
    """

    stop_at: float  # monotonic seconds
    tally: Counter[str]
    owner: UUID = field(default_factory=uuid4)
    in_flight: InFlight[Dispatch, Posted] = field(
        default_factory=lambda: InFlight(look_every=LOOK_EVERY)
    )

    def begin(self, threads: ThreadPoolExecutor) -> None:
        """Post as much of what is due as there is room for."""
        calls = self.in_flight.calls
        if time.monotonic() >= self.stop_at or len(calls) >= MAX_IN_FLIGHT:
            return
        claimed = claim(owner=self.owner, in_flight=calls.values())
        reach("after_claim")
        for dispatch in claimed:
            self.in_flight.begin(threads, partial(deliver, dispatch), dispatch)

    def collect(self) -> None:
        """Wait a moment for answers, and write them down."""
        for dispatch, call in self.in_flight.ended():
            reach("after_send")
            word = record(dispatch=dispatch, posted=call.result(), now=timezone.now())
            self.tally[word] += 1
