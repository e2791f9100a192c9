"""Every error text of the served API with what it means, for the page; programs match on these
texts.

Source: section 4 of the protocol notes; the texts about refills and cancellations are those that
other panels use.
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
from orders.api.status import UNKNOWN_ORDER, UNKNOWN_REFILL


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One text: the actions that answer it ("" for all), what it means, and the HTTP status
    where it is not 200.
    """

    text: str
    actions: str
    meaning: str
    status: int = 200


ERRORS: Final = (
    ErrorText(
        "Invalid API key",
        "",
        "No key, a wrong or revoked one, or one that may not be used from your address.",
    ),
    ErrorText("This API key may only read", "add, refill, cancel", "The key's scope is Read."),
    ErrorText(
        "Incorrect request", "", "The action is missing or unknown, or the request is not a POST."
    ),
    ErrorText(
        "Too many requests",
        "",
        "Above a limit; the header Retry-After says for how many seconds.",
        429,
    ),
    ErrorText(
        "Service unavailable",
        "",
        "A short disturbance; the header Retry-After says when to ask again.",
        503,
    ),
    ErrorText(UNKNOWN_SERVICE, "add", "There is no such service, or it is not on sale now."),
    ErrorText("neworder.error.link", "add", "The link is missing or cannot be one."),
    ErrorText(
        "neworder.error.min_quantity",
        "add",
        "Below the service's min: the quantity, or the number of lines.",
    ),
    ErrorText("neworder.error.max_quantity", "add", "Above the service's max."),
    ErrorText("neworder.error.not_enough_funds", "add", "The balance does not cover the charge."),
    ErrorText(
        "neworder.error.link_duplicate",
        "add",
        "An order of yours of this service for this link has not ended.",
    ),
    ErrorText(TOO_DEAR, "add", "The order would cost more than the max_charge that you sent."),
    ErrorText(
        KEY_REUSED, "add", "An order with this idempotency key was placed, with other parameters."
    ),
    ErrorText(
        "comments: …",
        "add",
        "Another field is missing or wrong: its name, a colon, and what is wrong with it.",
    ),
    ErrorText(UNKNOWN_ORDER, "status, refill, cancel", "You have no such order."),
    ErrorText(UNKNOWN_REFILL, "refill_status", "You have no such refill."),
    ErrorText(
        f"Up to {MAX_IDS} IDs per request",
        "status, refill, cancel",
        "None of them was looked at. Of refills, too.",
    ),
    ErrorText(NO_REFILL, "refill", "The service has no refills."),
    ErrorText(NOT_YET, "refill", "The order is not completed, or cannot be refilled any more."),
    ErrorText(REFILL_OPEN, "refill", "A refill of this order is under way."),
    ErrorText(NO_CANCEL, "cancel", "The service has no cancellation once an order was sent."),
    ErrorText(ENDED, "cancel", "The order has ended."),
    ErrorText(CANCEL_OPEN, "cancel", "A cancellation of this order is under way."),
)
