"""What staff's pages of orders are tried with."""

from django.test import Client
from django.urls import reverse

from catalog.models import Service
from orders.models import AttemptState, Order, Status
from tests.factories import make_order
from tests.orders.attempts import leave_attempt

HOSTILE = "<script>alert(1)</script>"


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def make_unclear(service: Service | None = None, **fields: object) -> Order:
    order = make_order(service=service, status=Status.UNCLEAR, **fields)  # type: ignore[arg-type]  # as the factory
    attempt = leave_attempt(order, AttemptState.UNKNOWN)
    attempt.problem = "the reply names neither an order nor an error"
    attempt.http_status = 200
    attempt.reply = f"<b>maintenance</b> {HOSTILE}"
    attempt.save()
    return order


def decide(client: Client, order: Order, decision: str, **fields: str) -> tuple[int, str]:
    """Send a decision's form; status code, and the page that followed."""
    response = client.post(
        reverse("staff_order_decide", args=[order.pk, decision]), fields, follow=True
    )
    return (response.redirect_chain or [("", 0)])[0][
        1
    ] or response.status_code, response.content.decode()
