"""The status of orders and refills in the API's words, for replies and webhooks alike."""

import re
from decimal import Decimal
from typing import Final, Protocol

from django.conf import settings

from lib.decimals import five_decimals
from orders.models import RequestState, Status

ORDER_WORDS: Final = frozenset(
    {"Pending", "In progress", "Processing", "Completed", "Partial", "Canceled"}
)
REFILL_WORDS: Final = {
    RequestState.RUNNING: "In progress",
    RequestState.COMPLETED: "Completed",
    RequestState.REJECTED: "Rejected",
}  # every other state is Pending: customers do not see what happens before the provider has it


class Standing(Protocol):
    """The fields of an order that `sheet_of` reads."""

    @property
    def net_charge(self) -> Decimal: ...
    @property
    def customer_status(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def start_count(self) -> int | None: ...
    @property
    def remains(self) -> int | None: ...
    @property
    def billed_quantity(self) -> int: ...


def sheet_of(order: Standing) -> dict[str, str]:
    """The five fields of `status`, in the API's order; the charge is net of refunds."""
    return {
        "charge": five_decimals(order.net_charge),
        "start_count": str(order.start_count or 0),
        "status": _word(order),
        "remains": str(_remains(order)),
        "currency": settings.PANEL_CURRENCY,
    }


def request_word(state: str) -> str:
    """The status of a refill or a cancellation, in the words of `refill_status`."""
    return REFILL_WORDS.get(RequestState(state), "Pending")


def _word(order: Standing) -> str:
    word = order.customer_status
    # a provider's word for running that this API has not
    return word if word in ORDER_WORDS else "In progress"


def _remains(order: Standing) -> int:
    """What is left to deliver: everything until the provider reports, nothing once completed."""
    if order.remains is not None:
        return order.remains
    return 0 if order.status == Status.COMPLETED else order.billed_quantity


# words in which a provider would name itself
ADVERTISING = re.compile(r"https?:|www\.|@|\.\w{2,4}\b", re.IGNORECASE)
