"""The rows of orders: orders, attempts, watches, refills, cancellations, timeline, webhooks.

The row is the queue: a worker finds what is due by a row's status and times, never by a message.
"""

from orders.models.aftercare import AftercareRequest
from orders.models.aftercare_queries import AftercareQuerySet
from orders.models.attempts import (
    OPEN_ATTEMPT,
    POSSIBLY_PLACED,
    Attempt,
    AttemptQuerySet,
    AttemptState,
    quiet,
)
from orders.models.cancellations import Cancellation, CancellationQuerySet
from orders.models.choices import (
    ENDED,
    OPEN,
    EventKind,
    HoldReason,
    Meaning,
    RequestState,
    ReviewKind,
    Status,
)
from orders.models.evidence import Condition, Ends, Evidence, Found, Line
from orders.models.investigations import MAX_CALLS, Investigation
from orders.models.jobs_and_proofs import Proof, Sweep
from orders.models.limits import REASON_LENGTH, TEXT_LENGTH
from orders.models.order_queries import OrderQuerySet
from orders.models.orders import Order
from orders.models.provider_accounts import (
    Baseline,
    Orphan,
    Proposal,
    ProviderAccount,
    TopUp,
)
from orders.models.refills import Refill, RefillQuerySet
from orders.models.refusal_texts import RejectionText
from orders.models.subscriptions import Subscription, SubscriptionQuerySet
from orders.models.timeline import Event, Review, ReviewQuerySet
from orders.models.watches import Watch
from orders.models.webhooks import (
    PING,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookType,
)

__all__ = [
    "ENDED",
    "MAX_CALLS",
    "OPEN",
    "OPEN_ATTEMPT",
    "PING",
    "POSSIBLY_PLACED",
    "REASON_LENGTH",
    "TEXT_LENGTH",
    "AftercareQuerySet",
    "AftercareRequest",
    "Attempt",
    "AttemptQuerySet",
    "AttemptState",
    "Baseline",
    "Cancellation",
    "CancellationQuerySet",
    "Condition",
    "DeliveryState",
    "Ends",
    "Event",
    "EventKind",
    "Evidence",
    "Found",
    "HoldReason",
    "Investigation",
    "Line",
    "Meaning",
    "Order",
    "OrderQuerySet",
    "Orphan",
    "Proof",
    "Proposal",
    "ProviderAccount",
    "Refill",
    "RefillQuerySet",
    "RejectionText",
    "RequestState",
    "Review",
    "ReviewKind",
    "ReviewQuerySet",
    "Status",
    "Subscription",
    "SubscriptionQuerySet",
    "Sweep",
    "TopUp",
    "Watch",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookType",
    "quiet",
]
