"""Every service type the whole way: its form, the charge, what the provider gets, the end, the
refund, the proof.
"""

from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_django import Settings

from catalog.models import Service
from catalog.upstream.service_types import TYPES, ServiceType
from orders.forwarding.sweep import submit_due
from orders.models import Order, Status
from orders.placing.price_quote import quote
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import make_service, make_user, signed_in
from tests.orders.subscriptions import findings, look

pytestmark = pytest.mark.django_db(transaction=True)

RATE, PRICE = Decimal("2.00"), Decimal("3.00")
LINK = {"link": "https://example.com/p"}
MANY = {**LINK, "quantity": "100"}
VISITS = {"country": "WW", "device": "5", "type_of_traffic": "1", "google_keyword": "shoes"}
# type: (what is filled in, units billed)
ASKED: dict[str, tuple[dict[str, str], int]] = {
    "Default": (MANY, 100),
    "Package": (LINK, 1),
    "SEO": ({**MANY, "keywords": "one\ntwo"}, 100),
    "Custom Comments": ({**LINK, "comments": "nice\nwow\nyes"}, 3),
    "Custom Comments Package": ({**LINK, "comments": "nice\nwow"}, 1),
    "Mentions": ({**MANY, "usernames": "a\nb"}, 100),
    "Mentions with Hashtags": ({**MANY, "usernames": "a", "hashtags": "#b"}, 100),
    "Mentions Custom List": ({**LINK, "usernames": "a\nb\nc\nd"}, 4),
    "Mentions Hashtag": ({**MANY, "hashtag": "#b"}, 100),
    "Mentions User Followers": ({**MANY, "username": "https://example.com/a"}, 100),
    "Mentions Media Likers": ({**MANY, "media": "https://example.com/m"}, 100),
    "Comment Likes": ({**MANY, "username": "a"}, 100),
    "Comment Replies": ({**LINK, "username": "a", "comments": "nice\nwow"}, 2),
    "Poll": ({**MANY, "answer_number": "2"}, 100),
    "Invites from Groups": ({**MANY, "groups": "a\nb"}, 100),
    "Subscriptions": ({"username": "@a", "min": "10", "max": "20", "delay": "0", "posts": "2"}, 1),
    "Web Traffic": ({**MANY, **VISITS}, 100),
}
DRIPFEED = {"runs": "5", "interval": "30"}
CASES = [pytest.param(kind, {}, id=kind.name) for kind in TYPES] + [
    pytest.param(kind, DRIPFEED, id=f"{kind.name} in runs") for kind in TYPES if kind.has_dripfeed
]


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    settings.REFUND_CONFIRM = 0  # one sweep looks twice


def sell(double: ProviderDouble, kind: ServiceType) -> Service:
    """One service of the kind at the double, mirrored."""
    row = {
        "service": 7,
        "type": kind.name,
        "rate": str(RATE),
        "min": 1,
        "max": 1000,
        "dripfeed": True,
    }
    double.set_services([row])
    service = make_service(
        provider=connect(double),
        type=kind.name,
        cost=RATE,
        price=PRICE,
        min_quantity=1,
        is_dripfeed=True,
    )
    service.upstream_id = "7"
    service.save()
    return service


def order(double: ProviderDouble, kind: ServiceType, drip: dict[str, str]) -> Order:
    """Fill in the form of the kind in a browser without a script, and let it be forwarded."""
    service, customer = sell(double, kind), make_user(balance="100")
    own = {
        "service": service.pk,
        "quote": quote(customer=customer, service=service),
        "idempotency_key": uuid4(),
    }
    response = signed_in(customer).post("/order", {**own, **ASKED[kind.name][0], **drip})
    assert response.status_code == 302, response.content.decode()
    submit_due()
    return Order.objects.select_related("service", "user").get()


def charge_of(kind: ServiceType, units: int) -> Decimal:
    return PRICE * units / (1 if kind.is_per_order else 1000)


@pytest.mark.parametrize(("kind", "drip"), CASES)
def test_completed_is_paid_in_full(
    double: ProviderDouble, kind: ServiceType, drip: dict[str, str]
) -> None:
    placed = order(double, kind, drip)
    (there,) = double.placed()
    double.advance(10**6)

    look(placed)

    values, units = ASKED[kind.name]
    units *= int(drip.get("runs", 1))
    paid = 2 if kind.is_subscription else units
    assert (dict(there.fields), there.quantity) == ({**values, **drip}, units)
    assert (placed.status, placed.charge, placed.refunded) == (
        Status.COMPLETED,
        charge_of(kind, paid),
        Decimal(0),
    )
    assert double.order(there.order).net_charge == placed.cost
    assert findings() == []


@pytest.mark.parametrize(
    ("kind", "drip"), [case for case in CASES if not getattr(case.values[0], "is_per_order", False)]
)
def test_partial_refunds_by_the_units_billed(
    double: ProviderDouble, kind: ServiceType, drip: dict[str, str]
) -> None:
    placed = order(double, kind, drip)
    units = placed.billed_quantity
    double.set_order(placed.upstream_id or "", status="Partial", remains=1)

    look(placed)

    owed = (placed.charge / units).quantize(Decimal("0.00001"), rounding="ROUND_DOWN")
    assert (placed.status, placed.charge, placed.refunded) == (
        Status.PARTIAL,
        charge_of(kind, units),
        owed,
    )
    assert findings() == []


def test_every_type_of_the_table_is_driven() -> None:
    assert list(ASKED) == [kind.name for kind in TYPES]
