"""The body of a webhook, in the API's own words and JSON types."""

import json
from datetime import UTC
from decimal import Decimal
from typing import Any

from lib.decimals import five_decimals
from orders.lifecycle.public_status import request_word, sheet_of
from orders.models import Order, RequestState, WebhookDelivery


def message_id(delivery: WebhookDelivery) -> str:
    """The `webhook-id`: the same at every try, so that a receiver can skip repeats."""
    return f"msg_{delivery.event_id.hex}"


def body_of(delivery: WebhookDelivery) -> bytes:
    """The JSON that is sent and signed: {"type", "timestamp", "data"}. The same at every try."""
    happened_at = (
        delivery.happened_at.astimezone(UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
    content = {"type": delivery.type, "timestamp": happened_at, "data": _data(delivery)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _data(delivery: WebhookDelivery) -> dict[str, Any]:
    match delivery.type.partition(".")[0]:
        case "order":
            return _order(delivery)
        case "refill":
            return {"refill": delivery.facts["id"], **_request(delivery)}
        case "cancel":
            return _request(delivery)
        case _:
            return {"endpoint": delivery.endpoint_id}


def _order(delivery: WebhookDelivery) -> dict[str, Any]:
    facts = delivery.facts
    order = Order(  # as it was at that moment; never saved
        status=facts["status"],
        upstream_status=facts["upstream_status"],
        charge=Decimal(facts["charge"]),
        refunded=Decimal(facts["refunded"]),
        billed_quantity=facts["billed_quantity"],
        start_count=facts["start_count"],
        remains=facts["remains"],
    )
    return {
        "order": delivery.order_id,
        **sheet_of(order),
        "refunded": five_decimals(order.refunded),
    }


def _request(delivery: WebhookDelivery) -> dict[str, Any]:
    state = delivery.facts["state"]
    reason = delivery.facts["reason"] if state == RequestState.REJECTED else ""
    return {"order": delivery.order_id, "status": request_word(state), "reason": reason}
