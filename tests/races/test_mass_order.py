"""One mass order sent many times at once: each line is placed and charged once; and what happens
without its key.
"""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Account, Transfer, TransferKind
from orders.mass_order.check import check_lines
from orders.mass_order.lines import CheckedLine, Verdict
from orders.mass_order.offer import Offer, new_key, sign_offer
from orders.mass_order.parse import read_lines
from orders.mass_order.place import place_lines
from orders.models import Order
from tests.factories import NOW, make_service, make_user, signed_in
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/orders/mass"
LINES = 5
TIMES = 20


def offered(user: User, text: str) -> dict[str, str]:
    """The form as the page that checked the lines holds it."""
    key = new_key()
    check = check_lines(customer=user, lines=read_lines(text=text), key=key, now=NOW)
    return {
        "text": text,
        "offer": sign_offer(customer=user, text=text, key=key, check=check),
        "order": "ready",
    }


def test_one_form_sent_20_times_at_once_places_each_line_once() -> None:
    user, service = make_user(balance="20"), make_service(cost="1", price="1")
    form = offered(user, "\n".join(f"{service.pk}|@{number}|1000" for number in range(LINES)))
    cookies = signed_in(user).cookies

    def send(_number: int) -> tuple[int, ...]:
        browser = Client()
        browser.cookies = cookies
        lines: list[CheckedLine] = browser.post(URL, form).context["check"].lines
        return tuple(
            line.order.pk if line.order and line.verdict == Verdict.ORDERED else 0 for line in lines
        )

    answers = at_once(send, times=TIMES)

    assert set(answers) == {tuple(Order.objects.order_by("link").values_list("pk", flat=True))}
    assert Order.objects.count() == LINES
    assert Transfer.objects.filter(kind=TransferKind.CHARGE).count() == LINES
    assert Account.objects.get(owner=user).balance == Decimal(15)


def test_money_for_three_lines_sent_20_times_at_once_buys_three() -> None:
    user, service = make_user(balance="3"), make_service(cost="1", price="1")
    form = offered(user, "\n".join(f"{service.pk}|@{number}|1000" for number in range(LINES)))
    cookies = signed_in(user).cookies

    def send(_number: int) -> int:
        browser = Client()
        browser.cookies = cookies
        return browser.post(URL, form).status_code

    answers = at_once(send, times=TIMES)

    assert set(answers) == {200}
    assert sorted(Order.objects.values_list("link", flat=True)) == ["@0", "@1", "@2"]
    assert Account.objects.get(owner=user).balance == 0


def test_control_with_a_key_of_its_own_for_each_sending_every_line_is_placed_twice() -> None:
    user, service = make_user(balance="20"), make_service(cost="1", price="1")
    lines = check_lines(
        customer=user, lines=read_lines(text=f"{service.pk}|@a|1000"), key=new_key(), now=NOW
    ).lines

    def send(_number: int) -> None:
        offer = Offer(key=new_key(), prices={service.pk: service.price})
        place_lines(customer=user, lines=lines, offer=offer, now=NOW)

    at_once(send, times=2)

    assert Order.objects.count() == 2
