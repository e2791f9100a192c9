"""Every error text of the API with its meaning. Programs match on these texts: never change them.

Source: section 4 of the protocol notes; for refills and cancellations, other panels' texts.
"""

from dataclasses import dataclass
from typing import Final

from orders.api.add import KEY_REUSED, TOO_DEAR, UNKNOWN_SERVICE
from orders.api.id_lists import MAX_IDS
from orders.api.refill_and_cancel import (
    CANCEL_OPEN,
    ENDED,
    NO_CANCEL,
    NO_REFILL,
    NOT_YET,
    REFILL_OPEN,
)
from orders.api.request import FIELDS_IN_URL, TOO_MANY_FIELDS
from orders.api.status import UNKNOWN_ORDER, UNKNOWN_REFILL


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error text. `actions`: those that return it, "" for all."""

    text: str
    actions: str
    meaning: str
    status: int = 200


ERRORS: Final = (
    ErrorText(
        "Invalid API key",
        "",
        "The key is missing, wrong or revoked, or not allowed from your IP address.",
    ),
    ErrorText("This API key may only read", "add, refill, cancel", "The key's scope is Read."),
    ErrorText(
        FIELDS_IN_URL,
        "",
        "The URL of a POST request holds a field, such as the key or the action, that the body "
        "does not.",
    ),
    ErrorText(
        "Incorrect request", "", "The action is missing or unknown, or the request is not a POST."
    ),
    ErrorText(
        "Too many requests",
        "",
        "Rate limit exceeded. Wait as many seconds as the Retry-After header says.",
        429,
    ),
    ErrorText(
        "Service unavailable",
        "",
        "A temporary problem. Retry after as many seconds as the Retry-After header says.",
        503,
    ),
    ErrorText(
        "The request is larger than … KB", "", "The body is too large; nothing in it was read."
    ),
    ErrorText(TOO_MANY_FIELDS, "", "More values than the largest order has."),
    ErrorText(UNKNOWN_SERVICE, "add", "The service does not exist or is not on sale."),
    ErrorText(
        "neworder.error.link",
        "add",
        "The link is missing, invalid or rejected for this service. Send a + in a link as %2B: "
        "unencoded, it arrives as a space.",
    ),
    ErrorText(
        "neworder.error.min_quantity",
        "add",
        "Below the service's min: the quantity, or the number of lines.",
    ),
    ErrorText("neworder.error.max_quantity", "add", "Above the service's max."),
    ErrorText(
        "neworder.error.not_enough_funds",
        "add",
        "The balance does not cover the charge. For a subscription it must cover the next post of"
        " this and of every open one, and all existing posts ordered.",
    ),
    ErrorText(
        "neworder.error.link_duplicate",
        "add",
        "You already have a running order of this service for this link.",
    ),
    ErrorText(
        "service: …",
        "add",
        "The service is free, and you have ordered it as often as 24 hours allow.",
    ),
    ErrorText(TOO_DEAR, "add", "The order would cost more than your max_charge."),
    ErrorText(
        KEY_REUSED,
        "add",
        "This idempotency key was already used for an order with other parameters.",
    ),
    ErrorText(
        "comments: …",
        "add",
        "Another field is missing or invalid: its name, a colon and the problem.",
    ),
    ErrorText(UNKNOWN_ORDER, "status, refill, cancel", "You have no such order."),
    ErrorText(UNKNOWN_REFILL, "refill_status", "You have no such refill."),
    ErrorText(
        f"Up to {MAX_IDS} IDs per request",
        "status, refill, cancel",
        "Too many IDs; none was processed. Also applies to refills.",
    ),
    ErrorText(NO_REFILL, "refill", "The service has no refills."),
    ErrorText(NOT_YET, "refill", "The order is not completed or can no longer be refilled."),
    ErrorText(REFILL_OPEN, "refill", "A refill of this order is already in progress."),
    ErrorText(NO_CANCEL, "cancel", "The service cannot be canceled once the order has been sent."),
    ErrorText(ENDED, "cancel", "The order has ended."),
    ErrorText(CANCEL_OPEN, "cancel", "A cancellation of this order is already in progress."),
)
