"""The provider client: a pure library that speaks the API of upstream providers and never guesses about money."""

from catalog.upstream.aftercare import (
    Answered,
    BatchOutcome,
    RefillState,
    RefillStatus,
    RefillStatusReply,
    Taken,
)
from catalog.upstream.client import BATCH, Balance, Client
from catalog.upstream.endpoint import Endpoint, parse_url
from catalog.upstream.failures import (
    BadReply,
    ErrorReply,
    ForbiddenAddress,
    Interrupted,
    ProviderError,
    Throttled,
    TimedOut,
    Unreachable,
)
from catalog.upstream.masking import KeyMask
from catalog.upstream.outcomes import Accepted, AddOutcome, Exchange, NotSent, Reason, Refused, Unclear
from catalog.upstream.posting import Posted, post
from catalog.upstream.refusing import DOUBTFUL_WORDS
from catalog.upstream.services import (
    CatalogReply,
    RowProblem,
    ServiceRow,
    plain_text,
)
from catalog.upstream.statuses import IdError, OrderStatus, Status, StatusReply

__all__ = [
    "BATCH",
    "DOUBTFUL_WORDS",
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
    "Refused",
    "RowProblem",
    "ServiceRow",
    "Status",
    "StatusReply",
    "Taken",
    "Throttled",
    "TimedOut",
    "Unclear",
    "Unreachable",
    "parse_url",
    "plain_text",
    "post",
]
