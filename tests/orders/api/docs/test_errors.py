"""Every error text that the API page lists is really answered, to the letter."""

import json
from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import User
from catalog.models import Service
from orders.api.docs.errors import ERRORS
from orders.models import Order, Refill, Status
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.api.api_client import ADDRESS, ask, key_of, post

pytestmark = pytest.mark.django_db

ELSEWHERE = {"Service unavailable"}  # wants the database gone: tests/faults


class Shop:
    """A customer with a key that may order, and a service to order from."""

    def __init__(self) -> None:
        self.user: User = make_user(balance="10")
        self.key = key_of(self.user)
        self.service: Service = make_service(price="1", cost="1", is_refill=True, is_cancel=True)

    def add(self, **fields: object) -> str:
        """The error that an order of 100 with these fields gets."""
        wanted = {"service": self.service.pk, "link": "https://example.com/1", "quantity": 100}
        return str(json.loads(ask(self.key, "add", **(wanted | fields)))["error"])

    def error(self, action: str, **fields: object) -> str:
        """The error that another action gets."""
        answer = json.loads(ask(self.key, action, **fields))
        return str(answer[0][action]["error"] if isinstance(answer, list) else answer["error"])

    def order(self, status: Status, *, service: Service | None = None) -> Order:
        """An order of this customer."""
        return make_order(
            user=self.user, service=service or self.service, quantity=100, status=status
        )


def duplicate(shop: Shop) -> str:
    shop.order(Status.RUNNING)
    return shop.add(link="https://example.com/page")


def reused(shop: Shop) -> str:
    ask(
        shop.key,
        "add",
        service=shop.service.pk,
        link="example.com",
        quantity=100,
        idempotency_key="mine",
    )
    return shop.add(idempotency_key="mine")


def refilled(shop: Shop) -> str:
    order = shop.order(Status.COMPLETED)
    Refill.objects.create(
        order=order, provider=order.provider, requested_by=shop.user, requested_at=NOW
    )
    return shop.error("refill", order=order.pk)


def canceled(shop: Shop) -> str:
    order = shop.order(Status.RUNNING)
    ask(shop.key, "cancel", orders=order.pk)
    return shop.error("cancel", orders=order.pk)


def without_comments(shop: Shop) -> str:
    text = shop.add(service=make_service(type="Custom Comments").pk)
    return text.partition(" ")[0] + " …"


def free_again(shop: Shop) -> str:
    service = make_service(price="0", cost="0", free_per_day=1)
    fields = {"service": service.pk, "quantity": 100}
    ask(shop.key, "add", link="https://example.com/2", **fields)
    return shop.add(**fields).partition(" ")[0] + " …"


def plain(shop: Shop) -> Service:
    return make_service(price="1", cost="1")


def in_url(shop: Shop) -> str:
    address = f"{ADDRESS}?key={shop.key}"
    return str(json.loads(post({"action": "balance"}, address=address).content)["error"])


def too_large(shop: Shop) -> str:
    text = shop.add(comments="a" * (2048 * 1024))
    return text.replace("2048", "…")


CAUSES: dict[str, Callable[[Shop], str]] = {
    "Invalid API key": lambda _: str(json.loads(ask("x" * 40, "balance"))["error"]),
    "This API key may only read": lambda shop: str(
        json.loads(ask(key_of(shop.user, name="reader", scope="read"), "add"))["error"]
    ),
    "Send all fields in the body of the POST request, not in its URL": in_url,
    "The request is larger than … KB": too_large,
    "The request has too many fields": lambda shop: shop.add(
        **{f"field{number}": 1 for number in range(10_300)}
    ),
    "Incorrect request": lambda shop: shop.error("nothing"),
    "Incorrect service ID": lambda shop: shop.add(service=0),
    "neworder.error.link": lambda shop: shop.add(link=""),
    "neworder.error.min_quantity": lambda shop: shop.add(quantity=9),
    "neworder.error.max_quantity": lambda shop: shop.add(quantity=10_001),
    "neworder.error.not_enough_funds": lambda shop: shop.add(
        service=make_service(price="1000", cost="1").pk, quantity=1000
    ),
    "neworder.error.link_duplicate": duplicate,
    "neworder.error.max_charge": lambda shop: shop.add(max_charge="0.00001"),
    "Idempotency key was used with other parameters": reused,
    "comments: …": without_comments,
    "service: …": free_again,
    "Incorrect order ID": lambda shop: shop.error("status", order=0),
    "Refill not found": lambda shop: shop.error("refill_status", refill=0),
    "Up to 100 IDs per request": lambda shop: shop.error(
        "status", orders=",".join(map(str, range(101)))
    ),
    "Refill is disabled for this service": lambda shop: shop.error(
        "refill", order=shop.order(Status.COMPLETED, service=plain(shop)).pk
    ),
    "Refill is not available for this order": lambda shop: shop.error(
        "refill", order=shop.order(Status.RUNNING).pk
    ),
    "The refill task is not completed for this order": refilled,
    "Cancel is disabled for this service": lambda shop: shop.error(
        "cancel", orders=shop.order(Status.RUNNING, service=plain(shop)).pk
    ),
    "Cancel is not available for this order": lambda shop: shop.error(
        "cancel", orders=shop.order(Status.COMPLETED).pk
    ),
    "The cancel task is not completed for this order": canceled,
}


def test_list_is_complete() -> None:
    assert {error.text for error in ERRORS} - ELSEWHERE == {*CAUSES, "Too many requests"}


@pytest.mark.parametrize("text", CAUSES)
def test_text_is_answered(text: str) -> None:
    assert CAUSES[text](Shop()) == text


def test_too_many_requests_are_answered_with_429(settings: Settings) -> None:
    shop = Shop()
    settings.API_REQUESTS_PER_MINUTE = settings.API_IP_REQUESTS_PER_MINUTE = 1

    answers = [post({"key": shop.key, "action": "balance"}) for _ in range(3)]

    [listed] = [error for error in ERRORS if error.status == 429]
    assert (answers[-1].status_code, json.loads(answers[-1].content)) == (
        429,
        {"error": listed.text},
    )
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
