"""What was bought: orders, the attempts to forward them, what is being watched, refills,
cancellations, the timeline.

The row is the queue: a worker finds what is due by a row's status and moments, never by a message.
"""

from orders.models.aftercare import (
    OPEN_REQUEST,
    AftercareRequest,
    Cancellation,
    Refill,
    RequestState,
)
from orders.models.attempts import Attempt, AttemptState, Watch
from orders.models.jobs_and_proofs import Proof, Sweep
from orders.models.orders import ENDED, OPEN, HoldReason, Order, OrderQuerySet, Status
from orders.models.provider_accounts import Baseline, Orphan, Proposal, TopUp
from orders.models.refusal_texts import RejectionText
from orders.models.subscriptions import Subscription
from orders.models.timeline import Event, EventKind, Review, ReviewKind
from orders.models.webhooks import (
    PING,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookType,
)

__all__ = [
    "ENDED",
    "OPEN",
    "OPEN_REQUEST",
    "PING",
    "AftercareRequest",
    "Attempt",
    "AttemptState",
    "Baseline",
    "Cancellation",
    "DeliveryState",
    "Event",
    "EventKind",
    "HoldReason",
    "Order",
    "OrderQuerySet",
    "Orphan",
    "Proof",
    "Proposal",
    "Refill",
    "RejectionText",
    "RequestState",
    "Review",
    "ReviewKind",
    "Status",
    "Subscription",
    "Sweep",
    "TopUp",
    "Watch",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookType",
]
