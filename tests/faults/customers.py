"""Customers of a running panel: a shop whose goods the double sells, and orders by the act or by
the page.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.api_keys import issue_key
from accounts.models import User
from catalog.models import Provider, Service
from lib.encryption import seal
from orders.models import Order
from orders.placing.place_order import place_order
from orders.placing.price_quote import quote
from tests.double.handle import ProviderDouble
from tests.factories import make_service

CSRF = "a" * 32  # any secret will do: the cookie and the form must agree


def open_shop(double: ProviderDouble, *, name: str, **fields: object) -> Service:
    """A provider that is the double, whose 429 may follow a placed order, and a service that
    sells 100 to 5,000.
    """
    row = next(
        row
        for row in double.services()
        if row["type"] == "Default" and row["min"] <= 100 <= 5000 <= row["max"]
    )
    provider = Provider.objects.create(
        name=name,
        url=double.url,
        sealed_key=seal(double.key),
        currency="USD",
        synced_at=timezone.now(),
        is_429_unclear=True,
        **fields,
    )
    cost = Decimal(str(row["rate"]))
    service = make_service(
        provider=provider, cost=cost, price=cost * Decimal("1.5"), min_quantity=100
    )
    service.upstream_id = str(row["service"])
    service.max_quantity = 5000
    service.save(update_fields=["upstream_id", "max_quantity"])
    return service


def place(
    user: User, service: Service, *, link: str, quantity: int = 1000, key: str | None = None
) -> Order:
    """One order by the act, as every door places it."""
    return place_order(
        customer=user,
        service=service,
        values={"link": link, "quantity": str(quantity)},
        now=timezone.now(),
        client_key=key or str(uuid4()),
    )


@dataclass(frozen=True)
class Shopper:
    """A browser without a script in which one customer is logged in, over real HTTP."""

    url: str
    user: User
    cookies: dict[str, str]

    @classmethod
    def of(cls, url: str, user: User) -> "Shopper":
        """Log `user` in."""
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        return cls(
            url, user, {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: CSRF}
        )

    def form(
        self, service: Service, *, link: str, quantity: int = 1000, key: str | None = None
    ) -> dict[str, str]:
        """The order form as it is sent, with its hidden fields."""
        return {
            "csrfmiddlewaretoken": CSRF,
            "service": str(service.pk),
            "quote": quote(customer=self.user, service=service),
            "idempotency_key": key or str(uuid4()),
            "link": link,
            "quantity": str(quantity),
            "runs": "",
            "interval": "",
        }

    def send(self, form: dict[str, str], *, limit: float = 60.0) -> int:
        """Send the form; the status code, 0 where the connection broke. Success is a redirect:
        302.
        """
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    f"{self.url}/order",
                    data=form,
                    cookies=self.cookies,
                    allow_redirects=False,
                    timeout=limit,
                )
                return answer.status_code
        except requests.RequestException:
            return 0

    def order(self, service: Service, *, link: str, quantity: int = 1000) -> int:
        """Order once by the page; the status code."""
        return self.send(self.form(service, link=link, quantity=quantity))


@dataclass(frozen=True)
class Program:
    """A customer's program that orders by the API, over real HTTP."""

    url: str
    api_key: str

    @classmethod
    def of(cls, url: str, user: User) -> "Program":
        """Give the program a key of `user`."""
        return cls(url, issue_key(user=user, name=str(uuid4()), now=timezone.now()))

    def add(
        self, service: Service, *, link: str, quantity: int = 1000, key: str | None = None
    ) -> dict[str, object]:
        """What `add` answers. Raises where it is no JSON with status 200."""
        form = {
            "key": self.api_key,
            "action": "add",
            "service": service.pk,
            "link": link,
            "quantity": quantity,
        }
        headers = {"Idempotency-Key": key or str(uuid4())}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(f"{self.url}/api/v2", data=form, headers=headers, timeout=120)
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found
