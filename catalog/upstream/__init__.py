"""The provider client: a library for the upstream API, without Django.

In: an endpoint and typed questions. Out: typed answers, which never guess about money.
"""

from catalog.upstream.balance_reply import Balance
from catalog.upstream.client import BATCH, Client
from catalog.upstream.error_texts import AMBIGUOUS_PHRASES
from catalog.upstream.errors import ErrorReply, Throttled
from catalog.upstream.outcomes import Accepted, AddOutcome, NotSent, Reason, Rejected, Unclear
from catalog.upstream.refill_and_cancel_replies import (
    Answered,
    BatchOutcome,
    RefillState,
    RefillStatus,
    RefillStatusReply,
    Taken,
)
from catalog.upstream.services_reply import CatalogReply, RowProblem, ServiceRow, plain_text
from catalog.upstream.status_reply import IdError, OrderStatus, Status, StatusReply
from catalog.upstream.taught_words import TaughtWords
from outbound.endpoint import Endpoint, parse_url
from outbound.errors import (
    BadReply,
    ForbiddenAddress,
    Interrupted,
    ProviderError,
    TimedOut,
    Unreachable,
)
from outbound.exchange import Exchange
from outbound.key_mask import KeyMask
from outbound.post import Posted, post

__all__ = [
    "AMBIGUOUS_PHRASES",
    "BATCH",
    "Accepted",
    "AddOutcome",
    "Answered",
    "BadReply",
    "Balance",
    "BatchOutcome",
    "CatalogReply",
    "Client",
    "Endpoint",
    "ErrorReply",
    "Exchange",
    "ForbiddenAddress",
    "IdError",
    "Interrupted",
    "KeyMask",
    "NotSent",
    "OrderStatus",
    "Posted",
    "ProviderError",
    "Reason",
    "RefillState",
    "RefillStatus",
    "RefillStatusReply",
    "Rejected",
    "RowProblem",
    "ServiceRow",
    "Status",
    "StatusReply",
    "Taken",
    "TaughtWords",
    "Throttled",
    "TimedOut",
    "Unclear",
    "Unreachable",
    "parse_url",
    "plain_text",
    "post",
]
