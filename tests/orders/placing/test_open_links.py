"""The same link is the same however it was pasted."""

import pytest

from orders.placing.open_links import bare, find_overlap, find_overlaps
from orders.placing.place_once_per_link import LinkTaken, place_alone
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db
LINK = "https://example.com/page"
PASTED = [
    f"\ufeff{LINK}",
    f"{LINK}\u200b/",
    f"\u2066{LINK}\u2069",
    "https://exam\u00adple.com/page\u3164",
    f"\u00a0{LINK}/ ",
]


@pytest.mark.parametrize("pasted", PASTED)
def test_open_order_is_found_and_no_second_is_placed(pasted: str) -> None:
    ann, service = make_user(balance="100"), make_service()
    order = make_order(user=ann, service=service, link=LINK, quantity=10)

    assert find_overlap(customer=ann, link=pasted) == order
    assert find_overlaps(customer=ann, links=[pasted], but_prefix="mass:") == {LINK: order}
    with pytest.raises(LinkTaken):
        place_alone(
            customer=ann,
            service=service,
            values={"link": pasted, "quantity": "10"},
            now=NOW,
            client_key=None,
        )
    assert ann.orders.count() == 1


@pytest.mark.parametrize("pasted", PASTED)
def test_link_is_stored_as_it_is_compared(pasted: str) -> None:
    ann = make_user(balance="100")

    order = place_alone(
        customer=ann,
        service=make_service(),
        values={"link": pasted, "quantity": "10"},
        now=NOW,
        client_key=None,
    )

    assert order.link.rstrip("/") == bare(pasted) == LINK
